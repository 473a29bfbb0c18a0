"""Do the samples copy single training examples? Do they follow them as a whole? Are the sides what
they are said to be?

Every score is of a real example, training or held-out, and made without knowing which:

    VIEW            how many samples are nearest to it (ties shared)
    VIEW_0.33 ...   how many of these have it to themselves, d1/d2 below 1/3, 0.6, 0.8, where d1 and
                    d2 are to the nearest two of all real examples
    density_k       log of the distance to the k-th nearest other real example, less the log of that
                    to the k-th nearest sample: where samples are denser than real examples (DOMIAS,
                    van Breugel et al. 2023, arXiv 2302.12580, by nearest neighbours and without a
                    third set)

If nothing was learned from the training examples in particular, which real examples those are is a
coin's decision that no sample knows: `labels.LabelTest` tosses it again. Copies raise the first two
families, a distribution that follows its training examples the first and the last.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from memctl.answers.answer import Answer, as_p, percent, power, span
from memctl.answers.labels import POWER, LabelTest
from memctl.answers.shares import Share, chance, cliff, clopper_pearson, excess
from memctl.answers.views import Nearest, views
from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import scan
from memctl.metrics.exchange import exchange_p
from memctl.metrics.measure import Floats
from memctl.metrics.sides import Indices, Sides
from memctl.metrics.subsample import subsample

OWN = 1 / 3  # d1/d2 of f_mem: an example to itself
NEAR = (OWN, 0.6)  # of a copy
RATIOS = (*NEAR, 0.8)
NEIGHBOURS = (1, 3, 10)
MOST = 4_000  # real examples whose density is read: a fixed random choice of more
CLIP = 3.0  # of a log density, that one exact copy does not outweigh all
LEVEL = 0.0025  # of copying and of following; FACT of plain hits below OWN alone
FACT = 0.01  # 7 such hits of training examples to none of held-out ones
SAME = 0.01  # of the samples equal to training examples, none to held-out ones: a fact, no test
SWAPPED = 0.001  # nearer to held-out examples, which should never be
RELABELLINGS = 999  # behind the test of the sides, at least
UNLIKE = 0.001  # its p from which labels decide nothing
COUNTED = 9.1  # copies expected, of which 7 are there in 4 of 5 cases


@dataclass(frozen=True)
class Evidence:
    """What the questions are answered from.

    Attributes:
        counts: How many samples are nearest to each real example, by row: shape (N,).
        density: The rows of densities, shape (N,).
        labels: Which of these are training examples: shape (N,).
        m: Number of samples.
        test: Of all rows.
        natural: Share of real examples that have another one to themselves, and of how many that
            was read.
        same: How many samples equal a training, and how many a held-out example, to a millionth of
            the distance between neighbours.
        exchange: Energy distance between the sides, and its p.
    """

    counts: dict[str, Floats]
    density: dict[str, Floats]
    labels: NDArray[np.bool_]
    m: int
    test: LabelTest
    natural: tuple[float, int]
    same: tuple[int, int]
    exchange: tuple[float, float]

    @classmethod
    def of(cls, c: Comparison) -> "Evidence":
        """Of the samples of a model."""
        sides = c.sides
        counts = {
            name: row
            for view, near in views(c).items()
            for name, row in hits(c, view, near).items()
        }
        density, natural = densities(c)
        labels = np.arange(len(sides.pool)) < sides.n_train
        test = LabelTest.of(counts | density, labels, c.rng("labels"), sides.labels)
        tiny = 1e-6 * float(np.median(sides.once(spacings)[1][:, 0]))
        known, unseen = (int((near.first <= tiny).sum()) for near in c.scan.near)
        same, differ = (known, unseen), sides.once(exchange)
        return cls(counts, density, labels, len(c.samples), test, natural, same, differ)

    @property
    def near(self) -> list[str]:
        """Rows of hits as near as copies are. Smoothed, samples that follow come nearer too."""
        wide = f"smoothed{threshold(NEAR[-1])}"
        ends = tuple(map(threshold, NEAR))
        return [name for name in self.counts if name.endswith(ends) and name != wide]

    def share(self, row: str, level: float = 0.95) -> Share:
        """The excess of a row's hits of training examples."""
        return excess(self.counts[row], self.labels, self.m, level)

    def chance(self, row: str) -> float:
        """The standard deviation of `share` under random labels."""
        return chance(self.counts[row], self.labels, self.m)

    def detectable(self, row: str, rows: list[str], level: float) -> float:
        """The share of copies that the test of these rows would see in 4 of 5 cases, by this
        row.
        """
        return (self.test.limit(rows, level) + POWER) * self.chance(row)


