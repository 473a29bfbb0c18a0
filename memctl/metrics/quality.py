"""Quality and variety of samples against as many real examples: one call for all metrics that do not
look for copies, and one that does.

Precision to sliced W2 are blind to copying: exact copies of train read as fresh examples do, or
better. At most LIMIT examples a side.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from memctl.metrics.authenticity import identifiability
from memctl.metrics.coverage import K, prdc, radii
from memctl.metrics.distance import neighbours
from memctl.metrics.energy import LIMIT, limited
from memctl.metrics.frechet import frechet
from memctl.metrics.measure import Floats, Measure, mean
from memctl.metrics.mmd import kid, median_bandwidth, mmd_rbf, rbf
from memctl.metrics.sliced import directions, sliced_w2
from memctl.metrics.spectrum import acf_distance, spectrum_distance
from memctl.metrics.vendi import vendi_ratio

COMPONENTS = (
    32  # of the PCA in whose space the Frechet distance is taken; well below the number of examples
)


@dataclass(frozen=True)
class Quality:
    """What these metrics need of the training examples, found once.

    Attributes:
        bandwidth: Of the Gaussian kernel: the median distance between training examples.
        along: Directions of the sliced Wasserstein distance.
        pca: Of the Frechet distance.
        signal: Shape of an example, (channels, length), where its last axis is time.
    """

    bandwidth: float
    along: Floats
    pca: PCA
    signal: tuple[int, ...] | None = None

    @classmethod
    def of(
        cls, train: Floats, rng: np.random.Generator, signal: tuple[int, ...] | None = None
    ) -> "Quality":
        some = limited(train)
        components = max(1, min(COMPONENTS, len(some) // 4, some.shape[1]))
        solver = "full" if some.shape[1] < 2000 else "arpack"
        pca = PCA(components, svd_solver=solver, random_state=0).fit(some)
        return cls(median_bandwidth(some) or 1.0, directions(train.shape[1], rng), pca, signal)

    def measure(
        self, samples: Floats, real: Floats, rng: np.random.Generator, repeats: int
    ) -> dict[str, Measure]:
        """All of them, for samples and real examples of equal number, shape (k, D) each, k above 5
        (see `coverage`).
        """
        examples = prdc(samples, real)
        kernel = rbf(self.bandwidth)
        return {
            **{name: mean(values, rng, repeats) for name, values in examples._asdict().items()},
            "kid": kid(samples, real, rng),
            "mmd": mmd_rbf(samples, real, self.bandwidth, rng),
            "frechet": Measure(frechet(self.pca.transform(samples), self.pca.transform(real))),
            "vendi_ratio": Measure(vendi_ratio(samples, real, kernel)),
            "sliced_w2": Measure(sliced_w2(samples, real, self.along)),
            **self.in_time(samples, real),
        }

    def in_time(self, samples: Floats, real: Floats) -> dict[str, Measure]:
        """Of signals also their autocorrelation and spectrum."""
        if self.signal is None:
            return {}
        g, y = (side.reshape(-1, *self.signal) for side in (samples, real))
        return {
            "acf_distance": Measure(acf_distance(g, y)),
            "spectrum_distance": Measure(spectrum_distance(g, y)),
        }


def exposed(samples: Floats, train: Floats) -> Measure:
    """`identifiability` of as many training examples as there are samples, shape (k, D) each: 1/2
    for fresh ones.
    """
    return identifiability(neighbours(train, samples).first, radii(train, 1))


def size(samples: int, train: int, heldout: int) -> int:
    """How many examples a side these metrics are taken on, at most LIMIT; 0 where there are too few."""
    k = min(samples, train, heldout, LIMIT)
    return k if k > max(K, 8) else 0
