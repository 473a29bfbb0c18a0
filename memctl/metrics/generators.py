"""Generators without a model, made from the data itself, whose behaviour is known.

    heldout   real examples that no model saw
    copies    training examples, drawn with replacement
    blurred   real examples, smoothed
    mean      the training set's mean, repeated

and, to calibrate metrics with (fresh: the held-out examples):

    copies_2, _10, _50   fresh, but that share are copies
    kde_20, kde_40       training examples with noise of 0.2, 0.4 sd
    interpolated         0.8 of one training example and 0.2 of another
    shrunk, contrast     fresh, 0.5 and 1.5 times as far from the mean
    noise                fresh with noise of 0.4 sd
    late                 (signals) training examples up to 3 % of their length early or late

sd is the training data's standard deviation over all values.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from memctl.data import Split

BLUR = 0.05  # standard deviation of the Gaussian, as a share of each side's length

Examples = NDArray[np.floating]


class Output(NamedTuple):
    """What a generator gives.

    Attributes:
        examples: shape (m, channels, *dims).
        source: Index, in train and after it held-out, of the example that each was made from, shape
            (m,); -1 for none.
    """

    examples: Examples
    source: NDArray[np.intp]


Generator = Callable[[Split, int, np.random.Generator], Output]


def blur(examples: Examples) -> Examples:
    """Each example smoothed along its own axes: shape (n, channels, *dims)."""
    sigma = [0, 0, *(BLUR * side for side in examples.shape[2:])]
    return np.asarray(gaussian_filter(examples, sigma, mode="nearest"))


def some(split: Split, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The held-out examples, or n of them, as indices among train and held-out."""
    k = len(split.heldout)
    return len(split.train) + (np.arange(k) if k <= n else np.sort(rng.choice(k, n, replace=False)))


def heldout(split: Split, n: int, rng: np.random.Generator) -> Output:
    chosen = some(split, n, rng)
    return Output(split.heldout[chosen - len(split.train)], chosen)


def copies(split: Split, n: int, rng: np.random.Generator) -> Output:
    chosen = rng.integers(len(split.train), size=min(n, len(split.heldout)))
    return Output(split.train[chosen], chosen)


def blurred(split: Split, n: int, rng: np.random.Generator) -> Output:
    examples, source = heldout(split, n, rng)
    return Output(blur(examples), source)


def mean(split: Split, n: int, rng: np.random.Generator) -> Output:
    m = min(n, len(split.heldout))
    average = split.train.mean(axis=0, keepdims=True, dtype=np.float64)
    return Output(np.repeat(average, m, axis=0), np.full(m, -1))


def partly_copied(share: float, split: Split, n: int, rng: np.random.Generator) -> Output:
    examples, source = heldout(split, n, rng)
    k = round(share * len(examples))
    chosen = rng.choice(len(split.train), k, replace=k > len(split.train))
    replaced = rng.choice(
        len(examples), k, replace=False
    )  # any: held-out examples stand in the order of their classes
    source[replaced] = chosen
    examples[replaced] = split.train[chosen]
    return Output(examples, source)


def stretched(factor: float, split: Split, n: int, rng: np.random.Generator) -> Output:
    examples, source = heldout(split, n, rng)
    centre = split.train.mean(axis=0, dtype=np.float64)
    return Output(centre + factor * (examples - centre), source)


def noisy(scale: float, of: Generator, split: Split, n: int, rng: np.random.Generator) -> Output:
    examples, source = of(split, n, rng)
    return Output(
        examples + scale * split.train.std(dtype=np.float64) * rng.standard_normal(examples.shape),
        source,
    )


def interpolated(split: Split, n: int, rng: np.random.Generator) -> Output:
    first, source = copies(split, n, rng)
    second, _ = copies(split, n, rng)
    return Output(0.8 * first + 0.2 * second, source)


def late(split: Split, n: int, rng: np.random.Generator) -> Output:
    examples, source = copies(split, n, rng)
    most = max(1, round(0.03 * examples.shape[-1]))
    shifts = rng.choice([s for s in range(-most, most + 1) if s], size=len(examples))
    times = np.clip(np.arange(examples.shape[-1]) - shifts[:, None], 0, examples.shape[-1] - 1)
    return Output(np.take_along_axis(examples, times[:, None], axis=-1), source)


GENERATORS: dict[str, Generator] = {
    "heldout": heldout,
    "copies": copies,
    "blurred": blurred,
    "mean": mean,
}
CALIBRATORS: dict[str, Generator] = GENERATORS | {
    "copies_2": partial(partly_copied, 0.02),
    "copies_10": partial(partly_copied, 0.1),
    "copies_50": partial(partly_copied, 0.5),
    "kde_20": partial(noisy, 0.2, copies),
    "kde_40": partial(noisy, 0.4, copies),
    "interpolated": interpolated,
    "shrunk": partial(stretched, 0.5),
    "noise": partial(noisy, 0.4, heldout),
    "contrast": partial(stretched, 1.5),
}
IN_TIME: dict[str, Generator] = {"late": late}  # of signals alone
