"""At which steps t which of two models' weights act. Free of torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

KINDS = {
    "inside": "alone in (low, high]",
    "outside": "everywhere but in (low, high]",
    "above": "at t > low",
    "below": "at t <= high",
}


@dataclass(frozen=True)
class Cut:
    """The steps at which the memorising model's weights act; the other model's act elsewhere.

    Attributes:
        kind: inside or outside a band, or above or below a step.
        low, high: The band (low, high] that the kind speaks of; (0, high] for `below`, and
            (low, T] for `above`.
        timesteps: T.
    """

    kind: str
    low: int
    high: int
    timesteps: int

    @property
    def steps(self) -> tuple[bool, ...]:
        """Whether they act at t = 1..T, index t - 1: cuts that are alike here are one."""
        inside = self.kind != "outside"
        return tuple((self.low < t <= self.high) == inside for t in range(1, self.timesteps + 1))

    @property
    def name(self) -> str:
        """One name for cuts of the same steps, in words a folder could have."""
        on = self.steps
        starts = [t for t in range(len(on)) if on[t] and (t == 0 or not on[t - 1])]
        ends = [t + 1 for t in range(len(on)) if on[t] and (t + 1 == len(on) or not on[t + 1])]
        return "+".join(f"{a}-{b}" for a, b in zip(starts, ends, strict=True)) or "none"


def edges(timesteps: int, bands: int) -> list[int]:
    """The ends of that many bands of t, as equal as can be, from 0 to T."""
    return [round(timesteps * k / bands) for k in range(bands + 1)]


def cuts(timesteps: int, bands: int) -> list[Cut]:
    """Each band inside and outside; and every edge t*, 0 and T among them, above and below."""
    ends = edges(timesteps, bands)
    pairs = list(pairwise(ends))
    cut = lambda kind, low, high: Cut(kind, low, high, timesteps)
    return [
        *(cut("above", end, timesteps) for end in ends),
        *(cut("below", 0, end) for end in ends),
        *(cut(kind, low, high) for kind in ("inside", "outside") for low, high in pairs),
    ]


def distinct(of: Sequence[Cut]) -> dict[str, Cut]:
    """Those that differ, by name, in their order."""
    return {cut.name: cut for cut in of}
