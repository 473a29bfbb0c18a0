"""Samples beside the real examples: what a metric reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.distance import Scan
from memctl.metrics.generators import Output
from memctl.metrics.measure import Floats, Measure, spread
from memctl.metrics.memo import Memo
from memctl.metrics.sides import Indices, Sides, equal_sides

HALVINGS = 39  # the fewest of which the least and the largest hold 95 % of the next


class Halving(NamedTuple):
    """One random half of the held-out examples, which plays the held-out side; the other is where a
    generator's examples may come from.

    Attributes:
        train, heldout: The two sides, of equal size, as indices in the pool.
        samples: Which samples count, bool, shape (m,): those made from its training side, or from
            no held-out example of it.
        to_train, to_heldout: Distance of these samples to the nearest of either side.
    """

    train: Indices
    heldout: Indices
    samples: NDArray[np.bool_]
    to_train: Floats
    to_heldout: Floats


@dataclass(frozen=True)
class Comparison(Memo):
    """Samples of a model, or of a generator of known behaviour, beside both sides.

    Attributes:
        samples: Prepared, shape (m, D).
        pairs: Training and held-out sides of equal size, in turn, as indices in the pool.
        scan: The pass over the samples' distances, with `pairs` as its subsets.
        n: Number of generated samples that the reading stands beside.
        source: Of a generator that is made from real examples: the place in the pool of what each
            sample was made from, shape (m,); -1 for none.
    """

    sides: Sides
    samples: Floats
    pairs: list[Indices]
    scan: Scan
    n: int
    source: Indices | None = None

    @classmethod
    def of_samples(cls, sides: Sides, samples: Floats) -> "Comparison":
        """Of prepared samples."""
        pairs = sides.once(equal_sides)
        return cls(sides, samples, pairs, sides.scan(samples, pairs), len(samples))

    @classmethod
    def of_generator(cls, sides: Sides, output: Output, n: int) -> "Comparison":
        """Of what a generator made: against halves of the held-out side, unless it made all from
        training examples, and so is read as samples are.
        """
        samples, source = sides.prepare(output.examples), output.source
        follows = bool(((source >= 0) & (source < sides.n_train)).all())
        pairs = sides.once(equal_sides if follows else halvings)
        return cls(
            sides, samples, pairs, sides.scan(samples, pairs), n, None if follows else source
        )

    @property
    def has_halvings(self) -> bool:
        """Whether `pairs` are halvings."""
        return self.source is not None

    @property
    def fresh(self) -> bool:
        """Whether samples were made from held-out examples: beside these they would be no test."""
        return self.source is not None and bool((self.source >= self.sides.n_train).any())

    @property
    def real(self) -> Floats:
        """The real examples that quality is judged by: the held-out ones, or training examples
        where the samples are fresh, shape (any, D).
        """
        return self.sides.train if self.fresh else self.sides.heldout

    def rng(self, name: str) -> np.random.Generator:
        """The stream of that name, at its start."""
        return self.sides.rng(name)

    def counts(self, train: Indices, heldout: Indices) -> NDArray[np.bool_]:
        """Which samples count where these are the two sides: shape (m,)."""
        assert self.source is not None
        used = np.zeros(len(self.sides.pool) + 1, dtype=bool)  # the last entry is for -1
        used[self.sides.n_train :] = True
        used[train], used[heldout] = True, False
        return used[self.source]

    def halvings(self) -> Iterator[Halving]:
        """Those in which some samples count."""
        nearest = self.scan.subsets
        for k in range(0, len(self.pairs), 2):
            train, heldout = self.pairs[k : k + 2]
            rows = self.counts(train, heldout)
            if rows.any():
                yield Halving(train, heldout, rows, nearest[k][rows], nearest[k + 1][rows])

    def over_halvings(self, value: Callable[[Halving], float]) -> Measure | None:
        """The spread of a value over the halvings."""
        values = [value(half) for half in self.halvings()]
        return spread(values) if values else None


def halvings(sides: Sides) -> list[Indices]:
    """For each halving the training and the held-out side, of equal size, in turn."""
    pairs, rng = [], sides.rng("halvings")
    n_heldout = len(sides.heldout)
    for _ in range(HALVINGS):
        k = min(n_heldout // 2, sides.n_train)
        pairs.append(rng.choice(sides.n_train, k, replace=False))
        pairs.append(sides.n_train + rng.choice(n_heldout, k, replace=False))
    return pairs
