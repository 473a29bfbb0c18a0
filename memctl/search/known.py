"""What a sweep's folder knows of the settings of a search: every finished run that differs from the
search's own in nothing but what is searched, whoever made it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis import front
from memctl.analysis.controls import leaves
from memctl.analysis.sweep_results import SweepResults, read
from memctl.keys import made_by
from memctl.search.space import Setting, Space

PLANE = ("f_mem", "energy_heldout")  # what is searched: copying, and the loss that it costs
SEARCHED = ("seed", "sampler.low", "sampler.high")
BUDGET = ("control.steps", "control.epochs")


@dataclass(frozen=True)
class Frame:
    """All settings of a search but those that are searched.

    Attributes:
        fixed: By path.
        space: What is searched.
    """

    fixed: dict[str, Any]
    space: Space

    @classmethod
    def of(cls, science: Mapping[str, Any], space: Space) -> "Frame":
        """Of a run's settings."""
        searched = (*SEARCHED, *(BUDGET if space.steps else ()))
        own = {k: v for k, v in leaves(made_by(science)) if k not in searched}
        return cls(json.loads(json.dumps(own)), space)

    def setting(self, record: Mapping[str, Any]) -> Setting | None:
        """The setting that a record is of; None of a run of another frame or space."""
        science = record["science"]
        if record["ci"] is None or Frame.of(science, self.space).fixed != self.fixed:
            return None
        steps, control = None, science["control"]
        if self.space.steps:
            n = record["split"]["n_train"]
            steps = control["steps"] or control["epochs"] * -(-n // control["batch_size"])
        setting = Setting(record["ci"]["low"], record["ci"]["high"], steps)
        return setting if self.space.holds(setting) else None

    def settings(self, sweep: SweepResults, seed: int) -> dict[str, Setting]:
        """The settings of the finished runs of a seed, by run, in the order of their planning."""
        found = {
            name: setting
            for name, record in sweep.records.items()
            if record["seed"] == seed and (setting := self.setting(record))
        }
        return {name: found[name] for name in {s: n for n, s in reversed(found.items())}.values()}


def finished(directory: Path) -> SweepResults | None:
    """What is done in a sweep's folder; None where nothing is. Raises: UserError."""
    return read(directory) if any(directory.glob("*/record.json")) else None


def points(sweep: SweepResults, runs: Iterable[str]) -> pd.DataFrame:
    """`front.points` of these runs alone, the uniform one or ones among them."""
    names = set(runs)
    records = {name: record for name, record in sweep.records.items() if name in names}
    table = sweep.table[sweep.table.name.isin(names)]
    return front.points(replace(sweep, records=records, table=table))


def objectives(rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Copying and loss of each run, its place in the front's box: 0 as fresh samples, 1 as the
    uniform run's copying or the most loss that counts, or worse.
    """
    corners = front.box(rows, *PLANE)
    assert corners is not None  # the uniform run copies
    ideal, reference = map(np.array, corners)
    placed = (front.plane(rows, *PLANE) - ideal) / (reference - ideal)
    placed = np.clip(np.nan_to_num(placed, nan=1.0), 0, 1)
    return {name: (float(x), float(y)) for name, (x, y) in zip(rows.run, placed, strict=True)}
