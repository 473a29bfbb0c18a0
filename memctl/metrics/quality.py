"""Quality and variety of samples against as many real records: one call for all metrics that do not look for copies, and one that does.

Precision to sliced W2 are blind to copying: exact copies of train read as fresh records do, or better. At most LIMIT records a side.
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
from memctl.metrics.vendi import vendi_ratio

COMPONENTS = 32  # of the PCA in whose space the Frechet distance is taken; well below the number of records


@dataclass(frozen=True)
class Quality:
    """What these metrics need of the training records, found once.

    Attributes:
        bandwidth: Of the Gaussian kernel: the median distance between training records.
        along: Directions of the sliced Wasserstein distance.
        pca: Of the Frechet distance.
    """

    bandwidth: float
    along: Floats
    pca: PCA

    @classmethod
    def of(cls, train: Floats, rng: np.random.Generator) -> "Quality":
        some = limited(train)
        components = max(1, min(COMPONENTS, len(some) // 4, some.shape[1]))
        solver = "full" if some.shape[1] < 2000 else "arpack"
        return cls(
            median_bandwidth(some) or 1.0, directions(train.shape[1], rng), PCA(components, svd_solver=solver, random_state=0).fit(some)
        )

    def measure(self, samples: Floats, real: Floats, rng: np.random.Generator, repeats: int) -> dict[str, Measure]:
        """All of them, for samples and real records of equal number, shape (k, D) each, k above 5 (see `coverage`)."""
        records = prdc(samples, real)
        kernel = rbf(self.bandwidth)
        return {
            **{name: mean(values, rng, repeats) for name, values in records._asdict().items()},
            "kid": kid(samples, real, rng),
            "mmd": mmd_rbf(samples, real, self.bandwidth, rng),
            "frechet": Measure(frechet(self.pca.transform(samples), self.pca.transform(real))),
            "vendi_ratio": Measure(vendi_ratio(samples, real, kernel)),
            "sliced_w2": Measure(sliced_w2(samples, real, self.along)),
        }


def exposed(samples: Floats, train: Floats) -> Measure:
    """`identifiability` of as many training records as there are samples, shape (k, D) each: 1/2 for fresh ones."""
    return identifiability(neighbours(train, samples).first, radii(train, 1))


def size(samples: int, train: int, heldout: int) -> int:
    """How many records a side these metrics are taken on, at most LIMIT; 0 where there are too few."""
    k = min(samples, train, heldout, LIMIT)
    return k if k > max(K, 8) else 0
