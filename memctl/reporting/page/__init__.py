"""A sweep's page: one HTML file that holds all it shows, and asks no network for anything."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from memctl.analysis import front
from memctl.analysis.controls import in_words
from memctl.analysis.differences import Differences
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.files import atomic
from memctl.reporting.anchor import PALETTE, STRONGEST
from memctl.reporting.headline import DIFFERENT, OVER_CONTROLS, question
from memctl.reporting.page import examples
from memctl.reporting.page.content import content, differing, number
from memctl.reporting.page.examples import Amount, Splits, gallery
from memctl.reporting.section import Part

HERE = Path(__file__).parent
SCRIPTS = ("state", "colours", "map", "pictures", "curves", "pane", "plane", "runs")
LONG = 60  # characters from which a table's text is broken into lines
LARGEST = 15_000_000  # bytes of a page, above which it shows fewer pictures
MARKS = {"reproduced": "\u2713", "not reproduced": "\u2717", "can't tell": "?"}


def html(table: pd.DataFrame) -> Markup:
    """A table with four significant digits, its text escaped."""
    text = table.to_html(index=False, border=0, na_rep="", float_format=lambda v: f"{v:.4g}")
    return Markup(text)


def has_sentences(table: pd.DataFrame) -> bool:
    """Whether a table holds sentences."""
    texts = (value for row in table.itertuples(index=False) for value in row)
    return any(isinstance(value, str) and len(value) > LONG for value in texts)


def write(
    sweep: SweepResults,
    path: Path,
    lead: str,
    parts: Sequence[Part],
    compared: Sequence[Differences] = (),
) -> None:
    """Write the page of a sweep, or of several that were joined.

    Args:
        lead: What the sweep is, in a sentence.
        parts: Of the report, in their order; their pictures lie beside the page.
        compared: Of several sweeps, what each reads less the first.
    """
    by_name = {part.section.name: part for part in parts}
    answers = by_name["answer"].table if "answer" in by_name else pd.DataFrame()
    scorecard = by_name.get("scorecard")
    asked = question(sweep) if not compared else DIFFERENT
    known: dict[str, Any] = {
        "title": title(sweep, compared),
        "lead": lead,
        "question": asked,
        "said": said(parts, asked == OVER_CONTROLS),
        "left_out": {**sweep.unfinished, **sweep.strangers},
        "parts": parts,
        "pictures": pictures(path.parent, parts),
        "scorecard": scorecard,
        "claims": claims(scorecard.table) if scorecard else [],
        "compared": len(compared),
        "grid": sweep.plain and len(sweep.cells),
        "html": html,
        "has_sentences": has_sentences,
        "runs": html(printed(sweep, answers)),
        "provenance": provenance(sweep),
        "made": made(sweep),
    }
    rows = by_name["front"].table if "front" in by_name else pd.DataFrame()
    about = {**content(sweep, answers), "title": known["title"], "fronts": fronts(sweep, rows)}
    about |= {"palette": PALETTE, "strongest": STRONGEST}
    page = fitted(sweep, known, {**about, **differing(compared, sweep)})
    with atomic(path) as file:
        file.write(page.encode(errors="replace"))


def title(sweep: SweepResults, compared: Sequence[Differences]) -> str:
    """The sweep's name or those of several."""
    if not compared:
        return f"sweep {sweep.directory.name}"
    return f"sweeps {', '.join([compared[0].names[0], *(one.names[1] for one in compared)])}"


def fitted(sweep: SweepResults, known: dict[str, Any], about: dict[str, Any]) -> str:
    """The page with as many examples as leave it below LARGEST; that there are fewer is said."""
    template = jinja2.Environment(autoescape=True).from_string((HERE / "page.html").read_text())
    shipped = {key: Markup(text) for key, text in assets().items()}
    amount: Amount | None = Amount()
    splits = Splits(sweep)
    while True:
        assert amount is not None
        shown = gallery(sweep, splits, amount)
        held = {**about, "examples": vars(shown), "amount": vars(amount)}
        shape = next(iter(sweep.records.values()))["split"].get("shape", [])
        notes = examples.said(amount, shape, LARGEST)
        page = template.render(**known, **shipped, notes=notes, content=as_script(held))
        fewer = amount.fewer()
        if len(page) <= LARGEST or fewer is None:
            return page
        amount = fewer


