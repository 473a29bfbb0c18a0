"""A sweep's page: one HTML file beside its figures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from memctl.analysis.sweep_results import SweepResults
from memctl.files import atomic

PICTURED = ("base", "uniform_s0")  # and the run whose samples are nearest to train
PICTURES = {
    "samples": "generated examples beside held-out ones",
    "suspects": "its most suspicious samples beside their nearest training and held-out examples",
    "ratios": "the whole distribution of d1/d2, of its samples and of held-out examples",
    "probe": (
        "where in t the network knows its training examples: losses, membership AUC, distance to the"
        " empirical-optimal denoiser"
    ),
    "projection": (
        "samples among the real examples, on the training data's first two principal components"
    ),
}


def html(table: pd.DataFrame) -> Markup:
    """A table with four significant digits, its text escaped."""
    text = table.to_html(index=False, border=0, na_rep="", float_format=lambda v: f"{v:.4g}")
    return Markup(text)


def pictured(sweep: SweepResults) -> dict[str, list[tuple[str, str]]]:
    """Of each run that is shown, its pictures' places and what they show."""
    nearest = str(sweep.table["name"].iloc[int(sweep.table["metrics/dcr_share"].argmax())])
    found = {}
    for name in dict.fromkeys([*(n for n in PICTURED if n in sweep.records), nearest]):
        title = (
            f"{name} (nearest to train: dcr_share {sweep.table['metrics/dcr_share'].max():.3f})"
            if name == nearest
            else name
        )
        found[title] = [
            (f"../{name}/{k}.png", text)
            for k, text in PICTURES.items()
            if (sweep.directory / name / f"{k}.png").exists()
        ]
    return found


ANSWERS = {
    "scorecard": (
        "The paper's claims", "reproduced: r's 95 % interval has the paper's sign and the change over the sweep is beyond what fresh data "
        "read by chance; not reproduced: it is not, or goes the other way. That a number moves as the paper's does not say why: "
        "see the note.",
    ),
    "verdicts": ("Verdicts", "From several metrics, each against what real, blurred, mean and copied examples read on this data."),
    "halves": (
        "Disjoint halves", "Runs alike but for which half they were trained on, from the same noise: s_ab near 1 says that both learned "
        "the distribution, or (see the verdicts) nothing; m near 1 with s_ab as of unrelated samples that each memorised its half.",
    ),
    "associations": (
        "Metrics by location and width", "Pearson with Fisher's interval; Spearman's p by permutation; holm and bh: corrected over the "
        "metrics; detectable_r: what this many cells would find with 80 % power. Cells share one base and are taken as independent.",
    ),
    "mirror_pairs": (
        "Location alone", "Cells [l, h] beside [1000 - h, 1000 - l], alike but for their location: mean difference right less left, "
        "its 95 % interval, sign-flip permutation p, corrected.",
    ),
    "regressions": (
        "Regressions", "On location and width per 100 steps (nominal), or on the mean and sd of the t really drawn (effective), with their "
        "interaction; errors clustered by cell where there are several seeds.",
    ),
    "parity": ("The paper's own analysis", "Pooled Pearson over cells up to width 800, and the paper's numbers."),
}  # fmt: skip


def write(
    sweep: SweepResults,
    path: Path,
    lead: str,
    main: pd.DataFrame,
    correlations: pd.DataFrame,
    answers: Mapping[str, pd.DataFrame],
) -> None:
    """Write the page of a sweep; `answers` are the tables of `memctl.analysis.answers`."""
    template = jinja2.Environment(autoescape=True).from_string(
        (Path(__file__).parent / "page.html").read_text()
    )
    first: dict[str, Any] = next(iter(sweep.records.values()))
    columns = ["name", "seed", *(f"metrics/{m}" for m in sweep.metrics)]
    short = {f"metrics/{m}": m for m in sweep.metrics}
    provenance = {k: first[k] for k in ("base_fingerprint", "split", "environment")} | {
        "science": first["science"]
    }
    page = template.render(
        title=f"sweep {sweep.directory.name}",
        lead=lead,
        unfinished=sweep.unfinished,
        boxes="scorecard" in answers,
        main=html(main),
        correlations=html(correlations),
        answers=[(*ANSWERS[key], html(answers[key])) for key in ANSWERS if key in answers],
        n_cells=len(sweep.cells),
        references=html(sweep.table[sweep.table.kind != "cell"][columns].rename(columns=short)),
        cells=html(sweep.cells[columns].rename(columns=short)),
        pictures=pictured(sweep),
        provenance=json.dumps(provenance, indent=1),
    )
    with atomic(path) as file:
        file.write(page.encode())