def threshold(value: float) -> str:
    """The end of a row's name."""
    return f"_{value:.2g}"


def hits(c: Comparison, view: str, near: Nearest) -> dict[str, Floats]:
    """The rows of a view."""
    n = len(c.sides.pool)
    count = lambda chosen: np.bincount(near.example[chosen], minlength=n).astype(float)
    rows = {f"{view}{threshold(r)}": count(near.ratio < r) for r in RATIOS}
    whole = count(slice(None))
    if view == "plain":
        sample, example = c.scan.tied
        weight = 1 / np.bincount(sample)[sample]
        whole = np.bincount(example, weights=weight, minlength=n)
    return {view: whole, **rows}


def densities(c: Comparison) -> tuple[dict[str, Floats], tuple[float, int]]:
    """The rows of densities, 0 for examples that were not chosen, and `Evidence.natural`."""
    sides = c.sides
    chosen, among = sides.once(spacings)
    ks = [k for k in NEIGHBOURS if k < min(len(chosen), len(c.samples))]
    to_samples = nearest(sides, sides.pool[chosen], c.samples) if ks else among
    rows = {}
    for k in ks:
        tiny = np.finfo(float).tiny
        gap = np.log(np.maximum(among[:, k - 1], tiny)) - np.log(
            np.maximum(to_samples[:, k - 1], tiny)
        )
        row = np.zeros(len(sides.pool))
        row[chosen] = np.clip(gap, -CLIP, CLIP)
        rows[f"density_{k}"] = row
    own = among[:, 0] < OWN * among[:, 1]
    return rows, (float(own.mean()), len(own))


def spacings(sides: Sides) -> tuple[Indices, Floats]:
    """Real examples and their distances to the nearest others among them, rising."""
    chosen = np.sort(subsample(np.arange(len(sides.pool)), MOST))
    examples = sides.pool[chosen]
    return chosen, nearest(sides, examples, examples, np.arange(len(chosen)))


def nearest(sides: Sides, examples: Floats, others: Floats, own: Indices | None = None) -> Floats:
    """Distances of each example to the nearest others, rising, shape (n, at most
    max(NEIGHBOURS)); `own` as in `scan`.
    """
    k = min(max(NEIGHBOURS), len(others) - (own is not None))
    return scan(
        examples, others, sides.config.reduce, mirror=sides.mirrored, own=own, closest=k
    ).closest


def exchange(sides: Sides) -> tuple[float, float]:
    """Whether the sides could be draws of one population: their energy distance and its p."""
    repeats = max(sides.config.repeats, RELABELLINGS)
    rng = sides.rng("exchangeable")
    return exchange_p(sides.train, sides.heldout, rng, repeats, sides.config.reduce)


def copies(e: Evidence) -> Answer:
    """Whether single training examples are copied, by the samples that have one to themselves."""
    fact, by_any = e.test.p([f"plain{threshold(OWN)}"]), e.test.p(e.near)
    same = e.same[0] if not e.same[1] else 0
    yes, p = fact <= FACT or by_any <= LEVEL or same >= SAME * e.m, min(fact, by_any)
    widest = most(e, [row for row in e.counts if row.endswith(threshold(RATIOS[-1]))])
    row = e.test.strongest(e.near)
    mine, other = e.counts[row][e.labels], e.counts[row][~e.labels]
    seen = max(COUNTED / e.m, *(e.detectable(r, e.near, LEVEL) for r in e.near if "plain" in r))
    low = least(e) if yes else 0.0
    high = max(low, widest if yes else most(e, e.near))
    effect = float(np.clip(max(e.share(row).value for row in e.near), low, high))
    text = (
        f"yes: {span(low, high)} of the samples; {e.same[0]:,} equal a training example,"
        f" {mine.sum():,.0f} of {e.m:,} have one of {np.sum(mine > 0):,} training examples nearly"
        f" to themselves, {other.sum():,.0f} one of {np.sum(other > 0):,} held-out ones ({as_p(p)})"
        if yes
        else f"none seen: at most {percent(high, up=True)} of the samples, and"
        f" {percent(widest, up=True)} if copies may be changed by nearly as much as neighbours"
        f" differ; {power(seen)} ({as_p(p)})"
    )
    question = "copies single training examples?"
    return Answer(question, yes, text, effect, low, high, p, seen, max(low, widest))


