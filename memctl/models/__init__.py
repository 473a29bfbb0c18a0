"""Networks eps_theta(x_t, t), one file each: (n, channels, *dims) and (n,) to (n, channels, *dims).

A model is a config of its sizes, which builds the network; it is known once it stands in MODELS.
"""

from collections.abc import Mapping
from typing import Any

from memctl import registry
from memctl.models.base import ModelConfig
from memctl.models.configs import PRESETS, UNet1dConfig, UNet2dConfig

MODELS: dict[str, type[ModelConfig]] = {
    config.name: config for config in (UNet1dConfig, UNet2dConfig)
}


def build(spec: Mapping[str, Any]) -> ModelConfig:
    """The sizes that `spec` describes. Raises: UserError."""
    return registry.build("model", MODELS, spec)


__all__ = ["MODELS", "PRESETS", "ModelConfig", "build"]
