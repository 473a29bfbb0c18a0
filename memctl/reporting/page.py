"""A sweep's page: one HTML file beside its figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from memctl.analysis.sweep_results import SweepResults
from memctl.files import atomic
from memctl.metrics.dcr import DCR_SHARE
from memctl.reporting.section import Part

SHOWN_RUNS = ("base", "uniform_s0")  # and the run whose samples are nearest to train
PICTURES = {
    "samples": "generated examples beside held-out ones",
    "suspects": "its most suspicious samples beside their nearest training and held-out examples",
    "ratios": "the whole distribution of d1/d2, of its samples and of held-out examples",
    "probe": (
        "where in t the network knows its training examples: losses, membership AUC, distance to"
        " the empirical-optimal denoiser"
    ),
    "projection": (
        "samples among the real examples, on the training data's first two principal components"
    ),
}


LONG = 60  # characters from which a table's text is broken into lines


def html(table: pd.DataFrame) -> Markup:
    """A table with four significant digits, its text escaped."""
    text = table.to_html(index=False, border=0, na_rep="", float_format=lambda v: f"{v:.4g}")
    return Markup(text)


def has_sentences(table: pd.DataFrame) -> bool:
    """Whether a table holds sentences."""
    texts = (value for row in table.itertuples(index=False) for value in row)
    return any(isinstance(value, str) and len(value) > LONG for value in texts)


def run_pictures(sweep: SweepResults) -> dict[str, list[tuple[str, str]]]:
    """Of each run whose samples the page shows, its pictures' places and what they show."""
    shares = sweep.table[f"metrics/{DCR_SHARE.name}"]
    nearest = str(sweep.table["name"].iloc[int(shares.argmax())])
    pictures = {}
    for name in dict.fromkeys([*(n for n in SHOWN_RUNS if n in sweep.records), nearest]):
        note = (
            f" (nearest to train: {DCR_SHARE.name} {shares.max():.3f})" if name == nearest else ""
        )
        pictures[name + note] = [
            (f"../{name}/{k}.png", text)
            for k, text in PICTURES.items()
            if (sweep.directory / name / f"{k}.png").exists()
        ]
    return pictures


def write(sweep: SweepResults, path: Path, lead: str, parts: Sequence[Part]) -> None:
    """Write the page of a sweep: its parts in their order, then samples, all runs, provenance.

    Args:
        lead: What the sweep is, in a sentence.
    """
    template = jinja2.Environment(autoescape=True).from_string(
        (Path(__file__).parent / "page.html").read_text()
    )
    first: dict[str, Any] = next(iter(sweep.records.values()))
    columns = ["name", "seed", *(f"metrics/{m}" for m in sweep.metrics)]
    runs = sweep.table[columns].rename(columns=lambda name: name.removeprefix("metrics/"))
    keys = ("keys", "split", "environment", "science")
    page = template.render(
        title=f"sweep {sweep.directory.name}",
        lead=lead,
        unfinished={**sweep.unfinished, **sweep.strangers},
        parts=parts,
        html=html,
        has_sentences=has_sentences,
        pictures=run_pictures(sweep),
        references=html(runs[sweep.table.kind != "cell"]),
        cells=html(runs[sweep.table.kind == "cell"]),
        provenance=json.dumps({key: first[key] for key in keys}, indent=1),
    )
    with atomic(path) as file:
        file.write(page.encode())
