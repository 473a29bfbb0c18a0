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


def fill_values(values: NDArray[np.floating[Any]]) -> dict[int, float]:
    """Example -> a value in it that stands for what is missing, of examples of shape (n, channels,
    *dims): far from all others of its channel, with a gap between.
    """
    return {
        k: value for c in range(values.shape[1]) for k, value in far_apart(values[:, c]).items()
    }


def far_apart(values: NDArray[np.floating[Any]]) -> dict[int, float]:
    """The same of one channel, shape (n, ...)."""
    scale, middle = spread(values), float(np.median(some(values)))
    away = np.abs(values.astype(np.float64, copy=False) - middle) / scale
    if away.max(initial=0) <= FAR:
        return {}
    steps = np.unique(np.append(away[away > GAP], GAP))
    gaps = np.flatnonzero((steps[1:] >= GAP * steps[:-1]) & (steps[1:] > FAR))
    for k in gaps:
        far = away >= steps[k + 1]
        different, count, gap = len(steps) - 1 - k, int(far.sum()), steps[k + 1] / steps[k]
        few = different <= FEW and (count >= FEW or gap >= GAP**2)
        if few or steps[k + 1] > ABSURD:
            rows = far.reshape(len(values), -1)
            flat = values.reshape(len(values), -1)
            return {int(i): float(flat[i, rows[i].argmax()]) for i in np.flatnonzero(rows.any(1))}
    return {}


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
    fills = fill_values(centred(values.astype(np.float64)) if own else values)
    if own:
        fills = {k: extreme(values[k]) for k in fills}
    if fills:
        raise UserError(f"{place}: {fills_in_words(fills, len(values))}; mend or remove them")


def extreme(values: NDArray[np.floating[Any]]) -> float:
    """The value farthest from the median."""
    flat = values.reshape(-1)
    return float(flat[np.abs(flat - np.median(flat)).argmax()])


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
