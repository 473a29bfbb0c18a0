"""From the tables to the generated blocks of the README and the pages.

A block stands between `<!-- block NAME -->` and `<!-- end NAME -->`; its text is the template
blocks/NAME.md.j2 with numbers from docs/tables. A template says nothing of a sweep that is not in
the tables.
"""

import math
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pandas as pd

from docs.numbers.collect import OF_RUNS, TABLES
from memctl.metrics.catalogue import METRICS

ROOT = TABLES.parents[1]
BLOCK = re.compile(r"(<!-- block (\w+) -->\n).*?(<!-- end \2 -->)", re.S)
WIDTH = 100


def pages() -> Iterator[Path]:
    """The files that may hold blocks."""
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").glob("*.md"))


def write() -> None:
    """Fill the blocks of all pages."""
    for page in pages():
        page.write_text(filled(page.read_text()))


def filled(text: str) -> str:
    """A page's text with its blocks filled."""
    templates = environment()
    return BLOCK.sub(
        lambda match: (
            match[1] + wrapped(templates.get_template(f"{match[2]}.md.j2").render()) + match[3]
        ),
        text,
    )


def wrapped(text: str) -> str:
    """Paragraphs in lines of at most 100 columns; tables and pictures as they are."""
    out = []
    for part in re.split(r"\n{2,}", text.strip()):
        prose = not part.startswith(("|", "!", "- ", "#"))
        out.append(textwrap.fill(part, WIDTH, break_long_words=False, break_on_hyphens=False)
                   if prose else part)  # fmt: skip
    return "\n\n".join(out) + "\n" if text.strip() else ""


def environment() -> jinja2.Environment:
    """The templates, and what they call."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("blocks")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "rows": rows,
        "row": row,
        "done": done,
        "metrics": METRICS.values(),
        "sweeps": lambda: [found.sweep for found in rows("sweeps")],
        "answer": answer,
        "verdicts": verdicts,
        "judged": judged,
        "between": between,
        "sizes": lambda sweep: sorted({run.n_train for run in rows("runs", sweep=sweep)}),
        "cells_of": cells_of,
        "settings": settings,
        "controls": controls,
        "trial_places": trial_places,
        "given": given,
    }
    made.filters |= {
        "n": number,
        "signed": signed,
        "span": span,
        "percent": percent,
        "lasting": lasting,
        "giga": lambda operations: number(operations / 1e9),
        "peta": lambda operations: number(operations / 1e15),
        "measured": measured,
        "step": lambda value: f"{value:,.0f}",
        "thousands": lambda count: f"{int(count):,}",
    }
    return made


def rows(table: str, **where: Any) -> list[SimpleNamespace]:
    """The rows of a table in which these columns have these values."""
    path = TABLES / f"{table}.csv"
    frame = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(where))
    for column, wanted in where.items():
        frame = frame[frame[column] == wanted]
    return [SimpleNamespace(**found) for found in frame.to_dict("records")]


def row(table: str, **where: Any) -> SimpleNamespace:
    """The one row in which these columns have these values. Raises: ValueError for none or more."""
    (found,) = rows(table, **where)
    return found


def done(*sweeps: str) -> bool:
    """Whether the tables have all of these sweeps."""
    return all(rows("sweeps", sweep=name) for name in sweeps)


def answer(sweep: str) -> str:
    """What a sweep says; nothing where it was measured before there were answers."""
    said = vars(row("sweeps", sweep=sweep)).get("answer")
    return said if isinstance(said, str) else ""


def verdicts(sweep: str) -> str:
    """How many runs of a sweep got each verdict."""
    counts = Counter(run.verdict for run in rows("runs", sweep=sweep))
    return ", ".join(f"{n} {word}" for word, n in counts.most_common())


def judged(sweep: str, claim: str) -> str:
    """A claim's verdict in a sweep and the numbers behind it, or - where it was not judged."""
    for found in rows("claims", sweep=sweep, claim=claim):
        word = {"reproduced": "**yes**", "not reproduced": "no"}.get(found.verdict, found.verdict)
        if found.value != found.value:
            return word
        ends = [found.value, found.low, found.high]
        if found.number.startswith("fall"):
            return "{}: {:.0f} % [{:.0f}, {:.0f}]".format(word, *(round(100 * x) for x in ends))
        sign = "+" if found.number.startswith("r of") else ""
        return f"{word}: " + "{:{s}.2f} [{:{s}.2f}, {:{s}.2f}]".format(*ends, s=sign)
    return "-"


