"""Points of several objectives, all to be small: which are the best, and how much they reach.

    dominated     another point is no worse in every objective, and better in one
    front         the points that none dominates (Pareto)
    hypervolume   the part of the box from `ideal` to `reference` in which every point is dominated
                  by one of the front, or equals it (Zitzler and Thiele 1998); 0 where no point lies
                  in the box, 1 where one is at the ideal

Computed by moocore (Lopez-Ibanez et al.).
"""

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from memctl.metrics.measure import Floats


def nondominated(points: ArrayLike) -> NDArray[np.bool_]:
    """Which points are of the front, shape (n,); of equal ones all are, one with a NaN never is.

    Args:
        points: Objectives to be small, shape (n, k).
    """
    values = np.asarray(points, dtype=float)
    out = ~np.isnan(values).any(axis=1)
    if out.any():
        out[out] = moocore.is_nondominated(values[out], keep_weakly=True)
    return out


def hypervolume(points: ArrayLike, ideal: ArrayLike, reference: ArrayLike) -> float:
    """The part of the box that the points dominate, in [0, 1].

    Args:
        points: Objectives to be small, shape (n, k); those with a NaN count for nothing, and what
            is below the ideal counts as the ideal.
        ideal, reference: The box's best and worst corner, shape (k,).

    Raises:
        ValueError: the reference is not worse than the ideal in every objective.
    """
    values = np.asarray(points, dtype=float).reshape(1, -1, np.size(ideal))
    return float(hypervolumes(values, ideal, reference)[0])


def hypervolumes(sets: ArrayLike, ideal: ArrayLike, reference: ArrayLike) -> Floats:
    """`hypervolume` of many sets of as many points, shape (m, n, k): shape (m,)."""
    best, worst = np.asarray(ideal, dtype=float), np.asarray(reference, dtype=float)
    if not (worst > best).all():
        raise ValueError(f"reference={worst} must be above ideal={best} in every objective")
    scaled = np.maximum((np.asarray(sets, dtype=float) - best) / (worst - best), 0)
    outside = ~(scaled < 1).all(axis=-1, keepdims=True)  # NaN too
    within = np.where(outside, 1.0, scaled)
    measure = moocore.Hypervolume(ref=np.ones(len(best)))
    return np.array([measure(points) if len(points) else 0.0 for points in within])


def attained(points: ArrayLike, at: ArrayLike) -> Floats:
    """The least second objective of the points whose first is at most `at`, shape (m,); infinite
    where there is none.

    Args:
        points: Shape (n, 2).
        at: Shape (m,).
    """
    values = np.asarray(points, dtype=float)
    values = values[~np.isnan(values).any(axis=1)]
    within = values[None, :, 0] <= np.asarray(at, dtype=float)[:, None]
    found = np.where(within, values[:, 1], np.inf).min(axis=1, initial=np.inf)
    return np.asarray(found)
