"""The three sets of examples that `memctl evaluate` compares: samples as they are, beside train and
held-out examples without repetitions.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import Array
from memctl.data.split import MIN_SIDE, Split, first_occurrences
from memctl.data.units import Caution, of_sizes, stored_range
from memctl.data.user_files import NamedExamples
from memctl.errors import UserError

# Of the held-out examples; left out of one side alone, they move a fair dcr_share by half of it.
MOST_SHARED = 0.01


@dataclass(frozen=True)
class Comparison:
    """Samples, shape (m, channels, *dims), beside the sides that they are compared with.

    Attributes:
        names: Of the samples, the training and the held-out examples of the split.
        notes: What was left out, in words.
        cautions: What the files' own sizes say against a comparison.
        same_units: Whether all are known to be in the same units, as those of a run are.
    """

    samples: Array
    split: Split
    names: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
    notes: list[str]
    cautions: list[Caution] = field(default_factory=list)
    same_units: bool = False


def compare(
    samples: NamedExamples, train: NamedExamples, heldout: NamedExamples, mirror: bool = True
) -> Comparison:
    """Samples as they are, beside train and held-out examples without repetitions.

    Examples that repeat another of their side are left out: a copy of one has no training example
    to itself, and f_mem would miss it. Held-out examples that are in train too are no unseen ones.
    A few are left out; but they tend to be a population's commonest, so many would make train look
    nearer to fresh examples than held-out is, and are refused.

    Args:
        mirror: Whether an image and its mirror image are one.

    Raises:
        UserError: examples of different shapes, many in both sides, or too few distinct ones in
            one.
    """
    sides = (samples, train, heldout)
    shapes = ["x".join(map(str, side.values.shape[1:])) for side in sides]
    if len(set(shapes)) > 1:
        raise UserError(
            "examples differ in shape: samples {}, train {}, held-out {}; bring them to one".format(
                *shapes
            )
        )
    images = train.values.ndim == 4
    mirror = mirror and images
    pool, n = np.concatenate([train.values, heldout.values]), len(train.values)
    first, second, shared = distinct_sides(canonical_images(pool) if mirror else pool, n)
    repeated = len(pool) - len(first) - len(second) - shared
    notes = list(dict.fromkeys(note for side in sides for note in side.notes))
    if repeated:
        kind = "repeat or mirror" if mirror else "repeat"
        notes.append(f"left out: {repeated} examples that {kind} another of their side")
    if shared:
        notes.append(f"left out: {shared} held-out examples that are training examples too")
    summary = {
        "examples": len(pool),
        "dropped": {"in both": shared} if shared else {},
        "duplicates": repeated,
        "n_train": len(first),
        "n_heldout": len(second),
        "unused": 0,
        "shape": list(pool.shape[1:]),
    }
    span = stored_range(pool) if images else None
    split = Split(
        pool[first], pool[second], None, None, span, summary, mirror=mirror, temporal=not images
    )
    sizes = [side.sizes for side in sides if side.sizes is not None]
    return Comparison(
        samples.values,
        split,
        (samples.names, train.names[first], heldout.names[second - n]),
        notes,
        list(of_sizes(*sizes)) if len(sizes) == len(sides) else [],
    )


def distinct_sides(pool: Array, n_train: int) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Indices of the distinct training examples and of the held-out ones that are not among them,
    and how many are.

    Raises:
        UserError: many that are, or too few on a side.
    """
    kept, own = first_occurrences(pool), len(first_occurrences(pool[n_train:]))
    first, second = kept[kept < n_train], kept[kept >= n_train]
    shared = own - len(second)
    if shared > MOST_SHARED * own:
        raise UserError(
            f"{shared} of the {own} distinct held-out examples are training examples too, and tell"
            " nothing of unseen ones. Give examples that were not trained on; if both sides share a"
            " population's commonest examples, take these out of both"
        )
    for side, indices in (("training", first), ("held-out", second)):
        if len(indices) < MIN_SIDE:
            raise UserError(
                f"{len(indices)} distinct {side} examples are too few; at least {MIN_SIDE} are"
                " needed"
            )
    return first, second, shared


def canonical_images(images: Array) -> Array:
    """Of each image and its mirror image the one that comes first in the order of their values:
    shape as it was.
    """
    mirrored = images[..., ::-1]
    a, b = images.reshape(len(images), -1), mirrored.reshape(len(images), -1)
    place = np.arange(len(images)), (a != b).argmax(axis=1)
    turn: NDArray[np.bool_] = b[place] < a[place]
    return np.where(turn.reshape(-1, *[1] * (images.ndim - 1)), mirrored, images)


def describe_example(values: Array) -> str:
    """What one of the examples, shape (n, channels, *dims), is taken for, in words."""
    channels, *dims = values.shape[1:]
    kind, unit = ("images", "pixels") if len(dims) == 2 else ("signals", "values")
    return (
        f"{channels} channel{'s' * (channels > 1)} x {' x '.join(map(str, dims))} {unit}, taken as"
        f" {kind}"
    )
