"""Sizes of the models, apart from the models so that a sweep's controller can check them without
torch.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from memctl.errors import UserError


@dataclass
class UNet1dConfig:
    """Sizes of a `UNet1d`.

    Attributes:
        channels: Width of each resolution level, full resolution first; each further level halves
            the length.
        attention: Levels (0 = full resolution) that have self-attention.
        heads: Attention heads; divides the width of those levels.
        kernel: Odd width of the convolutions.
    """

    name: ClassVar[str] = "unet1d"
    channels: list[int] = field(default_factory=lambda: [16, 32, 48, 64])
    attention: list[int] = field(default_factory=lambda: [3])
    heads: int = 1
    kernel: int = 3

    def __post_init__(self) -> None:
        levels = range(len(self.channels))
        if not self.channels or any(
            not isinstance(c, int) or c < 2 or c % 2 for c in self.channels
        ):
            raise UserError(
                f"model.channels={self.channels} must be even widths, one a level, such as [16,"
                " 32, 64]"
            )
        if any(level not in levels for level in self.attention):
            raise UserError(
                f"model.attention={self.attention} names levels outside 0..{len(levels) - 1}"
            )
        if self.heads < 1 or any(self.channels[level] % self.heads for level in self.attention):
            raise UserError(
                f"model.heads={self.heads} does not divide the widths {self.channels} of the levels"
                f" {self.attention}"
            )
        if self.kernel % 2 == 0:
            raise UserError(f"model.kernel={self.kernel} must be odd")


@dataclass
class UNet2dConfig:
    """Sizes of a `UNet2d`, diffusers' UNet2DModel; the defaults are those of its unconditional
    recipe at 64 pixels.

    Attributes:
        channels: Width of each resolution level, full resolution first; each further level halves
            the sides.
        attention: Levels (0 = full resolution) that have self-attention; diffusers puts it in the
            middle too.
        layers: Residual blocks a level.
        head_dim: Width of an attention head.
        norm_groups: Groups of the normalisation; divides every width.
        dropout: Share of activations that training drops.
        options: Further arguments of UNet2DModel, such as {norm_eps: 1e-6}.
    """

    name: ClassVar[str] = "unet2d"
    channels: list[int] = field(default_factory=lambda: [128, 128, 256, 256, 512, 512])
    attention: list[int] = field(default_factory=lambda: [4])
    layers: int = 2
    head_dim: int = 8
    norm_groups: int = 32
    dropout: float = 0.0
    options: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        levels = range(len(self.channels))
        if not self.channels or any(not isinstance(c, int) or c < 1 for c in self.channels):
            raise UserError(
                f"model.channels={self.channels} must be widths, one a level, such as [32, 64]"
            )
        if any(level not in levels for level in self.attention):
            raise UserError(
                f"model.attention={self.attention} names levels outside 0..{len(levels) - 1}"
            )
        if self.layers < 1:
            raise UserError(f"model.layers={self.layers} must be at least 1")
        if self.norm_groups < 1 or any(c % self.norm_groups for c in self.channels):
            raise UserError(
                f"model.norm_groups={self.norm_groups} does not divide the widths {self.channels}"
            )
        if self.head_dim < 1 or any(
            self.channels[level] % self.head_dim for level in [*self.attention, len(levels) - 1]
        ):
            raise UserError(
                f"model.head_dim={self.head_dim} does not divide the widths {self.channels} of the"
                " levels with attention"
            )
        if not 0 <= self.dropout < 1:
            raise UserError(f"model.dropout={self.dropout} must be in [0, 1)")


ModelConfig = UNet1dConfig | UNet2dConfig
