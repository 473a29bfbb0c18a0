"""The normal distribution whose central `coverage` lies in [c_l, c_h] (Vu et al. 2026, arXiv
2601.21348, Eqs. 9-12).

mu = (c_l + c_h) / 2,  sigma = (c_h - c_l) / (2 z),  z = Phi^-1((1 + coverage) / 2)    (Eq. 9)
lambda = P(0 <= t <= T)                                                                (Eqs. 10, 11)
p(t) = lambda p_trunc(t) + (1 - lambda) / T                                            (Eq. 12)
"""

from dataclasses import dataclass

from memctl.errors import UserError
from memctl.samplers.base import is_number
from memctl.samplers.normal import WithTails, sigma

MIN_COVERAGE = 1e-6  # below it sigma, the width over 2 z, is of no use


@dataclass(frozen=True)
class IntervalSampler(WithTails):
    """A normal distribution over t, given by a confidence interval.

    Attributes:
        low: c_l, in [0, T].
        high: c_h, in [0, T], above `low`.
        coverage: Probability of [c_l, c_h] under the normal distribution, in (0, 1); the paper's
            0.5 gives z = 0.67449.
        tail: What becomes of the mass outside [0, T]. `mixture`: spread evenly over all steps (Eq.
            12). `truncate`: dropped. `resample`: drawn again until inside, which is the same
            distribution as `truncate`. `clamp`: put on the first and the last step.
        allow_degenerate: Accept c_l = c_h, the point mass at that step.

    Raises:
        UserError: a bound that is missing, not a finite number or outside [0, T]; low >= high; a
            coverage outside (0, 1); an unknown tail.
    """

    name = "interval"
    low: float | None = None
    high: float | None = None
    coverage: float = 0.5
    tail: str = "mixture"
    allow_degenerate: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("low", "high"):
            self._check_bound(key, getattr(self, key))
        if self.low > self.high or (self.low == self.high and not self.allow_degenerate):  # type: ignore[operator]
            hint = (
                "; ci.allow_degenerate=true trains on that one step"
                if self.low == self.high
                else ""
            )
            raise UserError(f"ci.low={self.low:.12g} must be below ci.high={self.high:.12g}{hint}")
        if not isinstance(self.coverage, int | float) or not MIN_COVERAGE <= self.coverage < 1:
            raise UserError(
                f"ci.coverage={self.coverage} must lie in [{MIN_COVERAGE:g}, 1) (the paper's is"
                " 0.5)"
            )
        self.check_tail()

    def _check_bound(self, key: str, value: object) -> None:
        if value is None:
            raise UserError(
                f"ci.{key} is not given; for example: ci.low=700 ci.high=1000 (0 <= low < high <="
                f" {self.timesteps})"
            )
        if not is_number(value):
            raise UserError(
                f"ci.{key}={value} is not a number; give a step between 0 and {self.timesteps}"
            )
        if not 0 <= value <= self.timesteps:  # type: ignore[operator]
            raise UserError(
                f"ci.{key}={value:.12g} is outside [0, {self.timesteps}], the diffusion's steps"
            )

    @property
    def mu(self) -> float:
        return (float(self.low or 0) + float(self.high or 0)) / 2

    @property
    def sigma(self) -> float:
        return sigma(float(self.high or 0) - float(self.low or 0), self.coverage)

    @property
    def nominal(self) -> dict[str, float]:
        return {
            "low": float(self.low or 0),
            "high": float(self.high or 0),
            "mu": self.mu,
            "sigma": self.sigma,
            "lambda": self.inside,
        }

    @property
    def label(self) -> str:
        name = f"cl{self.low:.12g}_ch{self.high:.12g}"
        name += f"_c{self.coverage:.12g}" if self.coverage != 0.5 else ""
        return name + (f"_{self.tail}" if self.tail != "mixture" else "")
