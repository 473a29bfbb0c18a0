"""Could the samples be real, and what do they leave out?

If samples and held-out examples are draws of one population, a coin decided which is which, given
the training examples. Scores of both, each made without knowing:

    distance   to the nearest training example
    contrast   distance to the mean training example
    detail     rms of what smoothing takes away
    spacing    distance to the nearest other of samples and held-out examples

Too far, too much contrast or detail is off the data; too little contrast, detail or spacing is
collapsed, and so are samples that leave out what training examples reach: held-out examples are
then nearer to a training example than to one of as many samples. The effect is Cliff's delta, the
probability that a sample scores higher than a held-out example less that it scores lower: where a
part of the samples is unlike all real ones, it is the share of these. Its interval is DeLong's
(1988).
"""

from dataclasses import dataclass

import numpy as np
import scipy

from memctl.answers.answer import Answer, as_p, percent, span
from memctl.answers.labels import POWER, LabelTest
from memctl.answers.shares import Share, chance, cliff, excess
from memctl.answers.views import smooth
from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import neighbours
from memctl.metrics.measure import Floats
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import LIMIT, subsample

LEVEL = 0.0015
MATERIAL = 0.2  # of Cliff's delta, and of the held-out examples left out: less is a blemish
MORE = {
    "distance": "farther from training examples",
    "contrast": "of more contrast",
    "detail": "rougher",
}
LESS = {"contrast": "of less contrast", "detail": "smoother", "spacing": "nearer to one another"}
SMOOTH = 0.01  # of a side's length, at least one value


@dataclass(frozen=True)
class Beside:
    """Samples beside held-out examples, and train beside samples.

    Attributes:
        effects: Score -> Cliff's delta of the samples.
        test: Whether it is a sample, of samples and held-out examples.
        reach: Share of held-out examples that samples leave out, and the p of it.
    """

    effects: dict[str, Share]
    test: LabelTest
    reach: tuple[Share, float, float]

    @classmethod
    def of(cls, c: Comparison) -> "Beside":
        """Of the samples of a model."""
        real = subsample(c.sides.heldout)
        own, other = scores(c, c.samples), scores(c, real)
        both = np.concatenate([c.samples, real])
        mirror = c.sides.mirrored
        reduce = c.sides.config.reduce
        rows = {name: np.concatenate([own[name], other[name]]) for name in own}
        rows["spacing"] = neighbours(both, both, reduce, np.arange(len(both)), mirror).first
        label = np.arange(len(both)) < len(c.samples)
        ranks = {name: scipy.stats.rankdata(row) for name, row in rows.items()}
        effects = {name: cliff(row[label], row[~label]) for name, row in rows.items()}
        return cls(effects, LabelTest.of(ranks, label, c.rng("realism")), reached(c, real))


def scores(c: Comparison, examples: Floats) -> dict[str, Floats]:
    """Those that an example has by itself, shape (n,) each."""
    sides = c.sides
    near = (
        c.scan.near[0].first
        if examples is c.samples
        else neighbours(examples, sides.train, sides.config.reduce, mirror=sides.mirrored).first
    )
    rough = examples - smooth(examples, sides.shape, SMOOTH)
    return {
        "distance": near,
        "contrast": np.linalg.norm(examples - sides.once(centre), axis=1),
        "detail": np.sqrt(np.square(rough).mean(axis=1)),
    }


def centre(sides: Sides) -> Floats:
    """The mean training example, shape (D,)."""
    return np.asarray(sides.train.mean(axis=0))


def reached(c: Comparison, real: Floats) -> tuple[Share, float, float]:
    """The share of held-out examples that samples leave out beside as many training examples, its
    p, and what would have been seen.
    """
    k = min(len(c.samples), c.sides.n_train, LIMIT)
    rng = c.rng("reach")
    some = lambda x: x if len(x) == k else x[np.sort(rng.choice(len(x), k, replace=False))]
    both = np.concatenate([some(c.sides.train), some(c.samples)])
    near = neighbours(real, both, c.sides.config.reduce, mirror=c.sides.mirrored).nearest
    counts = np.bincount(near, minlength=2 * k).astype(float)
    label = np.arange(2 * k) < k
    test = LabelTest.of({"reach": counts}, label, rng)
    seen = (test.limit(["reach"], LEVEL) + POWER) * chance(counts, label, len(real))
    return excess(counts, label, len(real)), test.p(["reach"]), seen


def could_be_real(b: Beside) -> Answer:
    """Whether samples are off the data: farther, rougher or of more contrast than held-out ones."""
    rows = list(MORE)
    p, row = b.test.p(rows), b.test.strongest(rows)
    effect = b.effects[row]
    off = p <= LEVEL and effect.value >= MATERIAL
    shown = f"{percent(effect.value)} [{span(effect.low, effect.high)}]"
    text = (
        f"no: {shown} of the samples are {MORE[row]} than real ones ({as_p(p)})"
        if off
        else f"yes, but for at most {percent(effect.at_most, up=True)} that are"
        f" {MORE[row]} than real ones ({as_p(p)})"
    )
    seen = (b.test.limit(rows, LEVEL) + POWER) * (effect.high - effect.low) / 3.92
    return Answer("could they be real?", not off, text, *effect, p, seen, effect.at_most)


def variety(b: Beside) -> Answer:
    """Whether samples are collapsed: smoother, of less contrast, crowded, or not all that there
    is.
    """
    missing, p_missing, seen = b.reach
    p_less, row = b.test.p(LESS, -1), b.test.strongest(LESS, -1)
    less = -b.effects[row].value
    smooth = p_less <= LEVEL / 2 and less >= MATERIAL
    absent = p_missing <= LEVEL / 2 and missing.value >= MATERIAL
    # Samples off the data leave it out as well: that is no fault of their variety.
    off = not could_be_real(b).yes
    p = min(1.0, 2 * min(p_less, p_missing))
    low, high = max(missing.low, 0), max(missing.high, 0)
    left_out = f"{percent(max(missing.value, 0))} [{span(low, high)}] of the held-out examples"
    if smooth or (absent and not off):
        yes, text = (
            False,
            (
                f"no: left out are {left_out}, and {percent(max(less, 0))} of the samples are"
                f" {LESS[row]} than real ones ({as_p(p)})"
            ),
        )
    elif absent:
        yes, text = (
            None,
            (
                f"can't be told: left out are {left_out} ({as_p(p)}), as by any samples that could"
                " not be real"
            ),
        )
    else:
        yes, text = True, f"yes, but for {left_out} that are left out ({as_p(p)})"
    return Answer("do they show all that there is?", yes, text, *missing, p, seen, missing.at_most)
