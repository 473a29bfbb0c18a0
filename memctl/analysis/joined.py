"""Several sweeps of one data set read as one: their runs under FOLDER/NAME, one that is in several
of them once.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from memctl.analysis.sweep_results import SweepResults
from memctl.data.base import SPLIT_KEYS
from memctl.runs.record import identity


def source(sweep: SweepResults) -> str:
    """Which data a sweep is of, of whatever split."""
    data = next(iter(sweep.records.values()))["science"]["data"]
    return json.dumps({k: v for k, v in data.items() if k not in SPLIT_KEYS}, sort_keys=True)


def of_one_source(sweeps: Sequence[SweepResults]) -> bool:
    """Whether all sweeps are of the same data."""
    return len({source(sweep) for sweep in sweeps}) == 1


def joined(sweeps: Sequence[SweepResults]) -> SweepResults:
    """All runs of sweeps of one data set; of those that are one run the first."""
    above = Path(os.path.commonpath([sweep.directory.resolve().parent for sweep in sweeps]))
    folders = [sweep.directory.resolve().relative_to(above).as_posix() for sweep in sweeps]
    records, tables = {}, []
    known: set[str] = set()
    for folder, sweep in zip(folders, sweeps, strict=True):
        identities = [identity(sweep.records[name]) for name in sweep.table.name]
        own = sweep.table[[one not in known for one in identities]]
        known |= set(identities)
        tables.append(own.assign(name=folder + "/" + own.name))
        for name in own.name:
            records[f"{folder}/{name}"] = {**sweep.records[name], "name": f"{folder}/{name}"}
    unfinished = {
        f"{folder}/{name}": state
        for folder, sweep in zip(folders, sweeps, strict=True)
        for name, state in sweep.unfinished.items()
    }
    return replace(
        sweeps[0],
        directory=above,
        table=pd.concat(tables, ignore_index=True),
        records=records,
        unfinished=unfinished,
    )
