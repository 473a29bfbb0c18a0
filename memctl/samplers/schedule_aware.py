"""Samplers that look at the noise schedule."""

from dataclasses import dataclass

from memctl.errors import UserError
from memctl.samplers.base import TimestepSampler
from memctl.samplers.schedule import LINEAR, NoiseSchedule


@dataclass(frozen=True)
class ScheduleAwareSampler(TimestepSampler):
    """A distribution that the noise schedule decides with.

    Attributes:
        schedule: The noise schedule, of `timesteps` steps.

    Raises:
        UserError: a schedule of another number of steps.
    """

    schedule: NoiseSchedule = LINEAR

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timesteps == LINEAR.timesteps:  # not given: the schedule's own
            object.__setattr__(self, "timesteps", self.schedule.timesteps)
        if self.schedule.timesteps != self.timesteps:
            raise UserError(
                f"the noise schedule has {self.schedule.timesteps} steps, sampler={self.name}"
                f" {self.timesteps}; give both the same"
            )