def most(e: Evidence, rows: list[str]) -> float:
    """The most copies that come below these rows' thresholds in some view."""
    return max(e.share(row).at_most for row in rows)


def least(e: Evidence) -> float:
    """The least share of copies: by the view and threshold that show most, all of them tried, or by
    the samples that equal an example.
    """
    rows = [name for name in e.counts if name.endswith(tuple(map(threshold, RATIOS)))]
    equal = max(e.same[0] - e.same[1], 0)
    by_rows = max(e.share(row, 1 - 0.05 / len(rows)).low for row in rows)
    return max(0.0, by_rows, clopper_pearson(equal, e.m, 0.95)[0])


def follows(e: Evidence) -> Answer:
    """Whether samples lie nearer to training than to held-out examples, or denser around them."""
    rows = [*e.test.observed]
    p = e.test.p(rows)
    share, smallest = e.share("plain"), e.detectable("plain", rows, LEVEL)
    yes = p <= LEVEL
    if not yes:  # then samples may hang together more than held-out hits show
        half = 1.96 * e.chance("plain")
        low, high = max(-1.0, share.value - half), min(1.0, share.value + half)
        share = Share(share.value, min(low, share.low), max(high, share.high))
    way = f"{percent(share.value)} [{span(share.low, share.high)}] of the way from fresh to copies"
    told = [cliff(row[e.labels], row[~e.labels]) for row in e.density.values()]
    if yes and share.low <= 0 and told:  # the nearest do not show it
        best = max(told)
        way = (
            f"the samples' density tells {percent(best.value)} [{span(best.low, best.high)}] of the"
            f" training examples from held-out ones; by the nearest {way}"
        )
    text = (
        f"yes: {way} ({as_p(p)})"
        if yes
        else f"not seen: at most {percent(share.at_most, up=True)} of the way from fresh to"
        f" copies; {power(smallest)} ({as_p(p)})"
    )
    question = "follows its training examples as a whole?"
    return Answer(question, yes, text, *share, p, smallest, share.at_most)


def heldout_seen(e: Evidence) -> Answer:
    """Whether samples are nearer to held-out examples, or copy these too."""
    row = f"plain{threshold(OWN)}"
    p = e.test.p([*e.test.observed], sign=-1)
    other = e.counts[row][~e.labels]
    chance = clopper_pearson(e.natural[0] * e.natural[1], e.natural[1], 0.998)[1]
    both = float(scipy.stats.binom.sf((other > 0).sum() - 1, e.m, chance * (~e.labels).mean()))
    share = other.sum() / e.m
    low, high = clopper_pearson(other.sum(), e.m, 0.95)
    yes = p <= SWAPPED or both <= UNLIKE
    if p <= SWAPPED:
        text = (
            "yes: the samples are nearer to held-out than to training examples; are the two"
            f" swapped? ({as_p(p)})"
        )
    elif yes:
        text = (
            f"yes: {span(low, high)} of the samples have a held-out example to themselves, which"
            f" {percent(e.natural[0])} of real examples have ({as_p(both)}); did the generator see"
            " them?"
        )
    else:
        text = f"no sign of it ({as_p(p)})"
    return Answer("has it seen the held-out examples?", yes, text, share, low, high, min(p, both))


def unlike_sides(e: Evidence) -> Answer:
    """Whether train and held-out differ, so that labels decide nothing."""
    value, p = e.exchange
    yes = p <= UNLIKE
    text = (
        f"yes: their energy distance is {value:.3g} ({as_p(p)}); a sample may then be near to"
        " train for what train is"
        if yes
        else f"no sign of it ({as_p(p)}); groups kept together would not be seen"
    )
    return Answer("do training and held-out examples differ as sets?", yes, text, p=p)
