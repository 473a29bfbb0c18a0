"""Where in t learning happens, as the paper predicts it and as gradients measure it.

Arrays over t have index t - 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memctl.samplers import TimestepSampler
from memctl.samplers.base import Floats


@dataclass(frozen=True)
class Theory:
    """A base's gradients at some steps, and the noise schedule they belong to.

    Attributes:
        rows: As `gradients.measure` gives them, in the order of t.
        log_snr: shape (T,).
        samplers: The distributions whose learning is predicted and measured, by name; the first is
            uniform.
    """

    rows: Sequence[Mapping[str, float]]
    log_snr: Floats
    samplers: Mapping[str, TimestepSampler]

    def column(self, key: str) -> Floats:
        return np.array([row[key] for row in self.rows], dtype=np.float64)

    @property
    def steps(self) -> np.ndarray:
        return np.array([int(row["t"]) for row in self.rows])

    @property
    def snr(self) -> Floats:
        return np.exp(self.log_snr)

    def at_every_t(self, key: str) -> Floats:
        """A measured column, linear between the measured steps: shape (T,)."""
        return np.interp(np.arange(1, len(self.log_snr) + 1), self.steps, self.column(key))

    def predicted(self, sampler: TimestepSampler) -> Floats:
        """C(t) = p(t) SNR(t) (Eq. 6) as shares of its sum: shape (T,)."""
        c = sampler.pmf * self.snr
        return c / c.sum()

    def measured(self, sampler: TimestepSampler, key: str = "norm") -> Floats:
        """p(t) E||grad l_t||, the paper's measure of learning, as shares of its sum: shape (T,).

        With key = "mean_norm", p(t) ||E grad l_t||: of the gradient that training follows, in which
        examples may cancel.
        """
        c = sampler.pmf * self.at_every_t(key)
        return c / c.sum() if c.sum() else c

    def places(self) -> dict[str, dict[str, float]]:
        """The mean t, by sampler: of draws, of learning as predicted, as measured by E||grad||, and
        as followed by ||E grad||.
        """
        t = np.arange(1, len(self.log_snr) + 1)
        shares = {
            "draws": lambda s: s.pmf,
            "predicted": self.predicted,
            "measured": self.measured,
            "followed": lambda s: self.measured(s, "mean_norm"),
        }
        return {
            name: {key: float(share(s) @ t) for key, share in shares.items()}
            for name, s in self.samplers.items()
        }