def cells_of(sweep: str) -> list[str]:
    """The intervals of a sweep, in the order of its runs."""
    found = rows("runs", sweep=sweep, kind="cell")
    return list(dict.fromkeys(f"[{run.low:.0f}, {run.high:.0f}]" for run in found))


def settings(sweep: str) -> list[SimpleNamespace]:
    """The settings of a sweep that have most seeds: label, seeds, and of each main metric its mean
    with the least and the largest seed; `pair` is (label, itself).
    """
    found: dict[str, list[SimpleNamespace]] = {}
    for run in rows("runs", sweep=sweep):
        cell = run.kind == "cell"
        label = f"[{run.low:.0f}, {run.high:.0f}]" if cell else run.kind
        found.setdefault(label, []).append(run)
    most = max(map(len, found.values()))
    out = []
    for label, runs in found.items():
        if len(runs) == most:
            known = {metric: ranged([vars(run)[metric] for run in runs]) for metric in OF_RUNS}
            ends = min(run.copies_low for run in runs), max(run.copies_high for run in runs)
            known["copies"] = "{:.0f} to {:.0f} %".format(*(100 * end for end in ends))
            out.append(SimpleNamespace(label=label, seeds=len(runs), **known))
    for one in out:
        one.pair = (one.label, one)
    return out


def controls(sweep: str) -> list[SimpleNamespace]:
    """The controls of a sweep by what they gain: name, settings (how many), gained by measure of
    quality, and best: of the settings that copy at most a tenth of what uniform t copies, or of all
    where none does, the one of least energy.
    """
    found = rows("controls", sweep=sweep)
    tenth = next(one.f_mem for one in found if one.control == "uniform") / 10
    out: dict[str, SimpleNamespace] = {}
    for one in rows("hypervolumes", sweep=sweep, copying="f_mem"):
        if one.control == "all":
            continue
        own = [s for s in found if s.control == one.control]
        few = [s for s in own if s.f_mem <= tenth] or own
        best = min(few, key=lambda s: s.energy_heldout)
        made = SimpleNamespace(name=one.control, settings=len(own), best=best, gained={})
        of = out.setdefault(one.control, made)
        of.gained[one.quality] = one.hypervolume, one.low, one.high
    return sorted(out.values(), key=lambda c: -c.gained["energy_heldout"][0])


def ranged(values: list[float]) -> str:
    """A mean, and the least and the largest where they differ."""
    mean, low, high = sum(values) / len(values), min(values), max(values)
    return number(mean) if low == high else f"{number(mean)} ({between(low, high, 2)})"


def trial_places(table: str) -> list[tuple[int, int]]:
    """The examples a side and samples of trials, rising."""
    return sorted({(found.n, found.m) for found in rows(table)})


def given(generator: str, n: int, m: int) -> str:
    """The words that a generator was given, the most frequent first; - where it was not tried."""
    found = rows("trial_words", generator=generator, n=n, m=m)
    found.sort(key=lambda row: -row.count)
    return ", ".join(f"{row.word} {row.count}" for row in found) or "-"


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits; an exact one without zeros behind."""
    if value != value:
        return "-"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:.{places}f}"
    exact = abs(float(text) - value) < 1e-12
    return text.rstrip("0").rstrip(".") if exact and "." in text else text


def between(low: float, high: float, digits: int = 3) -> str:
    """A range, or the one number in it."""
    ends = number(low, digits), number(high, digits)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def signed(value: float, places: int = 2) -> str:
    """A number with its sign."""
    return f"{value:+.{places}f}"


def span(found: SimpleNamespace, prefix: str = "", places: int = 2) -> str:
    """A correlation with its 95 % interval, from the columns `prefix`pearson, -low and -high."""
    r, low, high = (vars(found)[f"{prefix}{key}"] for key in ("pearson", "low", "high"))
    return f"{signed(r, places)} [{signed(low, places)}, {signed(high, places)}]"


def measured(found: SimpleNamespace) -> str:
    """A median of the bench with its range, or what was not enough."""
    value = f"{number(found.value)} {found.unit}"
    if vars(found).get("at_least") is True:
        return f"more than {value}"
    spread = f" [{number(found.low)}, {number(found.high)}]" if found.rounds > 1 else ""
    return value + spread


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def lasting(seconds: float) -> str:
    """A time in the unit that suits it."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
