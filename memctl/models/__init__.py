"""Networks eps_theta(x_t, t), one file each: (n, channels, *dims) and (n,) to (n, channels, *dims)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memctl import registry
from memctl.models.configs import UNet1dConfig

if TYPE_CHECKING:
    from torch import nn

MODELS = {config.name: config for config in (UNet1dConfig,)}


def build(spec: Mapping[str, Any]) -> UNet1dConfig:
    """The sizes that `spec` describes. Raises: UserError."""
    return registry.build("model", MODELS, spec)


def network(config: UNet1dConfig, channels: int) -> "nn.Module":
    """A freshly initialised network for records of that many channels; torch's global seed decides its weights."""
    from memctl.models.unet1d import UNet1d  # here alone: a sweep's controller builds configs without torch

    return UNet1d(config, channels)
