"""Of sweeps from scratch: what each setting copies and loses, what each control gains, which band
of t carries copying, and how many runs a search takes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from memctl.analysis.bands import bands, has_bands, sentence
from memctl.analysis.front import has_front, hypervolumes, points
from memctl.analysis.joined import joined
from memctl.analysis.sweep_results import SweepResults

GRID, RIVALS = "digits-scratch", "digits-rivals"
READ = [
    f"{metric}{end}"
    for metric in ("f_mem", "dcr_share", "energy_heldout", "kid", "recall")
    for end in ("", "_low", "_high")
]


def tables(
    sweeps: Mapping[str, SweepResults], runs: Path
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A table's name, and the rows of a sweep in it."""
    for name in sweeps:
        whole = plane(name, sweeps)
        if not from_scratch(whole):
            continue
        found = points(whole)
        yield "controls", rows(name, found[["control", "setting", "seeds", *READ]])
        yield "hypervolumes", rows(name, hypervolumes(found))
        if has_bands(sweeps[name]):
            table = bands(sweeps[name])
            yield "bands", rows(name, table.assign(said=sentence(table)))
        if (path := runs / name / "report" / "replay.csv").exists():
            yield "replay", rows(name, pd.read_csv(path))


def from_scratch(sweep: SweepResults) -> bool:
    """Whether all its runs are, and can be compared with a uniform one."""
    return has_front(sweep) and all(r.get("start") == "scratch" for r in sweep.records.values())


def plane(name: str, sweeps: Mapping[str, SweepResults]) -> SweepResults:
    """The sweep; the rivals with the grid that they are compared with."""
    both = name == RIVALS and GRID in sweeps
    return joined([sweeps[GRID], sweeps[name]]) if both else sweeps[name]


def rows(name: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows, each with its sweep."""
    return [{"sweep": name, **row} for row in table.to_dict("records")]
