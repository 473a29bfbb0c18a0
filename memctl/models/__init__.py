"""Networks eps_theta(x_t, t), one file each: (n, channels, *dims) and (n,) to (n, channels, *dims)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memctl import registry
from memctl.errors import UserError
from memctl.models.configs import ModelConfig, UNet1dConfig, UNet2dConfig

if TYPE_CHECKING:
    from torch import nn

PRESETS = (8, 16, 32, 64)  # pixels for which conf/model has a unet2d_N
MODELS: dict[str, type[ModelConfig]] = {
    config.name: config for config in (UNet1dConfig, UNet2dConfig)
}


def build(spec: Mapping[str, Any]) -> ModelConfig:
    """The sizes that `spec` describes. Raises: UserError."""
    return registry.build("model", MODELS, spec)


def network(config: ModelConfig, shape: Sequence[int]) -> "nn.Module":
    """A freshly initialised network for examples of shape (channels, *dims); torch's global seed
    decides its weights.

    Raises:
        UserError: examples that the model is not made for.
    """
    channels, *dims = shape
    if isinstance(config, UNet1dConfig):
        if len(dims) != 1:
            preset = max([size for size in PRESETS if size <= dims[0]], default=PRESETS[0])
            raise UserError(
                f"model=unet1d is for signals, and these examples are images of {dims[0]} x"
                f" {dims[1]}; use model=unet2d_{preset}"
            )
        from memctl.models.unet1d import (
            UNet1d,
        )  # here alone: a sweep's controller builds configs without torch

        return UNet1d(config, channels)
    step = 2 ** (len(config.channels) - 1)
    if len(dims) != 2 or dims[0] != dims[1]:
        raise UserError(
            f"model=unet2d is for square images, and these examples are signals of {dims[0]} values;"
            " use model=unet1d"
        )
    if dims[0] % step:
        levels = len(config.channels)
        raise UserError(
            f"{dims[0]} pixels cannot be halved {levels - 1} times, as a model of {levels} levels"
            " does"
        )
    from memctl.models.unet2d import UNet2d

    return UNet2d(config, channels, dims[0])
