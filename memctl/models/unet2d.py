"""Diffusers' UNet2DModel for images, as a network eps_theta(x_t, t)."""

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn

from memctl.errors import UserError
from memctl.models.configs import UNet2dConfig


class GroupNorm(nn.GroupNorm):
    """On a CPU in float32 also where layers compute in bfloat16, as CUDA's autocast has it: in
    bfloat16 it takes 3 to 6 times as long there.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return super().forward(x)
        return super().forward(x.float()).to(x.dtype)


class UNet2d(nn.Module):
    """Predicts, from x_t of shape (n, channels, size, size) and t of shape (n,), a tensor of x_t's
    shape.

    Attributes:
        unet: The model of diffusers, which `save_pretrained` writes and other code loads.
    """

    def __init__(self, config: UNet2dConfig, channels: int, size: int) -> None:
        super().__init__()
        levels = range(len(config.channels))
        sizes = {
            "sample_size": size,
            "in_channels": channels,
            "out_channels": channels,
            "layers_per_block": config.layers,
            "block_out_channels": tuple(config.channels),
            "down_block_types": tuple(
                "AttnDownBlock2D" if k in config.attention else "DownBlock2D" for k in levels
            ),
            "up_block_types": tuple(
                "AttnUpBlock2D" if k in config.attention else "UpBlock2D" for k in reversed(levels)
            ),
            "attention_head_dim": config.head_dim,
            "norm_num_groups": config.norm_groups,
            "dropout": config.dropout,
        }
        try:
            self.unet = UNet2DModel(**{**sizes, **(config.options or {})})
        except Exception as error:  # an argument that is none, or sizes that do not fit
            raise UserError(f"model.options={config.options}: {error}") from None
        made = self.unet.config
        asked = (made.sample_size, made.in_channels, made.out_channels)
        if asked != (size, channels, channels) or made.num_class_embeds or made.class_embed_type:
            raise UserError(
                f"model.options={config.options}: the network must predict as many channels, of the"
                " same size, as it is given, and without classes"
            )
        for part in self.unet.modules():
            if type(part) is nn.GroupNorm:
                part.__class__ = GroupNorm
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.unet(x, t).sample
