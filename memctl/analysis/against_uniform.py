"""Every run of a sweep against the uniform run of the same seed, paired by sample: that of the same
settings or, where a run is another control than its sampler, the sweep's.

Sample j of every run starts from the noise of seed generate.seed + j, and DDPM's later noise comes
from it too (memctl.diffusion.generate), whatever was trained: samples of one number are pairs. (In
the bundled sweep they correlate with 0.998 between the first and the last cell, others with 0.42.)

    follows   how many samples are nearer to a training than to a held-out example
    near      how many have a training example to themselves: d1/d2 below 0.6, where d1 and d2 are
              to the nearest two of all real examples, as copies with some noise have
    own       the same below 1/3, the threshold of f_mem

all as shares of the samples beyond those that hit held-out examples in the same way
(memctl.answers.shares), so that `follows` is how far of the way from fresh to copies a run is; with
sides of one size it is 2 dcr_share - 1. Of several seeds of a cell the differences are averaged.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.controls import repetition, settings
from memctl.analysis.paired import Moves, changes, range_p
from memctl.analysis.sweep_results import SweepResults, kind
from memctl.answers.memorisation import NEAR, OWN
from memctl.answers.views import of_both
from memctl.metrics.measure import Floats

STATISTICS: dict[str, float] = {"follows": np.inf, "near": max(NEAR), "own": OWN}
TOGETHER = (("follows",), ("near", "own"))  # those of one question are corrected together
COLUMNS = ("d1", "d2", "d_heldout", "d2_heldout", "nearest_train", "nearest_heldout")
COLUMN = {"change": "change"} | {k: f"change_{k}" for k in ("low", "high", "p", "seen")}
SETTINGS = ("data", "model", "diffusion", "base", "weighting", "control", "generate", "metrics")


@dataclass(frozen=True)
class Hits:
    """What the samples of one run or, averaged, of several hit, by statistic.

    Attributes:
        scores: Of each sample, shape (m,).
        counts: How many samples hit each real example, training ones first, shape (N,).
        n_train: How many training examples there are.
    """

    scores: dict[str, Floats]
    counts: dict[str, Floats]
    n_train: int

    @classmethod
    def of(cls, near: pd.DataFrame, n_train: int, n_heldout: int) -> "Hits":
        """Of a run's neighbours.csv."""
        d1, d2, e1, e2 = (near[c].to_numpy(float) for c in COLUMNS[:4])
        known, unseen = (near[c].to_numpy(int) for c in COLUMNS[4:])
        odds = n_train / n_heldout
        side = np.where(d1 < e1, 1.0, np.where(d1 > e1, -odds, (1 - odds) / 2))
        nearest = of_both((d1, d2, known), (e1, e2, unseen), n_train)
        scores, counts = {}, {}
        for name, ratio in STATISTICS.items():
            hit = np.isinf(ratio) | (nearest.ratio < ratio)
            scores[name] = np.where(hit, side, 0.0)
            counts[name] = np.bincount(nearest.example[hit], minlength=n_train + n_heldout).astype(
                float
            )
        return cls(scores, counts, n_train)

    @classmethod
    def mean(cls, several: list["Hits"]) -> "Hits":
        """The mean of runs on one split."""
        mean = lambda rows: {k: np.mean([row[k] for row in rows], axis=0) for k in STATISTICS}
        scores, counts = mean([h.scores for h in several]), mean([h.counts for h in several])
        return cls(scores, counts, several[0].n_train)

    def less(self, other: "Hits") -> "Hits":
        """The differences to another run on the same split."""
        less = lambda mine, others: {k: mine[k] - others[k] for k in STATISTICS}
        scores, counts = less(self.scores, other.scores), less(self.counts, other.counts)
        return Hits(scores, counts, self.n_train)


def moves(several: list[Hits], name: str) -> Moves:
    """A statistic of runs on one split."""
    labels = np.arange(len(several[0].counts[name])) < several[0].n_train
    return Moves(
        np.stack([h.scores[name] for h in several]),
        np.stack([h.counts[name] for h in several]),
        labels,
    )


def read_hits(sweep: SweepResults) -> dict[str, Hits]:
    """Of every run whose folder has them. Runs that were measured before d2_heldout was kept are
    left out.
    """
    found = {}
    for name, record in sweep.records.items():
        near = sweep.folder(name).kept_neighbours()
        if set(COLUMNS) <= set(near):
            split = record["split"]
            found[name] = Hits.of(near, split["n_train"], split["n_heldout"])
    return found


def comparable(record: Mapping[str, Any], uniform: Mapping[str, Any]) -> bool:
    """Whether runs differ in nothing but where they learn; a base, which has no control, in nothing
    but that.
    """
    mine, other = record["science"], uniform["science"]
    return (
        record["split"]["hash"] == uniform["split"]["hash"]
        and (kind(dict(record)) == "base" or record["seed"] == uniform["seed"])
        and all(mine[part] == other[part] for part in SETTINGS if part in mine and part in other)
    )


