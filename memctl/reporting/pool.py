"""Several sweeps read as one: of several data sets as the paper does, of one data set as one plane
of copying against quality.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd

from memctl.analysis.inference import associations
from memctl.analysis.joined import joined, of_one_source
from memctl.analysis.parity import parity
from memctl.analysis.studied import MAIN, studied_metrics
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.files import atomic
from memctl.reporting.report import write_parts
from memctl.reporting.sections.front import FRONT, HYPERVOLUMES

COLUMNS = ["axis", "pooling", "n", "pearson", "low", "high", "paper", "paper_low", "paper_high"]


def pool(directories: Sequence[Path], out: TextIO) -> None:
    """Read several sweeps as one, and print what they say together.

    Of several data sets, a sweep each: the paper's correlation over all, pooled/parity.csv and
    pooled/associations.csv beside the first of them. Of one data set: the front of all their
    settings, pooled/front.csv, front.png and hypervolumes.csv.

    Raises:
        UserError: a folder given twice; of several data sets two sweeps of one, or a sweep whose
            cells are of several splits or used in several ways; of one, no uniform run among them.
    """
    if len({directory.resolve() for directory in directories}) < len(directories):
        raise UserError(f"a sweep is given twice: {', '.join(map(str, directories))}")
    read_sweeps = [read(directory) for directory in directories]
    folder = directories[0].resolve().parent / "pooled"
    if of_one_source(read_sweeps):
        plane(joined(read_sweeps), folder, out)
    else:
        correlate({s.directory.resolve().name: s for s in read_sweeps}, folder, out)


def plane(sweep: SweepResults, folder: Path, out: TextIO) -> None:
    """Write and print the front of sweeps of one data set."""
    parts = [part for section in (FRONT, HYPERVOLUMES) if (part := section.fill(sweep))]
    if not parts:
        raise UserError(
            "sweeps of one data set are read as one plane of copying against quality, which takes"
            " a uniform run among them (sampler=uniform), and runs with f_mem and energy_heldout"
        )
    write_parts(parts, folder)
    files = f"figure: {folder / 'front.png'}\ntables: {folder}"
    print("\n" + "\n\n".join([*(p.said for p in parts if p.said), files]), file=out, flush=True)


def correlate(sweeps: dict[str, SweepResults], folder: Path, out: TextIO) -> None:
    """Write and print the paper's correlation over sweeps of a data set each, by name."""
    check(sweeps)
    tables = {name: sweep.cells for name, sweep in sweeps.items()}
    shared = studied_metrics(pd.concat(tables.values(), join="inner"))
    yardsticks = {name: sweep.yardsticks for name, sweep in sweeps.items()}
    pooled = {"parity": parity(tables), "associations": associations(tables, shared, yardsticks)}
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


def check(sweeps: dict[str, SweepResults]) -> None:
    """Raises: UserError unless the sweeps are of a data set each, with plain cells."""
    sources = [next(iter(sweep.records.values()))["science"]["data"] for sweep in sweeps.values()]
    if len({(source["name"], source.get("digest")) for source in sources}) < len(sources):
        raise UserError(
            "sweeps to pool must be of a data set each; these are of"
            f" {', '.join(source['name'] for source in sources)}"
        )
    for name, sweep in sweeps.items():
        if not sweep.plain:
            raise UserError(
                f"{name} has cells of several splits, or used in several ways, and cannot be pooled"
            )
