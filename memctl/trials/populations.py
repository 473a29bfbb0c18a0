"""Where the examples of trials come from: bundled data, and data of other shapes that are made
here.

    beats     the bundled heartbeats, 1 x 140
    digits    scikit-learn's, 1 x 8 x 8, with their classes
    smooth    signals of 14 independent factors, the fine ones weaker, 1 x 64
    channels  signals of 3 channels that share 8 waves, each channel later than the one before,
              3 x 64
    blobs     colour images of three soft blobs on a plain ground, 3 x 16 x 16
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.data import SOURCES
from memctl.data.base import Array, Examples
from memctl.data.split import Split, first_occurrences, split
from memctl.metrics import streams
from memctl.metrics.memo import Memo
from memctl.metrics.sides import Sides

NOISE = 0.02  # of synthetic values, beside factors of size 1
MARGIN = 3  # pixels between a blob's centre and the border
SPARE = 2  # fresh examples drawn for each that is asked for: some generators choose among them


@dataclass(frozen=True)
class Population:
    """What examples are drawn from.

    Attributes:
        draw: So many examples, no two the same, in random order.
        temporal: Whether they are signals; else they are images.
        values: Of an example.
        most: How many there are; None for a distribution.
    """

    draw: Callable[[int, np.random.Generator], Examples]
    temporal: bool
    values: int
    most: Callable[[], int] | None = None


@dataclass(frozen=True)
class Draw(Memo):
    """Training, held-out and fresh examples of one population, no two the same.

    Attributes:
        fresh: Examples on neither side, shape (k, channels, *dims).
        fresh_labels: Their classes, shape (k,), or None.
        sides: The split as answers see it.
    """

    split: Split
    fresh: Array
    fresh_labels: NDArray[np.generic] | None
    sides: Sides

    @property
    def sd(self) -> float:
        """The training data's standard deviation over all values."""
        return float(self.split.train.std(dtype=np.float64))

    def in_range(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Samples as a model of this data gives them: within its range, if it has one."""
        return x if self.split.value_range is None else np.clip(x, *self.split.value_range)


def drawn(name: str, n: int, number: int, samples: int) -> Draw:
    """One of the draws of a population: n examples a side, and fresh ones for so many samples, or
    as many as there are.
    """
    population = POPULATIONS[name]
    wanted = 2 * n + SPARE * samples
    rng = streams.rng(0, f"trials: {name} {n} {number}")
    count = min(wanted, population.most()) if population.most else wanted
    examples = population.draw(count, rng)
    labels = examples.labels
    both = replace(
        examples,
        values=examples.values[: 2 * n],
        labels=None if labels is None else labels[: 2 * n],
    )
    sides = split(both, n, n, number)
    rest = None if labels is None else labels[2 * n :]
    return Draw(sides, examples.values[2 * n :], rest, Sides.of(sides, Metrics()))


@cache
def bundled(source: str) -> Examples:
    """The distinct examples of a data set."""
    examples = SOURCES[source]().read()
    kept = first_occurrences(examples.values)
    labels = None if examples.labels is None else examples.labels[kept]
    return replace(examples, values=examples.values[kept], labels=labels)


def some(source: str, n: int, rng: np.random.Generator) -> Examples:
    """N examples of a data set, without replacement."""
    known = bundled(source)
    chosen = rng.permutation(len(known.values))[:n]
    labels = None if known.labels is None else known.labels[chosen]
    return replace(known, values=known.values[chosen], labels=labels)


def of(source: str, temporal: bool, values: int) -> Population:
    return Population(partial(some, source), temporal, values, lambda: len(bundled(source).values))


def smooth(n: int, rng: np.random.Generator) -> Examples:
    factors = np.arange(1, 15)[:, None]
    waves = np.sin(factors * np.linspace(0, np.pi, 64)) * factors**-0.4
    x = rng.normal(size=(n, 14)) @ waves
    return signals(x[:, None], rng)


def channels(n: int, rng: np.random.Generator) -> Examples:
    time, waves = np.arange(64) / 64, np.arange(1, 9)
    phase = rng.uniform(0, 2 * np.pi, size=(n, 1, 8, 1))
    size = rng.normal(size=(n, 1, 8, 1)) * waves[:, None] ** -0.5
    late = 0.05 * np.arange(3)[:, None, None]
    x = size * np.sin(2 * np.pi * waves[:, None] * (time - late) + phase)
    return signals(x.sum(axis=2), rng)


def signals(x: NDArray[np.floating], rng: np.random.Generator) -> Examples:
    values = x + NOISE * rng.normal(size=x.shape)
    return Examples(values.astype(np.float32), temporal=True)


def blobs(n: int, rng: np.random.Generator) -> Examples:
    side = 16
    x = np.repeat(rng.uniform(-1, 0, size=(n, 3, 1, 1)), side, axis=2).repeat(side, axis=3)
    for _ in range(3):
        y0, x0 = rng.uniform(MARGIN, side - MARGIN, size=(2, n, 1, 1, 1))
        width = rng.uniform(1, 3, size=(n, 1, 1, 1))
        colour = rng.uniform(0, 1, size=(n, 3, 1, 1))
        squares = (np.arange(side)[:, None] - y0) ** 2 + (np.arange(side) - x0) ** 2
        x = x + colour * np.exp(-squares / (2 * width**2))
    x = np.clip(x + NOISE * rng.normal(size=x.shape), -1, 1)
    return Examples(x.astype(np.float32), value_range=(-1.0, 1.0))


POPULATIONS = {
    "beats": of("mitdb208", temporal=True, values=140),
    "digits": of("digits", temporal=False, values=64),
    "smooth": Population(smooth, temporal=True, values=64),
    "channels": Population(channels, temporal=True, values=192),
    "blobs": Population(blobs, temporal=False, values=768),
}
