"""Generators of known behaviour: what each does is known, so that the word it should be given is.

fresh                   examples on neither side
NAME_SHARE              fresh, but that share in per cent are copies, changed as
                        `transformations` says
part                    fresh, but a fifth are copies of a twentieth of the training examples
average, smote          half way, and a random part of the way, from a training example to the
                        nearest other
kde                     training examples with noise of 0.4 sd
gauss, mixture          a Gaussian, or a mixture of some, fitted to the training examples;
                        _diag with diagonal covariances
blur, shrunk, strong    fresh, smoothed; with 0.5 and 1.5 times their distance from the mean
mean, one, few          the training mean; one fresh example; a few of them, repeated
dropped                 fresh, but without the commonest classes that make up a quarter
                        (clusters where the data have no classes)
noise, half_noise       fresh with noise of 0.4 sd; half of them nothing but noise
swapped, both           copies of held-out examples; of both sides
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.distance import neighbours
from memctl.metrics.generators import Output, blur
from memctl.trials.populations import Draw
from memctl.trials.transformations import OF_IMAGES, TRANSFORMATIONS, Transformation, Values

SHARES = {"exact": (2, 5, 10, 20, 50, 100)}  # of copies, in per cent
OTHER_SHARES = (10, 20, 100)
KDE, NOISE = 0.4, 0.4  # of the data's standard deviation
A_COMPONENT = 60  # training examples for each component of a mixture
RIDGE = 1e-3  # added to fitted variances, as a share of the data's
WIDEST = 192  # principal axes, at most, along which full covariances are fitted
CLUSTERS, DROPPED = 4, 0.25

Make = Callable[[Draw, int, np.random.Generator], Output]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Generator:
    """A generator of known behaviour.

    Attributes:
        make: m samples, or as many as there are fresh examples for, and their sources.
        kind: fresh, copies, near (to training examples, but none of them), fitted, faulty, swapped
            or both.
        share: Of the samples that are copies, in [0, 1]; NaN where that is no question.
    """

    make: Make
    kind: str
    share: float = nan


def fresh(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    chosen = rng.permutation(len(draw.fresh))[:m]
    return Output(draw.fresh[chosen].astype(np.float64), np.full(len(chosen), -1))


def copies_of(draw: Draw, source: Indices) -> Output:
    """Examples by their place among train and held-out."""
    return Output(np.concatenate([draw.split.train, draw.split.heldout])[source] * 1.0, source)


def partly(
    share: float, change: Transformation, draw: Draw, m: int, rng: np.random.Generator
) -> Output:
    """Copies of random training examples among fresh ones."""
    examples, source = fresh(draw, m, rng)
    k = round(share * len(examples))
    copied = copies_of(draw, rng.integers(len(draw.split.train), size=k))
    examples[:k], source[:k] = change(copied.examples, draw, rng), copied.source
    return Output(examples, source)


def part(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    examples, source = fresh(draw, m, rng)
    n = len(draw.split.train)
    k, few = len(examples) // 5, rng.permutation(n)[: max(1, n // 20)]
    copied = copies_of(draw, rng.choice(few, size=k))
    examples[:k], source[:k] = copied
    return Output(examples, source)


def nearest_other(draw: Draw) -> Indices:
    """Of each training example the nearest other."""
    train = draw.sides.train
    return neighbours(train, train, own=np.arange(len(train))).nearest


def between(
    way: Callable[[np.random.Generator, int], Values],
    draw: Draw,
    m: int,
    rng: np.random.Generator,
) -> Output:
    """Training examples moved towards the nearest other by a part of the way, in [0, 1]."""
    train = draw.split.train.astype(np.float64)
    source = rng.integers(len(train), size=size(draw, m))
    to = train[draw.once(nearest_other)[source]] - train[source]
    part = way(rng, len(source)).reshape(-1, *[1] * (len(train.shape) - 1))
    return made(train[source] + part * to)


def kde(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    train = draw.split.train
    copied = train[rng.integers(len(train), size=size(draw, m))]
    return made(copied + KDE * draw.sd * rng.normal(size=copied.shape))


def size(draw: Draw, m: int) -> int:
    """As many samples as the fresh set of this draw has."""
    return min(m, len(draw.fresh))


def made(examples: Values) -> Output:
    """Samples that are no example's copies."""
    return Output(examples, np.full(len(examples), -1))


def flat(draw: Draw) -> NDArray[np.float64]:
    return draw.split.train.reshape(len(draw.split.train), -1).astype(np.float64)


