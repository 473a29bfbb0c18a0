"""Several sweeps read together: of several data sets as the paper does; of one data set as one
plane of copying against quality, and setting by setting, each less the first.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd

from memctl.analysis.differences import Differences, differences, lines
from memctl.analysis.inference import associations
from memctl.analysis.joined import joined, of_one_source
from memctl.analysis.parity import parity
from memctl.analysis.studied import MAIN, studied_metrics
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.files import atomic
from memctl.reporting import page
from memctl.reporting.headline import headline
from memctl.reporting.report import write_parts
from memctl.reporting.section import Section
from memctl.reporting.sections.front import FRONT, HYPERVOLUMES

NOTE = (
    "first and second: what the sweeps read; change: the second less the first, with its 95 %"
    " interval: over the seeds that both have where any setting has several, else of both runs'"
    " samples, as if these were independent. Each interval stands by itself: of 45, two or three"
    " leave out no difference by chance."
)
COLUMNS = ["axis", "pooling", "n", "pearson", "low", "high", "paper", "paper_low", "paper_high"]


def pool(directories: Sequence[Path], out: TextIO) -> None:
    """Read several sweeps as one, and print what they say together.

    Of several data sets, a sweep each: the paper's correlation over all, pooled/parity.csv and
    pooled/associations.csv beside the first of them. Of one data set: the front of all their
    settings, pooled/front.csv, front.png and hypervolumes.csv, what settings that several have read
    less the first sweep's, differences.csv, and a page of them all, index.html.

    Raises:
        UserError: a folder given twice; of several data sets two sweeps of one, or a sweep whose
            cells are of several splits or used in several ways; of one, neither a uniform run among
            them nor a setting that two have.
    """
    if len({directory.resolve() for directory in directories}) < len(directories):
        raise UserError(f"a sweep is given twice: {', '.join(map(str, directories))}")
    read_sweeps = [read(directory) for directory in directories]
    folder = directories[0].resolve().parent / "pooled"
    if of_one_source(read_sweeps):
        together(read_sweeps, folder, out)
    else:
        correlate({s.directory.resolve().name: s for s in read_sweeps}, folder, out)


def together(sweeps: Sequence[SweepResults], folder: Path, out: TextIO) -> None:
    """Write and print the front of sweeps of one data set, and what each reads less the first."""
    whole = joined(sweeps)
    planes = [part for section in (FRONT, HYPERVOLUMES) if (part := section.fill(whole))]
    found = [differences(sweeps[0], other) for other in sweeps[1:]]
    if not planes and not any(len(one.table) for one in found):
        raise UserError(
            "sweeps of one data set are read as one plane of copying against quality, which takes"
            " a uniform run among them (sampler=uniform), and runs with f_mem and energy_heldout;"
            " and compared in the settings that they share, of which these have none"
        )
    write_parts(planes, folder)
    with atomic(folder / "differences.csv") as file:
        table(found).to_csv(file, index=False)
    compared = Section(
        name="differences", title="Differences", note=NOTE, table=lambda _: main_rows(found),
        text=lambda _: "\n".join(line for one in found for line in lines(one)), lead=True,
    )  # fmt: skip
    apart = [part for part in [compared.fill(whole)] if part]
    page.write(whole, folder / "index.html", headline(whole), [*apart, *planes], found)
    files = [f"page:   {folder / 'index.html'}"]
    files += [f"figure: {folder / 'front.png'}"] if planes else []
    blocks = [*(p.said for p in [*planes, *apart]), "\n".join([*files, f"tables: {folder}"])]
    print("\n" + "\n\n".join(filter(None, blocks)), file=out, flush=True)


def table(found: Sequence[Differences]) -> pd.DataFrame:
    """Every setting and metric of all pairs of sweeps, which `less` and `of` name."""
    rows = [one.table.assign(of=one.names[1], less=one.names[0]) for one in found]
    return pd.concat(rows, ignore_index=True)


def main_rows(found: Sequence[Differences]) -> pd.DataFrame:
    """The main metrics' rows, as the page has them."""
    rows = table(found)
    left_out = ["low", "high", "run", "other", *([] if len(found) > 1 else ["of", "less"])]
    return rows[rows.metric.isin(MAIN)].drop(columns=left_out)


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
