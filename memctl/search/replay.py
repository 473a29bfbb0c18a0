"""How many runs a method of search needs, told from a sweep that is finished: a suggested setting
reads what the nearest cell reads that was not yet read, and nothing is trained.

A search has arrived when its settings reach SHARE of the hypervolume of all cells, both as read
(`memctl.analysis.front`), in the plane of f_mem and the energy distance. `random` is the same with
cells by chance.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from memctl.analysis import front, pareto
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.metrics.measure import Floats
from memctl.search.known import objectives
from memctl.search.space import Setting, Space
from memctl.search.suggest import METHODS, SEEDS, suggest

SHARE = 0.95
REPEATS = 10
LEAST = 10  # cells, below which there is nothing to search


def trace(
    cells: Mapping[Setting, Sequence[float]], method: str, repeat: int, at_once: int = 2
) -> Floats:
    """The share of the cells' hypervolume that a search has reached after each run, shape (n,).

    Args:
        cells: Objectives of every cell, to be small; the box is the unit square.
        at_once: Runs that are suggested before one of them is read.
    """
    whole = pareto.hypervolume([*cells.values()], [0, 0], [1, 1])
    ends = [*(s.low for s in cells), *(s.high for s in cells)]
    space = Space(min(ends), max(ends))
    known: dict[Setting, Sequence[float]] = {}
    reached: list[float] = []
    while len(known) < len(cells) and (not reached or reached[-1] < 1):
        batch: list[Setting] = []
        for k in range(min(at_once, len(cells) - len(known))):
            seed = SEEDS * repeat + len(known) + k
            wanted = suggest(space, known, batch, seed, method)
            left = [cell for cell in cells if cell not in known and cell not in batch]
            apart = lambda cell: (cell.low - wanted.low) ** 2 + (cell.high - wanted.high) ** 2  # noqa: B023
            batch.append(min(left, key=apart))
        for cell in batch:
            known[cell] = cells[cell]
            value = pareto.hypervolume([*known.values()], [0, 0], [1, 1])
            reached.append(value / whole)
    return np.array(reached)


def cells(sweep: SweepResults) -> dict[Setting, tuple[float, float]]:
    """The objectives of every cell of a sweep of intervals, each the mean of its seeds.

    Raises: UserError where there is nothing to search.
    """
    rows = front.points(sweep) if front.has_front(sweep) else None
    if rows is None or not front.comparable(rows):
        raise UserError(
            f"{sweep.directory} has no uniform run that copies, with which cells are compared; give"
            " the folder of a grid that has, such as runs/digits-scratch"
        )
    placed = objectives(rows)
    intervals = rows[rows.control == "interval"]
    ends = (sweep.records[run]["ci"] for run in intervals.run)
    found = {
        Setting(cell["low"], cell["high"]): placed[run]
        for run, cell in zip(intervals.run, ends, strict=True)
    }
    if len(found) < LEAST or not any(max(place) < 1 for place in found.values()):
        raise UserError(
            f"{sweep.directory} has {len(found)} cells that differ in their interval alone; a"
            f" replay needs {LEAST}, one of them better than the uniform run"
        )
    return found


def needed(found: Mapping[Setting, Sequence[float]], repeats: int = REPEATS) -> pd.DataFrame:
    """Runs until SHARE of the hypervolume, one row a method and repeat: method, repeat, runs."""
    arrived = lambda method, r: int(np.argmax(trace(found, method, r) >= SHARE)) + 1
    rows = [
        {"method": method, "repeat": r, "runs": arrived(method, r)}
        for method in METHODS
        for r in range(repeats)
    ]
    return pd.DataFrame(rows)


def answer(directory: Path) -> str:
    """The replay of a sweep in words; writes SWEEP/report/replay.csv. Raises: UserError."""
    found = cells(read(directory))
    table = needed(found)
    path = directory / "report" / "replay.csv"
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)
    lines = [f"Runs until {SHARE:.0%} of the hypervolume of {len(found)} cells, {REPEATS} repeats:"]
    for method, runs in table.groupby("method", sort=False).runs:
        lines.append(
            f"  {method:7} mean {runs.mean():.1f}, median {runs.median():g}, from {runs.min()} to"
            f" {runs.max()}"
        )
    return "\n".join([*lines, f"table: {path}"])