def fitted(
    components: Callable[[int], int], kind: str, draw: Draw, m: int, rng: np.random.Generator
) -> Output:
    """Samples of a density that was fitted to the training examples."""
    from sklearn.exceptions import ConvergenceWarning  # here alone: it takes a second
    from sklearn.mixture import GaussianMixture

    x = flat(draw)
    mean, axes = x.mean(axis=0), draw.once(principal_axes)
    wide = kind == "full" and len(axes) < x.shape[1]
    model = GaussianMixture(
        components(len(x)),
        covariance_type=kind,
        reg_covar=RIDGE * draw.sd**2,
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((x - mean) @ axes.T if wide else x)
    values = model.sample(size(draw, m))[0]
    if wide:  # beyond the axes as much noise as there is
        left = np.square(x - mean).sum() - np.square((x - mean) @ axes.T).sum()
        sd = np.sqrt(max(left, 0.0) / len(x) / (x.shape[1] - len(axes)))
        values = mean + values @ axes + sd * rng.normal(size=(len(values), x.shape[1]))
    return made(values.reshape(-1, *draw.split.train.shape[1:]))


def principal_axes(draw: Draw) -> NDArray[np.float64]:
    """Of the training examples, shape (k, D): a full covariance has D^2 numbers, so one of wide
    examples is fitted along these.
    """
    x = flat(draw)
    return np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:WIDEST]


def changed(change: Transformation, draw: Draw, m: int, rng: np.random.Generator) -> Output:
    """Fresh examples with a fault."""
    return made(change(fresh(draw, m, rng).examples, draw, rng))


def centre(draw: Draw) -> NDArray[np.float64]:
    return np.asarray(draw.split.train.mean(axis=0, dtype=np.float64))


def from_centre(factor: float, x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    return centre(draw) + factor * (x - centre(draw))


def with_noise(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    return x + NOISE * draw.sd * rng.normal(size=x.shape)


def half_noise(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    k = len(x) // 2
    return np.concatenate([centre(draw) + draw.sd * rng.normal(size=x[:k].shape), x[k:]])


def repeated(
    count: Callable[[int], int], x: Values, draw: Draw, rng: np.random.Generator
) -> Values:
    """The first few in the place of all."""
    return x[np.arange(len(x)) % count(len(x))]


def classes(draw: Draw) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Classes of training and fresh examples, or clusters where there are none."""
    if draw.fresh_labels is not None:
        assert draw.split.train_labels is not None
        return draw.split.train_labels, draw.fresh_labels
    from sklearn.cluster import KMeans

    clusters = KMeans(CLUSTERS, n_init=1, random_state=0).fit(flat(draw))
    rest = draw.fresh.reshape(len(draw.fresh), -1).astype(np.float64)
    return clusters.labels_, clusters.predict(rest)


def dropped(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    known, rest = draw.once(classes)
    names, count = np.unique(known, return_counts=True)
    order = np.argsort(-count, kind="stable")
    gone = 1 + int(np.searchsorted(np.cumsum(count[order]), DROPPED * len(known)))
    left = draw.fresh[~np.isin(rest, names[order[:gone]])]
    return made(left[rng.permutation(len(left))[:m]].astype(np.float64))


def swapped(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    n, k = len(draw.split.train), len(draw.split.heldout)
    return copies_of(draw, n + rng.integers(k, size=size(draw, m)))


def both(draw: Draw, m: int, rng: np.random.Generator) -> Output:
    k = len(draw.split.train) + len(draw.split.heldout)
    return copies_of(draw, rng.integers(k, size=size(draw, m)))


def all_copies() -> Iterator[tuple[str, Generator]]:
    for name, change in TRANSFORMATIONS.items():
        for percent in SHARES.get(name, OTHER_SHARES):
            make = partial(partly, percent / 100, change)
            yield f"{name}_{percent}", Generator(make, "copies", percent / 100)


def several(n: int) -> int:
    return max(2, n // A_COMPONENT)


GENERATORS: dict[str, Generator] = {
    "fresh": Generator(fresh, "fresh", 0.0),
    **dict(all_copies()),
    "part": Generator(part, "copies", 0.2),
    "average": Generator(partial(between, lambda rng, m: np.full(m, 0.5)), "near"),
    "smote": Generator(partial(between, lambda rng, m: rng.random(m)), "near"),
    "kde": Generator(kde, "near"),
    "gauss": Generator(partial(fitted, lambda n: 1, "full"), "fitted"),
    "gauss_diag": Generator(partial(fitted, lambda n: 1, "diag"), "fitted"),
    "mixture": Generator(partial(fitted, several, "full"), "fitted"),
    "mixture_diag": Generator(partial(fitted, lambda n: 4 * several(n), "diag"), "fitted"),
    "blur": Generator(partial(changed, lambda x, draw, rng: blur(x)), "faulty"),
    "mean": Generator(partial(changed, partial(from_centre, 0.0)), "faulty"),
    "shrunk": Generator(partial(changed, partial(from_centre, 0.5)), "faulty"),
    "strong": Generator(partial(changed, partial(from_centre, 1.5)), "faulty"),
    "one": Generator(partial(changed, partial(repeated, lambda m: 1)), "faulty"),
    "few": Generator(partial(changed, partial(repeated, lambda m: max(2, m // 20))), "faulty"),
    "dropped": Generator(dropped, "faulty"),
    "noise": Generator(partial(changed, with_noise), "faulty"),
    "half_noise": Generator(partial(changed, half_noise), "faulty"),
    "swapped": Generator(swapped, "swapped"),
    "both": Generator(both, "both"),
}


def names(temporal: bool) -> list[str]:
    """The generators for signals, or for images."""
    only = tuple(f"{name}_" for name in OF_IMAGES)
    return [name for name in GENERATORS if not (temporal and name.startswith(only))]
