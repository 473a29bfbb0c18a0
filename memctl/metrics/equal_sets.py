"""As many samples as real examples: what metrics of quality and variety need, for their values
change with the number of examples.

Most of them are blind to copying: exact copies of train read as fresh examples do, or better. At
most LIMIT examples a side.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from memctl.metrics.comparison import HALVINGS, Comparison
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.memo import Memo
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import LIMIT

LEAST = 8  # a side must be larger: the neighbourhoods of `coverage` need six examples


@dataclass(frozen=True)
class EqualSets(Memo):
    """Samples, real and training examples of one number, shape (k, D) each."""

    sides: Sides
    samples: Floats
    real: Floats
    train: Floats


Value = Callable[[EqualSets], float]


def size(samples: int, train: int, real: int) -> int:
    """How many examples a side, at most LIMIT; 0 where there are too few."""
    k = min(samples, train, real, LIMIT)
    return k if k > LEAST else 0


def subset(examples: Floats, k: int, rng: np.random.Generator) -> Floats:
    """The examples, or k of them by chance, in their order."""
    if len(examples) == k:
        return examples
    return examples[np.sort(rng.choice(len(examples), k, replace=False))]


def equal_sets(c: Comparison) -> EqualSets | None:
    """Those of a comparison; None where there are too few."""
    k = size(len(c.samples), c.sides.n_train, len(c.real))
    if not k:
        return None
    three = (c.samples, c.real, c.sides.train)
    return EqualSets(c.sides, *(subset(x, k, c.rng("sets of equal size")) for x in three))


def read(value: Value) -> Callable[[Comparison], Measure | None]:
    """The reading of a metric of equal sets that has no interval."""

    def reading(c: Comparison) -> Measure | None:
        sets = c.once(equal_sets)
        return None if sets is None else Measure(value(sets))

    return reading


def relabellings(sides: Sides, n: int) -> Iterator[EqualSets]:
    """Training and held-out examples labelled anew by chance, as many a side as n samples have."""
    k, rng = size(n, sides.n_train, len(sides.heldout)), sides.rng("relabellings")
    for _ in range(HALVINGS if k else 0):
        a, b = np.split(rng.choice(len(sides.pool), 2 * k, replace=False), 2)
        yield EqualSets(sides, sides.pool[a], sides.pool[b], sides.pool[b])


def over_relabellings(values: Mapping[str, Value], sides: Sides, n: int) -> dict[str, list[float]]:
    """Each value over the relabellings: what it reads for fresh examples. One relabelling is held
    at a time; no values where there are too few examples.
    """
    out: dict[str, list[float]] = {}
    for sets in relabellings(sides, n):
        for name, value in values.items():
            out.setdefault(name, []).append(value(sets))
    return out
