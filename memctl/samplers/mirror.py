"""Another sampler seen from the other end: what is noise there is signal here."""

from dataclasses import dataclass
from typing import Any

from memctl.errors import UserError
from memctl.samplers.base import Floats, TimestepSampler, folder_name


@dataclass(frozen=True)
class MirrorSampler(TimestepSampler):
    """p(t) = q(T + 1 - t), q the distribution of the sampler `of`: same width, same entropy, other
    place.
    """

    name = "mirror"
    of: TimestepSampler | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (
            not isinstance(self.of, TimestepSampler)
            or self.of.timesteps != self.timesteps
            or not self.of.constant
        ):
            raise UserError(
                f"sampler.of of a mirror must be a fixed distribution over {self.timesteps} steps,"
                " such as {name: uniform}"
            )

    def probabilities(self) -> Floats:
        assert self.of is not None
        return self.of.pmf[::-1]

    @property
    def label(self) -> str:
        return folder_name(f"mirror_{self.of.label if self.of else None}")

    @property
    def nominal(self) -> dict[str, Any]:
        return {}