def same_cell(record: Mapping[str, Any]) -> str:
    """What runs share that differ in their seed alone."""
    science = {k: v for k, v in record["science"].items() if k not in ("seed", "probe", "along")}
    return json.dumps([record["ci"], science], sort_keys=True)


@dataclass(frozen=True)
class Pairing:
    """Runs that differ in their seed alone, less the uniform runs of the same seeds.

    Attributes:
        names: Of the runs.
        difference: Mean over them.
        single: Of each of them.
    """

    names: list[str]
    difference: Hits
    single: list[Hits]


def partners(sweep: SweepResults) -> dict[str, list[str]]:
    """The uniform runs that each run is compared with: those of its settings or, where there are
    none, the one of its seed and examples that the sweep's controls are told by
    (`memctl.analysis.controls`), so that what its settings change is seen too.
    """
    uniform = {name: r for name, r in sweep.records.items() if kind(r) == "uniform"}
    found = {
        name: [u for u, r in uniform.items() if comparable(record, r)]
        for name, record in sweep.records.items()
        if name not in uniform
    }
    runs = next((setting.runs for setting in settings(sweep)), {})
    taken = {*runs.values(), *(name for names in found.values() for name in names)}
    for name, record in sweep.records.items():
        science = record["science"]
        other = runs.get(repetition(science)) if science.get("sampler") else None
        alike = other and (record["split"]["hash"], science.get("metrics")) == (
            sweep.records[other]["split"]["hash"],
            sweep.records[other]["science"].get("metrics"),
        )
        if not found.get(name) and name not in taken and other and alike:
            found[name] = [other]
    return found


def pairings(sweep: SweepResults, hits: Mapping[str, Hits]) -> Iterator[Pairing]:
    """All runs of a sweep that there is a uniform run for."""
    groups: dict[str, dict[str, Hits]] = {}
    size = lambda name: len(hits[name].scores["own"]) if name in hits else -1
    for name, others in partners(sweep).items():
        known = [hits[u] for u in others if size(u) == size(name)] if name in hits else []
        if known:
            less = hits[name].less(Hits.mean(known))
            groups.setdefault(same_cell(sweep.records[name]), {})[name] = less
    for group in groups.values():
        yield Pairing([*group], Hits.mean([*group.values()]), [*group.values()])


def against_uniform(sweep: SweepResults, hits: Mapping[str, Hits]) -> pd.DataFrame:
    """One row a run that has a uniform one to be compared with: name, of (the first run of its
    cell), seeds (of that cell), and of each statistic NAME_change, with _low, _high, _p and _seen
    as in `paired.Changes`, and _sd, the standard deviation between seeds. Runs of a cell share
    theirs.
    """
    families: dict[str, list[Pairing]] = {}
    for pair in pairings(sweep, hits):
        split = sweep.records[pair.names[0]]["split"]["hash"]
        size = len(pair.difference.scores["own"])
        families.setdefault(f"{split} {size}", []).append(pair)
    if not families:
        return pd.DataFrame(columns=["name"])
    found: dict[str, Floats] = {}
    for names in TOGETHER:
        found |= tested([*families.values()], names)
    rows = []
    for k, pair in enumerate(pair for family in families.values() for pair in family):
        values = {column: float(column_values[k]) for column, column_values in found.items()}
        for statistic in STATISTICS:
            each = [float(h.scores[statistic].mean()) for h in pair.single]
            values[f"{statistic}_change_sd"] = (
                float(np.std(each, ddof=1)) if len(each) > 1 else np.nan
            )
        same = {"of": pair.names[0], "seeds": len(pair.names), **values}
        rows += [{"name": name, **same} for name in pair.names]
    return pd.DataFrame(rows)


def tested(families: list[list[Pairing]], names: tuple[str, ...]) -> dict[str, Floats]:
    """`paired.changes` of some statistics together, by column."""
    flat = [moves([p.difference for p in family], name) for name in names for family in families]
    step = 1 + max(f.odds for f in flat) if names == ("follows",) else 1.0
    result = changes(flat, step)
    parts = {part: np.split(values, len(names)) for part, values in result._asdict().items()}
    return {
        f"{name}_{column}": parts[part][k]
        for k, name in enumerate(names)
        for part, column in COLUMN.items()
    }


def ranges(sweep: SweepResults, hits: Mapping[str, Hits]) -> dict[str, float]:
    """Statistic -> p of its range over the cells, seeds averaged; none unless these are of one
    split, as many samples and at least two.
    """
    groups: dict[str, list[Hits]] = {}
    for name in sweep.cells["name"]:
        if name in hits:
            groups.setdefault(same_cell(sweep.records[name]), []).append(hits[name])
    cells = [Hits.mean(group) for group in groups.values()]
    sizes: set[int] = {len(h.scores["own"]) for h in cells}
    if sweep.splits > 1 or len(cells) < 2 or len(sizes) > 1:
        return {}
    return {name: range_p(moves(cells, name)) for name in STATISTICS}
