"""Metrics of 1,000 heartbeats: memctl beside SciPy, prdc and scikit-learn, which take the same ones
by one, each with its own distances, as separate packages do.

The same work on both sides: from the raw split and samples to the same numbers, which a test
compares; without intervals, which the packages do not give. memctl's other metrics are left out.
"""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import wasserstein_distance
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
from sklearn.neighbors import NearestNeighbors

from memctl import data
from memctl.config import Metrics
from memctl.data import Split
from memctl.metrics import coverage, frechet
from memctl.metrics.equal_sets import equal_sets
from memctl.metrics.suite import Suite
from tests.benchmarks.timing import Rows, Size, compared

Readings = dict[str, float]
Examples = NDArray[np.float64]
NAMES = (
    "distance_to_train", "f_mem", "energy_train", "energy_heldout", "precision", "recall",
    "density", "coverage", "kid", "mmd", "frechet", "wasserstein_C1", "wasserstein_C2",
)  # fmt: skip


def flat(x: np.ndarray) -> Examples:
    return np.asarray(x.reshape(len(x), -1), dtype=float)


def by_memctl(split: Split, samples: np.ndarray) -> Readings:
    """These metrics in memctl, from the split on, with one resampling for each interval."""
    suite = Suite.of(split, Metrics(repeats=1))
    chosen = replace(suite, metrics=tuple(m for m in suite.metrics if m.name in NAMES))
    return {name: measure.value for name, measure in chosen.evaluate(samples).items()}


def one_by_one(split: Split, samples: np.ndarray, real: Examples, fake: Examples) -> Readings:
    """The same by packages.

    Args:
        real, fake: As many held-out examples and samples, those that memctl chose.
    """
    from prdc import compute_prdc

    train, heldout, made = flat(split.train), flat(split.heldout), flat(samples)
    width = train.shape[1]
    out: Readings = {"distance_to_train": cdist(made, train).mean() / np.sqrt(width)}
    two, _ = NearestNeighbors(n_neighbors=2).fit(train).kneighbors(made)
    out["f_mem"] = float((two[:, 0] < two[:, 1] / 3).mean())
    for name, side in (("energy_train", train), ("energy_heldout", heldout)):
        apart = 2 * cdist(made, side).mean() - pdist(made).mean() - pdist(side).mean()
        out[name] = float(apart / np.sqrt(width))
    with redirect_stdout(io.StringIO()):
        out |= {name: float(x) for name, x in compute_prdc(real, fake, coverage.K).items()}
    apart = float(np.median(pdist(train))) / np.sqrt(width)  # mmd's bandwidth
    out["kid"] = unbiased(lambda a, b: polynomial_kernel(a, b, 3, 1 / width, 1), fake, real)
    out["mmd"] = unbiased(lambda a, b: rbf_kernel(a, b, 1 / (2 * apart**2 * width)), fake, real)
    pca = PCA(min(frechet.COMPONENTS, len(train) // 4)).fit(train)
    a, b = pca.transform(fake), pca.transform(real)
    s, r = np.cov(a.T), np.cov(b.T)
    means = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    out["frechet"] = float(means + np.trace(s + r - 2 * np.real(sqrtm(s @ r))))
    pca = PCA(2).fit(train)
    a, b = pca.transform(made), pca.transform(train)
    for k in range(2):
        out[f"wasserstein_C{k + 1}"] = float(wasserstein_distance(a[:, k], b[:, k]))
    return out


def unbiased(kernel: Callable[[Examples, Examples], Examples], a: Examples, b: Examples) -> float:
    """MMD^2, no example paired with itself."""
    within = [kernel(x, x) for x in (a, b)]
    means = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within]
    return float(sum(means) - 2 * kernel(a, b).mean())


def works(n: int) -> tuple[Callable[[], Readings], Callable[[], Readings], Callable[[], object]]:
    """Readings of n samples: memctl's, the packages', and all of memctl's, with intervals."""
    split = data.load(data.build({"name": "mitdb208"}))
    rng = np.random.default_rng(0)
    both = np.concatenate([split.train, split.heldout])
    chosen = both[rng.integers(len(both), size=n)]  # some are near copies
    samples = (chosen + 0.1 * rng.standard_normal(chosen.shape)).astype(np.float32)
    suite = Suite.of(split, Metrics())
    sets = equal_sets(suite.compare(samples))
    assert sets is not None
    return (
        lambda: by_memctl(split, samples),
        lambda: one_by_one(split, samples, sets.real, sets.samples),
        lambda: Suite.of(split, Metrics()).evaluate(samples),
    )


def evaluation(size: Size) -> Rows:
    """The same metrics both ways, and all of memctl's."""
    n = 100 if size.quick else 1000
    ours, theirs, all_of_them = works(n)
    try:
        theirs()
    except ImportError as error:
        print(f"left out: {error}; pip install prdc", file=sys.stderr)
        return []
    title = f"{len(NAMES)} metrics of {n:,} heartbeats"
    both = {"memctl": ours, "SciPy, prdc and scikit-learn, one by one": theirs}
    rows = compared(title, both, size.times())
    whole = {"memctl": all_of_them}
    return rows + compared(f"all metrics of {n:,} heartbeats, with intervals", whole, size.times())
