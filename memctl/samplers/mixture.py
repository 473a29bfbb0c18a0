"""Several samplers, each used with its own probability."""

from dataclasses import dataclass

import numpy as np

from memctl.errors import UserError
from memctl.samplers.base import Floats, TimestepSampler, folder_name, is_number


@dataclass(frozen=True)
class MixtureSampler(TimestepSampler):
    """p(t) = sum_i w_i p_i(t).

    Attributes:
        parts: Samplers over the same T steps, at least one; none of them adaptive or
            scheduled.
        weights: w_i up to a factor, not negative, one a part; null gives all the same.
    """

    name = "mixture"
    parts: tuple[TimestepSampler, ...] = ()
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.parts or not all(
            isinstance(p, TimestepSampler) and p.timesteps == self.timesteps and p.constant
            for p in self.parts
        ):
            raise UserError(
                f"sampler.parts must list fixed distributions over {self.timesteps} steps, "
                "such as [{name: fixed, t: 10}, {name: uniform}]"
            )
        if self.weights is not None:
            object.__setattr__(self, "weights", tuple(self.weights))
            valid = all(is_number(w) and w >= 0 for w in self.weights)
            if len(self.weights) != len(self.parts) or not valid or not sum(self.weights):
                raise UserError(
                    f"sampler.weights={list(self.weights)} must be {len(self.parts)} numbers of at"
                    " least 0, one a part, that are not all 0"
                )

    def probabilities(self) -> Floats:
        weights = np.asarray(self.weights or [1.0] * len(self.parts), dtype=np.float64)
        return np.sum(
            [w * part.pmf for w, part in zip(weights / weights.sum(), self.parts, strict=True)],
            axis=0,
        )

    @property
    def label(self) -> str:
        weights = self.weights or (1,) * len(self.parts)
        parts = [f"{w:.12g}x{part.label}" for w, part in zip(weights, self.parts, strict=True)]
        return folder_name("_".join([f"mixture{len(parts)}", *parts]))
