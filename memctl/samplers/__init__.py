"""WHERE learning happens: distributions over the diffusion step t, one file each."""

from collections.abc import Mapping
from typing import Any

from memctl import registry
from memctl.samplers.base import TimestepSampler
from memctl.samplers.interval import IntervalSampler
from memctl.samplers.uniform import UniformSampler

SAMPLERS: dict[str, type[TimestepSampler]] = {s.name: s for s in (UniformSampler, IntervalSampler)}


def build(spec: Mapping[str, Any]) -> TimestepSampler:
    """The sampler that `spec`, for example {"name": "interval", "low": 100, "high": 200}, describes.

    Raises:
        UserError: an unknown name or parameter, or a value that the sampler refuses.
    """
    return registry.build("sampler", SAMPLERS, spec)


__all__ = ["SAMPLERS", "IntervalSampler", "TimestepSampler", "UniformSampler", "build"]
