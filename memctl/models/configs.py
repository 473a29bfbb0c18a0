"""Sizes of the U-Nets, apart from the networks so that a sweep's controller can check them without
torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from memctl.errors import UserError
from memctl.keys import later
from memctl.models.base import ModelConfig

if TYPE_CHECKING:
    from memctl.models.unet1d import UNet1d
    from memctl.models.unet2d import UNet2d

WIDEST = 2**16  # channels of a level
COARSEST = 64  # values of a patch
PRESETS = (8, 16, 32, 64)  # pixels for which conf/model has a unet2d_N


def check_dropout(share: float) -> None:
    """Raises: UserError."""
    if not 0 <= share < 1:
        raise UserError(f"model.dropout={share} must be in [0, 1)")


@dataclass
class UNet1dConfig(ModelConfig):
    """Sizes of a `UNet1d`.

    Attributes:
        channels: Width of each resolution level, the first level first; each further level halves
            the length.
        attention: Levels (0 = the first) that have self-attention.
        heads: Attention heads; divides the width of those levels.
        kernel: Odd width of the convolutions.
        dropout: Share of the activations before each block's second convolution that training
            drops.
        patch: Neighbouring values that are one position of the first level; 1 keeps the signal's
            own resolution.
    """

    name = "unet1d"
    channels: list[int] = field(default_factory=lambda: [16, 32, 48, 64])
    attention: list[int] = field(default_factory=lambda: [3])
    heads: int = 1
    kernel: int = 3
    dropout: float = later(0.0)
    patch: int = later(1)

    def __post_init__(self) -> None:
        levels = range(len(self.channels))
        if not self.channels or any(
            not isinstance(c, int) or c not in range(2, WIDEST + 1, 2) for c in self.channels
        ):
            raise UserError(
                f"model.channels={self.channels} must be even widths up to {WIDEST:,}, one a"
                " level, such as [16, 32, 64]"
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
        if self.kernel not in range(1, 100, 2):
            raise UserError(f"model.kernel={self.kernel} must be odd, at least 1 and below 100")
        if self.patch not in range(1, COARSEST + 1):
            raise UserError(f"model.patch={self.patch} must be in [1, {COARSEST}]")
        check_dropout(self.dropout)

    def network(self, shape: Sequence[int]) -> "UNet1d":
        channels, *dims = shape
        if len(dims) != 1:
            preset = max([size for size in PRESETS if size <= dims[0]], default=PRESETS[0])
            raise UserError(
                f"model=unet1d is for signals, and these examples are images of {dims[0]} x"
                f" {dims[1]}; use model=unet2d_{preset}"
            )
        from memctl.models.unet1d import UNet1d

        return UNet1d(self, channels)


@dataclass
class UNet2dConfig(ModelConfig):
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

    name = "unet2d"
    channels: list[int] = field(default_factory=lambda: [128, 128, 256, 256, 512, 512])
    attention: list[int] = field(default_factory=lambda: [4])
    layers: int = 2
    head_dim: int = 8
    norm_groups: int = 32
    dropout: float = 0.0
    options: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        levels = range(len(self.channels))
        if not self.channels or any(
            not isinstance(c, int) or not 1 <= c <= WIDEST for c in self.channels
        ):
            raise UserError(
                f"model.channels={self.channels} must be widths up to {WIDEST:,}, one a level,"
                " such as [32, 64]"
            )
        if any(level not in levels for level in self.attention):
            raise UserError(
                f"model.attention={self.attention} names levels outside 0..{len(levels) - 1}"
            )
        if not 1 <= self.layers <= 100:
            raise UserError(f"model.layers={self.layers} must be at least 1 and at most 100")
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
        check_dropout(self.dropout)

    def network(self, shape: Sequence[int]) -> "UNet2d":
        channels, *dims = shape
        levels = len(self.channels)
        if len(dims) != 2 or dims[0] != dims[1]:
            raise UserError(
                f"model=unet2d is for square images, and these examples are signals of {dims[0]}"
                " values; use model=unet1d"
            )
        if dims[0] % 2 ** (levels - 1):
            raise UserError(
                f"{dims[0]} pixels cannot be halved {levels - 1} times, as a model of {levels}"
                " levels does"
            )
        from memctl.models.unet2d import UNet2d

        return UNet2d(self, channels, dims[0])