def as_script(value: Any) -> Markup:
    """A value as JSON that can stand in a script element, whatever texts it holds."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    marks = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}  # U+2028 is escaped by json already
    return Markup(re.sub("[<>&]", lambda found: marks[found[0]], text))


def assets() -> dict[str, str]:
    """The page's own and vendored scripts and styles, without addresses of source maps."""
    vendor = HERE / "vendor"
    own = "\n".join((HERE / f"{name}.js").read_text() for name in SCRIPTS)
    found = {
        "css": (HERE / "page.css").read_text(),
        "table_css": (vendor / "tabulator.min.css").read_text(),
        "plotly": (vendor / "plotly-cartesian.min.js").read_text(),
        "tabulator": (vendor / "tabulator.min.js").read_text(),
        "script": f'"use strict";\n(() => {{\n{own}\n}})();',
    }
    return {key: re.sub(r"(/[/*]# )sourceMappingURL=\S+", r"\1", t) for key, t in found.items()}


def said(parts: Sequence[Part], controls: bool) -> list[str]:
    """The sentences that a terminal shows last, in the order of the parts; the first of
    them, the answer, by itself.

    Args:
        controls: Whether those of the front, which compares controls, come first.
    """
    first = lambda part: controls and part.section.name == "front"
    leads = sorted((p for p in parts if p.section.lead), key=lambda p: not first(p))
    lines = [line for part in leads for line in part.said.splitlines()]
    first_line = re.split(r"(?<=\.) (?=[A-Z])", lines[0], maxsplit=1) if lines else []
    return [*first_line, *([""] if len(first_line) == 1 else []), *lines[1:]]


def pictures(folder: Path, parts: Sequence[Part]) -> dict[str, str]:
    """The pictures of the parts, as addresses that hold them, by the parts' names."""
    names = [p.section.name for p in parts if p.figure]
    found = {name: folder / f"{name}.png" for name in names if name != "overview"}
    return {
        name: f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
        for name, path in found.items()
        if path.is_file()
    }


def claims(table: pd.DataFrame) -> list[dict[str, str]]:
    """The scorecard's lines: verdict with its mark, claim, and the number here and in the paper."""
    out = []
    for row in table.to_dict("records"):
        value, low, high = (float(row[key]) for key in ("value", "low", "high"))
        interval = f" [{low:.3g}, {high:.3g}]" if low == low else ""
        verdict = str(row["verdict"])
        out.append(
            {
                "verdict": verdict,
                "kind": verdict.split()[0].replace("'", ""),
                "mark": MARKS.get(verdict, ""),
                "claim": str(row["claim"]),
                "here": f"{row['number']} {value:.3g}{interval}" if value == value else "-",
                "paper": str(row["paper"]),
            }
        )
    return out


def fronts(sweep: SweepResults, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The front of each plane of two metrics: its points, [copying, quality, label, run, share of
    the drawn planes in which it is on the front], and how far right the plane reaches.

    Args:
        rows: As `front.points` gives them, or empty; none where controls cannot be compared.
    """
    out = []
    planes = [plane for plane in front.PLANES if {*plane} <= {*sweep.metrics}]
    for copying, quality in planes if len(rows) and front.comparable(rows) else ():
        best = front.front(rows, copying, quality)
        keys = [copying, quality, "control", "setting", "run", f"front_{copying}_{quality}"]
        points = [
            [number(x), number(y), in_words(control, setting), run, number(share)]
            for x, y, control, setting, run, share in best[keys].itertuples(index=False)
        ]
        right = number(rows.loc[rows[quality].notna(), copying].max())
        out.append({"copying": copying, "quality": quality, "points": points, "right": right})
    return out


def printed(sweep: SweepResults, answers: pd.DataFrame) -> pd.DataFrame:
    """What stands on paper in the place of the table: the runs with their verdicts and main
    metrics.
    """
    metrics = [f"metrics/{m}" for m in MAIN if m in sweep.metrics]
    rows = sweep.table[["name", "n_train", *metrics]]
    if "verdict" in answers:
        rows = rows.merge(answers[["name", "verdict"]], on="name", how="left")
    return rows.rename(columns=lambda name: name.removeprefix("metrics/"))


def provenance(sweep: SweepResults) -> str:
    """Keys, split, environment and settings of the first run."""
    first: Mapping[str, Any] = next(iter(sweep.records.values()))
    return json.dumps({k: first[k] for k in ("keys", "split", "environment", "science")}, indent=1)


def made(sweep: SweepResults) -> str:
    """When the last of the runs was measured."""
    times = [str(r["environment"].get("measured", "")) for r in sweep.records.values()]
    return f"Last measured {max(times)[:16].replace('T', ' ')} UTC." if any(times) else ""
