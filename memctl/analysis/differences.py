"""Two sweeps of one data set, setting by setting: what the second reads less the first.

Settings are the same where they agree in everything that varies within either sweep: so cells of a
grid after a base have their like in a grid from scratch, though all of them differ in `start`. What
is constant in each sweep and not in both is what the sweeps differ in.

A difference is over the seeds that both have, with the spread of such differences pooled over all
settings (`memctl.analysis.readings`); where no setting has several, its interval joins both runs'
own, which are of their samples, as if these were independent. Each interval is of 95 % by itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from memctl.analysis.controls import (
    Setting,
    in_words,
    own_settings,
    repetition,
    settings,
    value,
)
from memctl.analysis.readings import Readings, Spread
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.measure import Floats
from memctl.runs.record import identity

COLUMNS = (
    "setting",
    "metric",
    "first",
    "second",
    "seeds",
    "change",
    "change_low",
    "change_high",
    "low",
    "high",
    "run",
    "other",
)


@dataclass(frozen=True)
class Differences:
    """What a sweep reads less another.

    Attributes:
        names: Of the first and the second sweep.
        table: One row a setting that both have and metric: setting (in words), metric, what the
            first and the second read, seeds (that both have), change with the ends of its interval,
            low and high of a cell, run and other: the second's run and the first's.
        between: What is constant in each sweep and not in both: path -> values in words.
        alone: How many settings only one of them has.
        same: How many runs are the same in both, which are not compared.
    """

    names: tuple[str, str]
    table: pd.DataFrame
    between: dict[str, tuple[str, str]]
    alone: int
    same: int

    @property
    def settings(self) -> int:
        """How many settings are compared."""
        return int(self.table["run"].nunique()) if len(self.table) else 0


def own(record: Mapping[str, Any]) -> dict[str, Any]:
    """A run's settings by path, but those in which repetitions differ."""
    return own_settings(record["science"])


def varying(sweep: SweepResults) -> set[str]:
    """The paths of settings in which the controlled runs of a sweep differ."""
    found = [own(r) for r in sweep.records.values() if r["science"].get("sampler")]
    paths = {path for settings in found for path in settings}
    texts = lambda path: {json.dumps(settings.get(path), sort_keys=True) for settings in found}
    return {path for path in paths if len(texts(path)) > 1}


def grouped(sweep: SweepResults, paths: set[str]) -> dict[str, dict[str, str]]:
    """Setting, by its values of these paths -> repetition -> name of the run."""
    out: dict[str, dict[str, str]] = {}
    for name, record in sweep.records.items():
        known = own(record)
        placed = {path: known.get(path) for path in sorted(paths)}
        key = json.dumps(placed if record["science"].get("sampler") else "base", sort_keys=True)
        out.setdefault(key, {}).setdefault(repetition(record["science"]), name)
    return out


def constant(sweep: SweepResults, other: SweepResults) -> dict[str, tuple[str, str]]:
    """What is constant in each of the sweeps and not in both, in words."""
    each, moving = [], varying(sweep) | varying(other)
    for one in (sweep, other):
        found = [own(r) for r in one.records.values() if r["science"].get("sampler")]
        each.append({k: v for k, v in (found[0] if found else {}).items() if k not in moving})
    paths = [p for p in dict.fromkeys([*each[0], *each[1]]) if each[0].get(p) != each[1].get(p)]
    if "base.start" in paths:  # two protocols, whose trainings are not told setting by setting
        paths = [p for p in paths if p == "base.start" or not p.startswith(("base.", "control."))]
    return {p: (value(p, each[0].get(p)), value(p, each[1].get(p))) for p in paths}


