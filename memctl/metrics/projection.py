"""The paper's comparison of distributions: PCA fitted on the training data, one component at a
time.

Sign and scale: components are unlabelled axes of the training data's variance; scores are in its
units, so raw Wasserstein distances depend on the data's range, and are given in training standard
deviations too. Blind to all other axes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from memctl.metrics.axes import PrincipalAxes
from memctl.metrics.claims import UNLIKE_THE_DATA
from memctl.metrics.comparison import HALVINGS, Comparison
from memctl.metrics.divergence import divergence, histogram, open_edges
from memctl.metrics.measure import Floats, Measure, spread
from memctl.metrics.metric import Metric
from memctl.metrics.sides import Sides

WORK = 10**12  # multiplications to fit axes anew: half a minute


@dataclass(frozen=True)
class Projection:
    """Principal axes of the training data.

    Attributes:
        pca: Fitted on train (centred, not whitened, deterministic signs).
        scores: The training data's scores, shape (n, components).
        edges: Histogram edges of each component.
    """

    pca: PrincipalAxes
    scores: Floats
    edges: list[Floats]

    @classmethod
    def fit(cls, train: Floats, components: int, bins: int) -> "Projection":
        pca = PrincipalAxes.fit(train, components)
        scores = pca.transform(train)
        return cls(pca, scores, [open_edges(c, bins) for c in scores.T])

    def compare(self, scores: Floats, reference: Floats | None = None) -> dict[str, float]:
        """For each component Ck: `wasserstein_Ck` (raw), `wasserstein_sd_Ck`, `js_divergence_Ck`,
        `js_distance_Ck` (nats).

        All are 0 for equal distributions and grow without (W) or up to (JS: log 2 and its root) a
        bound.

        Args:
            scores: shape (m, components).
            reference: Instead of the training data's scores.
        """
        reference = self.scores if reference is None else reference
        out: dict[str, float] = {}
        for k, edges in enumerate(self.edges):
            w = float(scipy.stats.wasserstein_distance(scores[:, k], reference[:, k]))
            js = float(
                divergence(histogram(scores[:, k], edges), histogram(reference[:, k], edges))
            )
            sd = float(self.scores[:, k].std(ddof=1))
            out |= {
                f"wasserstein_C{k + 1}": w,
                f"wasserstein_sd_C{k + 1}": (
                    w / sd if sd > 1e-9 * self.scores.std() else float("nan")
                ),
                f"js_divergence_C{k + 1}": js,
                f"js_distance_C{k + 1}": float(np.sqrt(js)),
            }
        return out


def projection(sides: Sides) -> Projection:
    """That of the training examples, of as many components as they have."""
    components = min(sides.config.components, *sides.train.shape)
    return Projection.fit(sides.train, components, sides.config.bins)


def distances(c: Comparison) -> dict[str, float]:
    """`Projection.compare` of the samples, by metric."""
    fitted = c.sides.once(projection)
    return fitted.compare(fitted.pca.transform(c.samples))


Readings = dict[str, Floats]  # of each metric, shape (times,)


def collected(each: Iterable[dict[str, float]]) -> Readings:
    """One array a metric."""
    rows = list(each)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def fitted_anew(sides: Sides) -> Readings:
    """What held-out examples read by axes of training examples, these labelled anew by chance,
    HALVINGS times; nothing where that takes more than WORK, for then examples are so many that
    axes know little more of their own than of others.
    """
    config, rng, pool = sides.config, sides.rng("axes anew"), sides.pool
    work = sides.n_train * pool.shape[1] * min(sides.n_train, pool.shape[1])

    def anew() -> dict[str, float]:
        train, rest = np.split(rng.permutation(len(pool)), [sides.n_train])
        fit = Projection.fit(pool[train], len(sides.once(projection).edges), config.bins)
        return fit.compare(fit.pca.transform(pool[rest]))

    return collected(anew() for _ in range(HALVINGS if HALVINGS * work <= WORK else 0))


def interpolated(scores: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Draws from each component's distribution, interpolated between its scores: shape (n,
    components). Draws of the scores themselves would share values, and so seem too much alike.
    """
    at = (np.arange(len(scores)) + 0.5) / len(scores)
    return np.stack([np.interp(rng.random(n), at, column) for column in np.sort(scores.T)], axis=1)


def floors(fresh: Comparison) -> dict[str, Measure]:
    """The spread of each over samples and training sides that are drawn from one population, both
    of which the same axes suit alike; or where there are any, of `fitted_anew` for as many samples,
    since axes suit the examples that they are fitted to better than others.
    """
    sides, rng = fresh.sides, fresh.rng("floors of projections")
    fitted = sides.once(projection)
    scores = np.concatenate([fitted.scores, fitted.pca.transform(sides.heldout)])

    def drawn(n: int) -> Readings:
        return collected(
            fitted.compare(interpolated(scores, n, rng), interpolated(scores, sides.n_train, rng))
            for _ in range(sides.config.repeats)
        )

    values, anew = drawn(fresh.n), sides.once(fitted_anew)
    as_many = drawn(len(sides.heldout)) if anew else {}
    for name in anew:
        power = 1 if name.startswith("js_divergence") else 2  # the others are like roots of it
        values[name] = moved(anew[name], values[name], as_many[name], power)
    return {name: spread(each) for name, each in values.items()}


def moved(anew: Floats, values: Floats, as_many: Floats, power: int) -> Floats:
    """Readings by axes fitted anew as they would be of another number of samples.

    Chance and what axes know of their own examples add up in the `power`-th powers of the means.

    Args:
        values, as_many: Without such knowledge, of the wanted number and of `anew`'s.
    """
    more = max(0.0, anew.mean() ** power - as_many.mean() ** power)
    narrower = values.std() / as_many.std() if as_many.std() > 0 else 1.0
    middle = (values.mean() ** power + more) ** (1 / power)
    out: Floats = np.maximum(0, middle + narrower * (anew - anew.mean()))
    return out


def metrics(components: int) -> tuple[Metric, ...]:
    """The four metrics of each component; data with fewer have those of theirs alone."""
    return tuple(metric for k in range(components) for metric in of_component(k + 1))


def of_component(k: int) -> tuple[Metric, ...]:
    """Those of Ck. Claims stand with the first component, the verdict reads the paper's two."""
    papers, claims = k <= 2, UNLIKE_THE_DATA if k == 1 else {}

    def named(name: str) -> dict[str, Any]:
        def read(c: Comparison) -> Measure | None:
            value = c.once(distances).get(name)
            return None if value is None else Measure(value)

        floor = lambda _, fresh: fresh.once(floors).get(name)
        return {"name": name, "read": read, "floor": floor, "bad": "high"}

    return (
        Metric(
            **named(f"wasserstein_C{k}"),
            title=f"Wasserstein distance to train along C{k}",
            about="Wasserstein distance to train along the k-th principal component of train",
            range="0 up, in the data's units",
            claims=claims,
        ),
        Metric(
            **named(f"wasserstein_sd_C{k}"),
            title=f"Wasserstein distance to train along C{k}, in its sd",
            about="the same in training standard deviations",
            range="0 up",
            studied=papers,
        ),
        Metric(
            **named(f"js_divergence_C{k}"),
            title=f"JS divergence from train along C{k}",
            about="Jensen-Shannon divergence there, bins fixed by the training data (nats)",
            range="0 to 0.693",
            claims=claims,
            studied=papers,
        ),
        Metric(
            **named(f"js_distance_C{k}"),
            title=f"JS distance from train along C{k}",
            about="its root",
            range="0 to 0.833",
        ),
    )
