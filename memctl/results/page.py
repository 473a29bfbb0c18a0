"""A sweep's page: one HTML file beside its figures."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from memctl.results.files import atomic
from memctl.results.store import Sweep

PICTURED = ("base", "uniform_s0")


def html(table: pd.DataFrame) -> Markup:
    """A table with four significant digits, its text escaped."""
    text = table.to_html(index=False, border=0, na_rep="", float_format=lambda v: f"{v:.4g}")
    return Markup(text)


def write(sweep: Sweep, path: Path, lead: str, main: pd.DataFrame, correlations: pd.DataFrame) -> None:
    """Write the page of a sweep."""
    template = jinja2.Environment(autoescape=True).from_string((Path(__file__).parent / "page.html").read_text())
    first: dict[str, Any] = next(iter(sweep.records.values()))
    columns = ["name", "seed", *(f"metrics/{m}" for m in sweep.metrics)]
    short = {f"metrics/{m}": m for m in sweep.metrics}
    provenance = {k: first[k] for k in ("base_fingerprint", "split", "environment")} | {"science": first["science"]}
    page = template.render(
        title=f"sweep {sweep.directory.name}",
        lead=lead,
        unfinished=sweep.unfinished,
        main=html(main),
        correlations=html(correlations),
        n_cells=len(sweep.cells),
        references=html(sweep.table[sweep.table.kind != "cell"][columns].rename(columns=short)),
        cells=html(sweep.cells[columns].rename(columns=short)),
        pictures={n: f"../{n}/samples.png" for n in PICTURED if (sweep.directory / n / "samples.png").exists()},
        provenance=json.dumps(provenance, indent=1),
    )
    with atomic(path) as file:
        file.write(page.encode())
