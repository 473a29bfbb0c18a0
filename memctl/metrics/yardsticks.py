"""What the metrics read where the answer is known: generators without a model, made from the data itself.

    heldout   real records that no model saw           copies   training records, drawn with replacement
    blurred   real records, smoothed                   mean     the training set's mean, repeated

For dcr_share and delta_nn the held-out records are halved at random, many times: one half plays the generator's fresh
records, the other the held-out side, against as many training records. A yardstick's interval holds 95 % of these.

`floor` is what a perfect model of as many samples would read by chance: fresh real records of that number (dcr_share and
delta_nn: the held-out yardstick itself, which is of half the held-out records against half, and so wider).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.ndimage import gaussian_filter

from memctl.data import Split
from memctl.metrics import copying
from memctl.metrics.amplitude import amplitude_js
from memctl.metrics.energy import LIMIT, energy, permuted
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.suite import Suite

HALVINGS = 20
BLUR = 0.05  # standard deviation of the Gaussian, as a share of each side's length

Records = NDArray[np.floating]
Generator = Callable[[Records, Records, np.random.Generator], Records]


def blur(records: Records) -> Records:
    """Each record smoothed along its own axes: shape (n, channels, *dims)."""
    sigma = [0, 0, *(BLUR * side for side in records.shape[2:])]
    return np.asarray(gaussian_filter(records, sigma, mode="nearest"))


GENERATORS: dict[str, Generator] = {
    "heldout": lambda train, fresh, rng: fresh,
    "copies": lambda train, fresh, rng: train[rng.integers(len(train), size=len(fresh))],
    "blurred": lambda train, fresh, rng: blur(fresh),
    "mean": lambda train, fresh, rng: np.repeat(train.mean(axis=0, keepdims=True), len(fresh), axis=0),
}


def spread(values: list[float] | Floats) -> Measure:
    """The mean, and the range that holds 95 % of the values."""
    low, high = np.quantile(values, (0.025, 0.975))
    return Measure(float(np.mean(values)), float(low), float(high))


def halved(suite: Suite, split: Split, generator: Generator, rng: np.random.Generator) -> dict[str, Measure]:
    """dcr_share and delta_nn of a generator, over random halves of the held-out records."""
    shares, deltas = [], []
    for _ in range(HALVINGS):
        order = rng.permutation(len(split.heldout))
        k = min(len(order) // 2, len(split.train))
        train = split.train[rng.choice(len(split.train), k, replace=False)]
        samples = suite.prepare(generator(train, split.heldout[order[k:]], rng))
        to_train = suite.neighbours(samples, suite.prepare(train)).first
        to_heldout = suite.neighbours(samples, suite.heldout[order[:k]]).first
        shares.append(float(copying.closer_to_train(to_train, to_heldout).mean()))
        deltas.append(float((to_heldout - to_train).mean()))
    return {"dcr_share": spread(shares), "delta_nn": spread(deltas)}


def floor(suite: Suite, n: int) -> dict[str, Measure]:
    """The spread of each metric over n fresh real records.

    Means of one value a record are resampled twice, for the held-out records are themselves a sample: once to their own
    number, and from that to n. The energy distance is that of random relabellings of train and held-out, in the ratio of
    1/n + 1/m that its null distribution scales with (a degenerate U-statistic). f_mem is the beta-binomial prediction.
    """
    config, rng, m = suite.config, suite.rng(5), len(suite.heldout)
    near = suite.neighbours(suite.heldout, suite.train)
    each = {"distance_to_train": near.mean, "nn_train": near.first}
    if not suite.bounded:
        each["js_amplitude"] = amplitude_js(suite.heldout, suite.train, config.amplitude_js, config.bins)
    draws: dict[str, list[float]] = {name: [] for name in each}
    scores = suite.projection.pca.transform(np.concatenate([suite.train, suite.heldout]))
    for _ in range(config.repeats):
        for name, values in each.items():
            source = values[rng.integers(m, size=m)]
            draws[name].append(float(source[rng.integers(m, size=n)].mean()))
        a, b = (scores[rng.integers(len(scores), size=size)] for size in (n, len(suite.train)))
        for name, value in suite.projection.compare(a, b).items():
            draws.setdefault(name, []).append(value)
    relabelled = permuted(suite.train, suite.heldout, rng, config.repeats, config.reduce)
    of = lambda *sizes: sum(1 / min(size, LIMIT) for size in sizes)
    for name, size in (("energy_train", len(suite.train)), ("energy_heldout", m)):
        draws[name] = list(relabelled * of(n, size) / of(len(suite.train), m))
    hits = copying.f_mem(near, config.threshold).value * m
    low, high = stats.betabinom(n, hits + 0.5, m - hits + 0.5).ppf((0.025, 0.975)) / n
    return {name: spread(values) for name, values in draws.items()} | {"f_mem": Measure(hits / m, float(low), float(high))}


def yardsticks(suite: Suite, split: Split, n: int) -> dict[str, dict[str, Measure]]:
    """Every yardstick's reading of every metric.

    Args:
        n: Number of generated samples that the readings will stand beside.
    """
    out = {}
    for k, (name, generator) in enumerate(GENERATORS.items()):
        rng = suite.rng(4, k)
        samples = suite.prepare(generator(split.train, split.heldout, rng))
        # What was made from the held-out records is not compared with them: real against real is held-out against train.
        unseen = suite.heldout if name in ("copies", "mean") else suite.train
        out[name] = {
            **dict(suite.distribution(samples)),
            **halved(suite, split, generator, rng),
            "energy_train": Measure(energy(samples, suite.train, suite.config.reduce)),
            "energy_heldout": Measure(energy(samples, unseen, suite.config.reduce)),
        }
    return {**out, "floor": floor(suite, n) | {k: out["heldout"][k] for k in ("dcr_share", "delta_nn")}}
