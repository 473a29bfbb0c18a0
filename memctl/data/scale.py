"""The scale of data in which a few values may be wrong, and what is refused for it: fill values,
and offsets that leave no room for the signal in single precision.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.errors import UserError

FAR = 100.0  # spreads from the middle, beyond which values may be stand-ins
GAP = 10.0  # times as far as the farthest other value, as no tail of data is
ABSURD = 1e6  # spreads from which that is so of any values, however many there are of them
FEW = 3  # different stand-ins in a file, and how often they are there
EPSILON = float(np.finfo(np.float32).eps)
SOME = 1_000_000  # values from which the spread is read
RESOLVED = 1e-3  # of the spread: the least that single precision must tell apart


def some(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Values from all over, shape (k,), at least SOME of more."""
    step = max(1, values.size // SOME) | 1
    return values.reshape(-1)[::step].astype(np.float64)


def spread(values: NDArray[np.floating[Any]]) -> float:
    """The median distance of values from their median, of those that differ from it, in the
    precision that they have: 1 where all are one.
    """
    chosen = some(values)
    away = np.abs(chosen - np.median(chosen))
    away = away[away > 0]
    return float(np.median(away)) if away.size else 1.0


def fill_values(values: NDArray[np.floating[Any]], own: bool = False) -> dict[int, float]:
    """Example -> a value in it that stands for what is missing, of examples of shape (n, channels,
    *dims): far from all others of its channel, with a gap between.

    Args:
        own: Whether each signal is normalised by itself, so that one may be in other units than
            another: then it is far from the others of its signal, or stands in signals that hold
            usual values too.
    """
    found: dict[int, float] = {}
    scaled = centred(values.astype(np.float64)) if own else values
    for c in range(values.shape[1]):
        if own:
            found |= far_apart(values[:, c], values[:, c], mixed=True)
        found |= far_apart(scaled[:, c], values[:, c])
    return found


def far_apart(
    values: NDArray[np.floating[Any]], told: NDArray[np.floating[Any]], mixed: bool = False
) -> dict[int, float]:
    """The same of one channel, shape (n, ...).

    Args:
        told: The same values as they are in the file.
        mixed: Whether only a few different ones count, in examples that hold others too.
    """
    scale, middle = spread(values), float(np.median(some(values)))
    away = np.abs(values.astype(np.float64, copy=False) - middle) / scale
    if away.max(initial=0) <= FAR:
        return {}
    steps = np.unique(np.append(away[away > GAP], GAP))
    gaps = np.flatnonzero((steps[1:] >= GAP * steps[:-1]) & (steps[1:] > FAR))
    for k in gaps:
        far = away >= steps[k + 1]
        count, gap = int(far.sum()), steps[k + 1] / steps[k]
        few = len(np.unique(told[far])) <= FEW and (count >= FEW or gap >= GAP**2)
        if few or (steps[k + 1] > ABSURD and not mixed):
            rows, flat = (x.reshape(len(values), -1) for x in (far, told))
            hit = rows.any(axis=1) & ~(rows.all(axis=1) & mixed)
            return {int(i): float(flat[i, rows[i].argmax()]) for i in np.flatnonzero(hit)}
    return {} if mixed else far_examples(away, told)


def far_examples(away: NDArray[np.float64], told: NDArray[np.floating[Any]]) -> dict[int, float]:
    """Examples in other units, whose values reach from usual ones to absurd ones without a gap."""
    away, flat = away.reshape(len(away), -1), told.reshape(len(told), -1)
    farthest = away.max(axis=1)
    order = np.argsort(farthest)
    tops = farthest[order]
    gaps = np.flatnonzero((tops[1:] >= GAP * tops[:-1]) & (tops[1:] > ABSURD)) + 1
    examples = order[gaps[0] :] if gaps.size else order[:0]
    return {int(i): float(flat[i, away[i].argmax()]) for i in np.sort(examples)}


def centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signals, shape (n, channels, length), about their own median and over their own spread, as
    normalising each makes offsets and units of no account; but over no less than the usual spread,
    so that a flat line with a wave in it is one.
    """
    about = values - np.median(values, axis=-1, keepdims=True)
    own = np.median(np.abs(about), axis=-1, keepdims=True)
    usual = np.median(own, axis=0, keepdims=True)
    scale = np.maximum(own, np.where(usual > 0, usual, spread(about)))
    return np.asarray(about / scale)


def check_fill(values: NDArray[np.floating[Any]], place: str, own: bool = False) -> None:
    """Raises: UserError naming the examples that hold fill values.

    Args:
        own: Whether each signal is normalised by itself.
    """
    fills = fill_values(values, own)
    if fills:
        raise UserError(f"{place}: {fills_in_words(fills, len(values))} Mend or remove them")


def fills_in_words(fills: dict[int, float], n: int) -> str:
    """Which of n examples hold fill values, and what."""
    example, value = next(iter(fills.items()))
    shown = ", ".join(str(k) for k in list(fills)[:10]) + (", ..." if len(fills) > 10 else "")
    return (
        f"{len(fills)} of {n} examples (counted from 0: {shown}) hold values far from all others,"
        f" such as {value:g} in {example}: stand-ins for what is missing?"
    )


def as_float32(values: NDArray[np.floating[Any]], place: str) -> NDArray[np.float32]:
    """Examples, shape (n, channels, *dims), in single precision. Raises: UserError where it cannot
    tell a channel's values apart.
    """
    for channel in np.moveaxis(values, 1, 0):
        offset, scale = float(np.median(some(channel))), spread(channel)
        if np.isfinite(offset) and EPSILON * abs(offset) > RESOLVED * scale:
            raise UserError(
                f"{place}: values near {offset:g} that spread by {scale:.3g} are not told apart in"
                " single precision; subtract one number, such as their mean, from all examples of"
                " every side"
            )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return np.ascontiguousarray(values, dtype=np.float32)
