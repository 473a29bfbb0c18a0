"""A normal distribution over t, and what becomes of its tails beyond the steps (Vu et al. 2026,
arXiv 2601.21348, Eqs. 7-12).
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from memctl.errors import UserError
from memctl.samplers.base import Floats, TimestepSampler

TAILS = ("mixture", "truncate", "clamp", "resample")


def masses(z: Floats) -> Floats:
    """P(z[i] < Z <= z[i + 1]) for a standard normal Z and rising edges z of shape (n + 1,): shape
    (n,), exact in both tails.
    """
    # Above 0 the upper tails are subtracted: differences of numbers near 1 would lose all digits.
    return np.where(z[:-1] > 0, ndtr(-z[:-1]) - ndtr(-z[1:]), ndtr(z[1:]) - ndtr(z[:-1]))


def sigma(width: float, coverage: float = 0.5) -> float:
    """The standard deviation whose central `coverage` is that wide (Eq. 9)."""
    return width / (2 * float(ndtri((1 + coverage) / 2)))


class WithTails(TimestepSampler):
    """A normal distribution of `mu` and `sigma`, whose mass outside [0, T] goes where `tail` says.

    tail: `mixture` spreads it evenly over all steps (Eq. 12); `truncate` drops it; `resample` draws
    again until inside, which is the same distribution; `clamp` puts it on the first and the last
    step.
    """

    tail: str

    @property
    @abstractmethod
    def mu(self) -> float: ...

    @property
    @abstractmethod
    def sigma(self) -> float: ...

    def check_tail(self) -> None:
        """Raises: UserError."""
        if self.tail not in TAILS:
            raise UserError(
                f"sampler.tail={self.tail} is unknown; choose one of {', '.join(TAILS)}"
            )

    @cached_property
    def masses(self) -> Floats:
        """The normal distribution's mass below 0, of each step's (t - 1, t], and above T: shape (T
        + 2,).
        """
        if self.sigma == 0:  # all on the step whose interval holds mu; mu = 0 belongs to the first
            return np.eye(self.timesteps + 2)[max(math.ceil(self.mu), 1)]
        edges = np.concatenate(
            [[-np.inf], np.arange(self.timesteps + 1, dtype=np.float64), [np.inf]]
        )
        return masses((edges - self.mu) / self.sigma)

    @property
    def inside(self) -> float:
        """Lambda (Eq. 11): the normal distribution's mass in [0, T]."""
        return float(self.masses[1:-1].sum())

    def probabilities(self) -> Floats:
        p = self.masses[1:-1].copy()
        if self.tail == "mixture":
            p += (self.masses[0] + self.masses[-1]) / self.timesteps  # lambda p_trunc is p itself
        elif self.tail == "clamp":
            p[[0, -1]] += self.masses[[0, -1]]
        return p


@dataclass(frozen=True)
class NormalSampler(WithTails):
    """A normal distribution by its mean and width: the paper's sweep of the mean at the width of
    [700, 1000] (Figs. 4, 5).

    Attributes:
        centre: mu, any number of steps; the mean may lie on or beyond an end.
        width: Of the interval that holds the central half: sigma = width / (2 z), z = 0.67449.
            Positive.
        tail: As in `WithTails`.
    """

    name = "normal"
    centre: float = 500.0
    width: float = 300.0
    tail: str = "mixture"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("centre", lambda v: True, "a number")
        self.check("width", lambda v: v > 0, "positive")
        self.check_tail()

    @property
    def mu(self) -> float:
        return float(self.centre)

    @property
    def sigma(self) -> float:
        return sigma(float(self.width))

    @property
    def nominal(self) -> dict[str, float]:
        return {"mu": self.mu, "sigma": self.sigma, "lambda": self.inside}

    @property
    def label(self) -> str:
        return f"mu{self.centre:.12g}_width{self.width:.12g}" + (
            f"_{self.tail}" if self.tail != "mixture" else ""
        )
