"""Sweeps of several data sets read as one, as the paper does."""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd

from memctl.analysis.inference import associations
from memctl.analysis.parity import parity
from memctl.analysis.studied import MAIN, studied_metrics
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.files import atomic

COLUMNS = ["axis", "pooling", "n", "pearson", "low", "high", "paper", "paper_low", "paper_high"]


def pool(directories: Sequence[Path], out: TextIO) -> None:
    """Pool sweeps of several data sets, and print the paper's correlation over all.

    Writes pooled/parity.csv and pooled/associations.csv beside the first of them.

    Raises:
        UserError: two sweeps of one data set, or a sweep whose cells are of several splits or used
            in several ways.
    """
    sweeps = {directory.resolve().name: read(directory) for directory in directories}
    check(sweeps, len(directories))
    tables = {name: sweep.cells for name, sweep in sweeps.items()}
    shared = studied_metrics(pd.concat(tables.values(), join="inner"))
    yardsticks = {name: sweep.yardsticks for name, sweep in sweeps.items()}
    pooled = {"parity": parity(tables), "associations": associations(tables, shared, yardsticks)}
    folder = directories[0].resolve().parent / "pooled"
    for name, table in pooled.items():
        with atomic(folder / f"{name}.csv") as file:
            table.to_csv(file, index=False)
    text = pooled["parity"][COLUMNS].to_string(
        index=False, float_format=lambda v: f"{v:+.3f}", na_rep="-"
    )
    print(
        f"\n{MAIN[0]} over the cells of {', '.join(sweeps)}:\n{text}\n\ntables:  {folder}",
        file=out,
        flush=True,
    )


def check(sweeps: dict[str, SweepResults], given: int) -> None:
    """Raises: UserError unless the sweeps are of as many data sets as folders were given, each
    with plain cells.
    """
    sources = [next(iter(sweep.records.values()))["science"]["data"] for sweep in sweeps.values()]
    if len({(source["name"], source.get("digest")) for source in sources}) < given:
        raise UserError(
            "sweeps to pool must be of a data set each; these are of"
            f" {', '.join(source['name'] for source in sources)}"
        )
    for name, sweep in sweeps.items():
        if not sweep.plain:
            raise UserError(
                f"{name} has cells of several splits, or used in several ways, and cannot be pooled"
            )
