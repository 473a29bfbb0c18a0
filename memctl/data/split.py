"""The one split of every data set: duplicates out first, then disjoint, stratified train and
held-out sides.

It is made before the base sees anything; its hash travels in every checkpoint and example.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import Array, Examples, check_finite
from memctl.data.scale import spread
from memctl.errors import UserError

# Examples a side: below it neither two PCA components nor a neighbour statistic mean anything.
MIN_SIDE = 8


@dataclass(frozen=True)
class Split:
    """Train and held-out examples, float32, shapes (n_train, channels, *dims) and (n_heldout,
    channels, *dims).

    `value_range`, `mirror`, `flip` and `temporal` are those of the `Examples`.
    """

    train: Array
    heldout: Array
    train_labels: NDArray[Any] | None
    heldout_labels: NDArray[Any] | None
    value_range: tuple[float, float] | None
    summary: dict[str, Any]
    mirror: bool = False
    flip: bool = False
    temporal: bool = False

    @cached_property
    def hash(self) -> str:
        """Sixteen hexadecimal digits over the values of both sides, in order."""
        total = hashlib.sha256()
        for side in (self.train, self.heldout):
            total.update(repr(side.shape).encode())
            total.update(np.ascontiguousarray(side).data)
        return total.hexdigest()[:16]

    @cached_property
    def bound(self) -> float:
        """The largest absolute value that an example can have or, where values are unbounded, that
        a training example has.
        """
        return (
            max(map(abs, self.value_range)) if self.value_range else float(np.abs(self.train).max())
        )

    def swap_sides(self) -> "Split":
        """The same with its sides exchanged. Raises: UserError for sides of different sizes."""
        if len(self.train) != len(self.heldout):
            raise UserError(
                f"data.swap=true needs sides of one size; here are {len(self.train)} train and"
                f" {len(self.heldout)} held-out examples"
            )
        return replace(
            self,
            train=self.heldout,
            heldout=self.train,
            train_labels=self.heldout_labels,
            heldout_labels=self.train_labels,
        )


def first_occurrences(values: Array) -> NDArray[np.intp]:
    """Indices of the examples that equal no earlier one, to a millionth of the spread of the data,
    which a few wrong values don't change.
    """
    scale = spread(values)
    seen: dict[bytes, int] = {}
    for index, example in enumerate(values):
        rounded = np.round(example.astype(np.float64) / scale, 6) + 0.0  # + 0.0 turns -0 into 0
        seen.setdefault(hashlib.blake2b(rounded.tobytes(), digest_size=16).digest(), index)
    return np.array(list(seen.values()), dtype=np.intp)


def systematic_sample(
    order: NDArray[np.intp], k: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """K of the entries of `order` at equal steps from a random start: every run of `order` gets its
    share, to within one.
    """
    return order[np.floor((np.arange(k) + rng.random()) * len(order) / k).astype(int)]


def sizes(
    n: int, n_train: int | None, n_heldout: int | None, left_out: str = ""
) -> tuple[int, int]:
    """The sizes of both sides out of n examples.

    Args:
        left_out: What is to be said of others.

    Raises: UserError where they are too small or too many.
    """
    if n_train is None and n_heldout is None:
        n_train = n_heldout = n // 2
    n_train = n_heldout if n_train is None else n_train
    n_heldout = n_train if n_heldout is None else n_heldout
    assert n_train is not None
    assert n_heldout is not None
    if min(n_train, n_heldout) < MIN_SIDE or n_train + n_heldout > n:
        raise UserError(
            f"data.n_train={n_train} and data.n_heldout={n_heldout} do not fit {n} distinct"
            f" examples: each must be at least {MIN_SIDE}, both together at most {n}{left_out}"
        )
    return n_train, n_heldout


def left_out(examples: Examples, duplicates: int) -> str:
    """What is missing where too few examples are left, and how to have more, in words."""
    out = {**examples.dropped, **({"duplicate": duplicates} if duplicates else {})}
    if not any(out.values()):
        return ""
    alike = any("near duplicate" in why or "mirror" in why for why in out)
    mend = "; images as alike as these are told apart by a lower data.near" if alike else ""
    return f". Left out: {', '.join(f'{n} {why}' for why, n in out.items() if n)}{mend}"


def split(
    examples: Examples, n_train: int | None = None, n_heldout: int | None = None, seed: int = 0
) -> Split:
    """Remove duplicates and split, stratified by label where there are labels.

    Raises:
        UserError: a value that is not finite, or sides that do not fit the number of distinct
            examples.
    """
    if not len(examples.values):
        why = ", ".join(f"{n} {reason}" for reason, n in examples.dropped.items() if n)
        raise UserError(f"no example is left to use ({why or 'the file holds none'})")
    check_finite(examples.values)
    kept = (
        np.arange(len(examples.values)) if examples.distinct else first_occurrences(examples.values)
    )
    duplicates = len(examples.values) - len(kept)
    n_train, n_heldout = sizes(len(kept), n_train, n_heldout, left_out(examples, duplicates))

    rng = np.random.default_rng([seed, 0])
    order = rng.permutation(kept)
    if examples.labels is not None:
        order = order[np.argsort(examples.labels[order], kind="stable")]
    train = systematic_sample(order, n_train, rng)
    heldout = systematic_sample(order[~np.isin(order, train)], n_heldout, rng)
    labels = examples.labels
    return Split(
        train=examples.values[train],
        heldout=examples.values[heldout],
        train_labels=None if labels is None else labels[train],
        heldout_labels=None if labels is None else labels[heldout],
        value_range=examples.value_range,
        summary={
            "examples": len(examples.values),
            "dropped": dict(examples.dropped),
            "duplicates": duplicates,
            "n_train": n_train,
            "n_heldout": n_heldout,
            "unused": len(kept) - n_train - n_heldout,
            "shape": list(examples.values.shape[1:]),
            **({"notes": list(examples.notes)} if examples.notes else {}),
        },
        mirror=examples.mirror,
        flip=examples.flip,
        temporal=examples.temporal,
    )
