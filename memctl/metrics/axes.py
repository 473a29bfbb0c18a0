"""Principal axes (PCA), exact: by the singular values of the centred examples, or where these are
many and long by the eigenvectors of the smaller of their two matrices of products, which takes one
pass over the examples and no centred copy of them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy

from memctl.metrics.measure import Floats

LARGE = 1000  # examples and values from which all axes cost too much to find a few
LONG = 2000  # values of an example, the same
BLOCK = 2048  # examples centred at a time
START = 0  # the seed of the first vector of the iteration, whose end it does not decide


@dataclass(frozen=True)
class PrincipalAxes:
    """Axes of most variance, by falling variance; of either direction the one whose largest entry
    is positive.

    Attributes:
        mean: Of the examples, shape (D,).
        axes: Orthonormal, shape (components, D).
    """

    mean: Floats
    axes: Floats

    @classmethod
    def fit(cls, examples: Floats, components: int) -> Self:
        """Those of examples of shape (n, D), at most min(n, D) of them."""
        mean = examples.mean(axis=0)
        smaller = min(examples.shape)
        wide = smaller > LARGE or examples.shape[1] >= LONG
        if wide and components < smaller // 4:
            axes = by_products(examples, mean, components)
        else:
            axes = scipy.linalg.svd(examples - mean, full_matrices=False)[2][:components]
        largest = np.abs(axes).argmax(axis=1)[:, None]
        return cls(mean, axes * np.sign(np.take_along_axis(axes, largest, axis=1)))

    def transform(self, examples: Floats) -> Floats:
        """Their scores along the axes, shape (n, components)."""
        scores: Floats = examples @ self.axes.T - self.mean @ self.axes.T
        return scores


def by_products(examples: Floats, mean: Floats, components: int) -> Floats:
    """The axes, shape (components, D), up to their signs.

    The products' eigenvalues are the squares of the singular values: an axis of a millionth of the
    first's variance is still right to some 9 digits.
    """
    if len(examples) < examples.shape[1]:
        centred = examples - mean
        towards = eigenvectors(centred @ centred.T, components) @ centred
        axes: Floats = towards / np.linalg.norm(towards, axis=1, keepdims=True)
        return axes
    products = np.zeros((examples.shape[1],) * 2)
    for start in range(0, len(examples), BLOCK):
        centred = examples[start : start + BLOCK] - mean
        products += centred.T @ centred
    return eigenvectors(products, components)


def eigenvectors(products: Floats, k: int) -> Floats:
    """Those of the k largest eigenvalues, largest first, shape (k, len(products))."""
    start = np.random.default_rng(START).standard_normal(len(products))
    values, vectors = scipy.sparse.linalg.eigsh(products, k, v0=start)
    return np.asarray(vectors[:, np.argsort(-values)].T)
