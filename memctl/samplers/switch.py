"""One sampler until a share of the training's steps, then another: does the order matter?"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from memctl.errors import UserError
from memctl.samplers.base import Floats, TimestepSampler, folder_name
from memctl.samplers.mixture import MixtureSampler

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SwitchSampler(TimestepSampler):
    """Draws from the first part in the steps k of a training (k = 0..n-1) with k / n < `at`, from
    the second in the others.

    p(t) = at p_1(t) + (1 - at) p_2(t), the distribution of the whole training's draws, is
    what it has as its distribution, and draws from where no training tells it its progress. The
    draws of a phase are those of its sampler alone, bit for bit.

    Attributes:
        parts: Two samplers over the same T steps whose distributions do not change.
        at: The share of the training's steps in which the first is drawn from, in (0, 1).
    """

    name = "switch"
    scheduled = True
    parts: tuple[TimestepSampler, ...] = ()
    at: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "parts", tuple(self.parts))
        if len(self.parts) != 2 or not all(
            isinstance(p, TimestepSampler) and p.timesteps == self.timesteps and p.constant
            for p in self.parts
        ):
            raise UserError(
                f"sampler.parts of a switch must be two fixed distributions over {self.timesteps}"
                " steps, such as [{name: uniform}, {name: interval, low: 700, high: 1000}]"
            )
        self.check("at", lambda v: 0 < v < 1, "in (0, 1), a share of the training's steps")

    @cached_property
    def _whole(self) -> MixtureSampler:
        return MixtureSampler(self.timesteps, self.parts, (self.at, 1 - self.at))

    @property
    def current(self) -> TimestepSampler:
        now: TimestepSampler | None = self.__dict__.get("_now")
        return now or self._whole

    def set_progress(self, share: float | None) -> None:
        self.__dict__["_now"] = None if share is None else self.parts[0 if share < self.at else 1]

    def probabilities(self) -> Floats:
        return self._whole.pmf

    def sample(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        return self.current.sample(n, generator, device)

    def exact(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        return self.current.exact(n, generator, device)

    def stratified(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        return self.current.stratified(n, generator, device)

    @property
    def label(self) -> str:
        first, then = (part.label for part in self.parts)
        return folder_name(f"switch{self.at:.12g}_{first}_then_{then}")
