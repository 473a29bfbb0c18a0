"""WHERE learning happens: distributions over the diffusion step t, one file each.

Needs numpy and scipy, and torch to draw; samplers in log SNR read the betas from diffusers. Neither
Lightning nor Hydra.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from memctl import registry
from memctl.errors import UserError
from memctl.samplers.band import BandSampler
from memctl.samplers.base import TimestepSampler
from memctl.samplers.beta import BetaSampler
from memctl.samplers.cauchy import CauchySampler
from memctl.samplers.fixed import FixedSampler
from memctl.samplers.interval import IntervalSampler
from memctl.samplers.laplace import LaplaceSampler
from memctl.samplers.logit_normal import LogitNormalSampler
from memctl.samplers.lognormal import LogNormalSampler
from memctl.samplers.loss_second_moment import LossSecondMomentSampler
from memctl.samplers.mirror import MirrorSampler
from memctl.samplers.mixture import MixtureSampler
from memctl.samplers.mode import ModeSampler
from memctl.samplers.normal import NormalSampler
from memctl.samplers.plugins import own_samplers
from memctl.samplers.schedule import NoiseSchedule
from memctl.samplers.schedule_sampler import MODES, USE, ScheduleSampler
from memctl.samplers.speed import SpeedSampler
from memctl.samplers.switch import SwitchSampler
from memctl.samplers.table import TableSampler
from memctl.samplers.uniform import UniformSampler

SAMPLERS: dict[str, type[TimestepSampler]] = {
    kind.name: kind
    for kind in (
        UniformSampler,
        IntervalSampler,
        NormalSampler,
        LogitNormalSampler,
        ModeSampler,
        BetaSampler,
        LogNormalSampler,
        LaplaceSampler,
        CauchySampler,
        SpeedSampler,
        BandSampler,
        LossSecondMomentSampler,
        FixedSampler,
        TableSampler,
        MixtureSampler,
        MirrorSampler,
        SwitchSampler,
    )
}
GIVEN = ("timesteps", "schedule")  # fields that the diffusion gives


def all_samplers() -> dict[str, type[TimestepSampler]]:
    """Every sampler by name, with the user's own.

    Raises: UserError, for a file of the user's that is wrong.
    """
    own = own_samplers()
    taken = sorted(set(own) & {*SAMPLERS, "none"})
    if taken:
        raise UserError(f"memctl has a sampler {taken[0]} of its own; give yours another name")
    return {**SAMPLERS, **own}


def build(spec: Mapping[str, Any], schedule: NoiseSchedule | None = None) -> TimestepSampler:
    """The sampler that `spec`, for example {"name": "interval", "low": 100, "high": 200},
    describes; specs in it are built too.

    Args:
        schedule: The noise schedule that, with its number of steps, holds where the spec names
            none.

    Raises:
        UserError: an unknown name or parameter, or a value that the sampler refuses.
    """
    table, values = all_samplers(), dict(spec)
    kind = table.get(str(values.get("name")))
    if schedule is not None and kind is not None:
        values.setdefault("timesteps", schedule.timesteps)
        if any(f.name == "schedule" for f in fields(kind)):
            values.setdefault("schedule", schedule)
    if isinstance(values.get("schedule"), Mapping):
        given = {key: _build_nested(value, None) for key, value in values["schedule"].items()}
        values["schedule"] = registry.build("schedule", {"": NoiseSchedule}, {**given, "name": ""})
    if schedule is None and isinstance(values.get("schedule"), NoiseSchedule):
        schedule = values["schedule"]
        values.setdefault("timesteps", schedule.timesteps)
    return registry.build(
        "sampler", table, {key: _build_nested(value, schedule) for key, value in values.items()}
    )


def _build_nested(value: Any, schedule: NoiseSchedule | None) -> Any:
    """A value of a spec with the specs in it built, and lists made tuples."""
    if isinstance(value, Mapping) and "name" in value:
        return build(value, schedule)
    return (
        tuple(_build_nested(item, schedule) for item in value)
        if isinstance(value, list | tuple)
        else value
    )


def build_schedule_sampler(
    spec: Mapping[str, Any], schedule: NoiseSchedule | None = None
) -> ScheduleSampler:
    """The sampler of a spec, used as its items mode, clip and stratified say. Raises: UserError."""
    how = {key: spec.get(key, default) for key, default in USE.items()}
    return ScheduleSampler(build({k: v for k, v in spec.items() if k not in USE}, schedule), **how)


__all__ = [
    "MODES",
    "SAMPLERS",
    "USE",
    "BandSampler",
    "BetaSampler",
    "CauchySampler",
    "FixedSampler",
    "IntervalSampler",
    "LaplaceSampler",
    "LogNormalSampler",
    "LogitNormalSampler",
    "LossSecondMomentSampler",
    "MirrorSampler",
    "MixtureSampler",
    "ModeSampler",
    "NoiseSchedule",
    "NormalSampler",
    "ScheduleSampler",
    "SpeedSampler",
    "SwitchSampler",
    "TableSampler",
    "TimestepSampler",
    "UniformSampler",
    "all_samplers",
    "build",
    "build_schedule_sampler",
]
