"""A sweep's runs as one table."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from memctl.data.base import SPLIT_KEYS
from memctl.errors import UserError
from memctl.runs import note
from memctl.runs.folder import RunFolder
from memctl.runs.queue import taken
from memctl.runs.record import flat


@dataclass(frozen=True)
class SweepResults:
    """What is known of a sweep.

    Attributes:
        directory: The sweep's folder.
        table: One row a finished run: name, kind (cell, base, uniform or other), seed, n_train,
            low, high, location, width, fingerprint, and the record's numbers as in `record.flat`.
        records: The finished runs' records by name.
        unfinished: Name and state of every other run that was planned or begun.
        strangers: Folders that hold no run of the sweep, and why, which are left out.
        damaged: Names of runs in the table, and which of their files are damaged.
    """

    directory: Path
    table: pd.DataFrame
    records: dict[str, dict[str, Any]]
    unfinished: dict[str, str]
    strangers: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)

    def folder(self, name: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.directory / name)

    @property
    def cells(self) -> pd.DataFrame:
        """The rows of cells of the grid."""
        return self.table[self.table.kind == "cell"]

    @property
    def main_runs(self) -> pd.DataFrame:
        """The rows that the sweep is about: its cells or, where it sweeps other distributions,
        every controlled run.
        """
        return self.cells if len(self.cells) else self.table[self.table.kind != "base"]

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that have a value in some run, in the records' order."""
        named = dict.fromkeys(
            name for record in self.records.values() for name in record["metrics"]
        )
        return [name for name in named if f"metrics/{name}" in self.table]

    @property
    def yardsticks(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """The yardsticks, which every run of one split and one way to measure shares; none of a
        sweep over several.
        """
        several = self.splits > 1 or "metrics" in differing_settings(self.records)
        return {} if several else next(iter(self.records.values()))["yardsticks"]

    @property
    def splits(self) -> int:
        """How many train/held-out splits the runs are of."""
        return len({record["split"]["hash"] for record in self.records.values()})

    @property
    def plain(self) -> bool:
        """Whether its cells can be laid on one grid: of one split, each used in one way (and with
        any number of seeds).
        """
        return self.splits == 1 and not self.cells.duplicated(["low", "high", "seed"]).any()

    @property
    def timesteps(self) -> int:
        """T of the first run."""
        return int(
            next(iter(self.records.values()))["science"].get("diffusion", {}).get("timesteps", 1000)
        )

    @property
    def dataset(self) -> str:
        """Name of the data set, which all runs share."""
        return str(next(iter(self.records.values()))["science"]["data"]["name"])

    def mean(self, names: Collection[str], metric: str) -> float:
        """A metric's mean over the runs of these names; NaN where none has it."""
        values = self.table.loc[self.table.name.isin([*names])].get(f"metrics/{metric}")
        return float("nan") if values is None else float(values.mean())

    def floor(self, name: str, metric: str) -> tuple[float, float]:
        """What 95 % of fresh real data would read beside the run `name`; NaN where that is not
        known.
        """
        floor = self.records[name]["yardsticks"]["floor"].get(metric) or {}
        low, high = (floor.get(end) for end in ("low", "high"))
        return float("nan") if low is None else low, float("nan") if high is None else high


# What cells and reference runs differ in by design.
BY_DESIGN = ("sampler", "seed", "control", "use", "weighting")


def differing_settings(records: dict[str, dict[str, Any]]) -> list[str]:
    """Settings besides cell and seed in which runs differ, so that they should not be read as one
    sweep.
    """
    settings: dict[str, set[str]] = {}
    for record in records.values():
        science = record["science"]
        parts = [part for part in science if part not in BY_DESIGN]
        parts += ["control", "weighting"] if science.get("sampler") else []
        parts += ["use"] if record["ci"] else []
        for part in parts:
            text = json.dumps(science.get(part), sort_keys=True)
            settings.setdefault(part, set()).add(text)
    return sorted(part for part, values in settings.items() if len(values) > 1)


def kind(record: dict[str, Any]) -> str:
    if record["sampler"] is None:
        return "base"
    return "cell" if record["ci"] else str(record["sampler"]["name"])


def row(record: dict[str, Any]) -> dict[str, Any]:
    ci = record["ci"] or {"low": None, "high": None}
    placed = record["ci"] is not None
    return {
        "name": record["name"],
        "kind": kind(record),
        "seed": record["seed"],
        "n_train": record["split"]["n_train"],
        "low": ci["low"],
        "high": ci["high"],
        "location": (ci["low"] + ci["high"]) / 2 if placed else None,
        "width": ci["high"] - ci["low"] if placed else None,
        "fingerprint": record["fingerprint"],
        **flat(record),
    }


def read(directory: Path) -> SweepResults:
    """Read a sweep's folder, finished or not.

    Raises:
        UserError: no such folder, no finished run in it, or runs of different splits, which cannot
            be compared.
    """
    if not directory.is_dir():
        raise UserError(f"{directory} is not a folder; give a sweep's, such as runs/mitdb208")
    noted = note.planned(directory)
    begun = sorted(path.parent.name for path in directory.glob("*/status.json"))
    names = [*noted, *(name for name in begun if name not in noted)]
    records, unfinished, damaged = {}, {}, {}
    made = made_records(directory)
    strangers = strange(made)
    seats = taken(directory / name for name in names if name not in made)
    for name in (name for name in names if name not in strangers):
        folder = RunFolder(directory / name)
        status, record = folder.status(), made.get(name)
        state = folder.state(status.get("keys", {})) if status else "new"
        if record is not None:
            records[name] = record
            if lost := folder.made.damage(record["keys"]):
                damaged[name] = ", ".join(lost)
            continue
        if seat := seats.get(directory / name):
            unfinished[name] = f"{seat.state}, {seat.engine}'s job {seat.id}"
            continue
        message = (status or {}).get("message", "")
        reason = f": {message.splitlines()[0]}" if message else ""
        unfinished[name] = ("missing" if state == "new" else state) + reason
    if not records:
        raise UserError(
            f"{directory} holds no finished run yet"
            + (f"; unfinished: {', '.join(unfinished)}" if unfinished else "")
        )
    sources = {
        json.dumps({**record["science"]["data"], **dict.fromkeys(SPLIT_KEYS)}, sort_keys=True)
        for record in records.values()
    }
    if len(sources) > 1:
        raise UserError(
            f"{directory} mixes runs of different data, which cannot be compared:"
            f" {'; '.join(sorted(sources))}"
        )
    table = pd.DataFrame([row(record) for record in records.values()])
    # Floats also where no run has a cell.
    table = table.astype(dict.fromkeys(("low", "high", "location", "width"), float)).copy()
    return SweepResults(directory, table, records, unfinished, strangers, damaged)


def made_records(directory: Path) -> dict[str, dict[str, Any]]:
    """The records in a sweep's folder, by the name of their folder. Raises: UserError."""
    places = sorted(path.parent for path in directory.glob("*/record.json"))
    found = {path.name: RunFolder(path).record() for path in places}
    return {name: record for name, record in found.items() if record is not None}


def strange(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Folders whose record is another folder's, and why: copies, and what was renamed.

    Args:
        records: By the name of their folder.
    """
    out: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name, record in records.items():
        if record["name"] != name:
            out[name] = f"its record is of the run {record['name']}: it was copied or renamed"
        elif (owner := owners.setdefault(record["fingerprint"], name)) != name:
            out[name] = f"the same run as {owner}"
    return out