def differences(sweep: SweepResults, other: SweepResults) -> Differences:
    """`other` less `sweep`, of one data set."""
    paths = varying(sweep) | varying(other)
    groups = [grouped(one, paths) for one in (sweep, other)]
    shared = [key for key in groups[0] if key in groups[1]]
    alone = len({*groups[0], *groups[1]}) - len(shared)
    known = [{n: identity(r) for n, r in one.records.items()} for one in (sweep, other)]
    twins = lambda key: (
        {known[0][n] for n in groups[0][key].values()}
        & {known[1][n] for n in groups[1][key].values()}
    )
    same = sum(len(twins(key)) for key in shared)
    shared = [key for key in shared if not twins(key)]
    rows = compared(sweep, other, [(groups[0][key], groups[1][key]) for key in shared])
    names = (sweep.directory.resolve().name, other.directory.resolve().name)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Differences(names, table, constant(sweep, other), alone, same)


def compared(
    sweep: SweepResults,
    other: SweepResults,
    pairs: Sequence[tuple[dict[str, str], dict[str, str]]],
) -> list[dict[str, Any]]:
    """A row a pair of settings (repetition -> name of the run, each) and metric."""
    sides = [(0, sweep), (1, other)]
    records = {f"{k}/{n}": r for k, one in sides for n, r in one.records.items()}
    both = replace(sweep, records=records)
    listed = [
        Setting("", "", {r: f"{k}/{n}" for r, n in runs.items()})
        for pair in pairs
        for k, runs in enumerate(pair)
    ]
    names = labels(sweep)
    rows = []
    for metric in [m for m in sweep.metrics if m in other.metrics] if listed else []:
        readings = Readings(both, listed, metric)
        changes: list[Floats] = [
            readings.differences(readings.values[2 * k + 1], 2 * k) for k in range(len(pairs))
        ]
        spread = Spread.pooled(changes)
        for k, (mine, theirs) in enumerate(pairs):
            read = readings.between(2 * k + 1, 2 * k, spread)
            first, second = (readings.reading(2 * k + j).value for j in (0, 1))
            name, counterpart = next(iter(mine.values())), next(iter(theirs.values()))
            ci = sweep.records[name]["ci"] or {}
            row = (names[name], metric, first, second, len({*mine} & {*theirs}), *read)
            places = (ci.get("low"), ci.get("high"), counterpart, name)
            rows.append(dict(zip(COLUMNS, (*row, *places), strict=True)))
    order = {m: k for k, m in enumerate([*MAIN, *sweep.metrics])}
    return sorted(
        (row for row in rows if row["change"] == row["change"]), key=lambda r: order[r["metric"]]
    )


def labels(sweep: SweepResults) -> dict[str, str]:
    """What to call the runs of a sweep: cells by their ends where that tells them apart."""
    words = {
        run: in_words(setting.control, setting.label)
        for setting in settings(sweep)
        for run in setting.runs.values()
    }
    out = {}
    for name, record in sweep.records.items():
        ci = record["ci"]
        cell = f"[{ci['low']:g}, {ci['high']:g}]" if ci else ""
        out[name] = cell if ci and sweep.plain else words.get(name, name)
    return out


def lines(found: Differences) -> list[str]:
    """What the differences say: how many settings differ in each main metric, and the most."""
    first, second = found.names
    told = ", ".join(f"{a} and {b}" for a, b in found.between.values())
    what = f" (they differ in {told})" if told else ""
    alone = f"; {found.alone} more are in one of them alone" if found.alone else ""
    same = f"; {found.same} runs are the same in both" if found.same else ""
    out = [f"{second} less {first}{what}: {found.settings} settings in both{alone}{same}."]
    for metric in [name for name in MAIN if name in {*found.table.metric}]:
        rows = found.table[found.table.metric == metric]
        apart = rows[(rows.change_low > 0) | (rows.change_high < 0)]
        most = rows.iloc[int(rows.change.abs().argmax())]
        out.append(
            f"{metric}: {len(apart)} of {len(rows)} differ by more than their 95 % interval; most"
            f" {most.setting}, {most['first']:.3g} to {most['second']:.3g}"
            f" ({most.change:+.2g} [{most.change_low:+.2g}, {most.change_high:+.2g}])."
        )
    return out
