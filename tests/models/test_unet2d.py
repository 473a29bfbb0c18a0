"""UNet2DModel by config: shapes, sizes that cannot be, layout, seeds."""

import pytest
import torch

from memctl import models
from memctl.errors import UserError

SMALL = {"name": "unet2d", "channels": [8, 16], "attention": [1], "layers": 1, "norm_groups": 4}


def network(shape: tuple[int, ...] = (3, 8, 8), **changes: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return models.build({**SMALL, **changes}).network(shape)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16)], ids=str)
def test_it_predicts_in_the_shape_of_its_input(shape: tuple[int, ...]) -> None:
    x, t = torch.randn(5, *shape), torch.randint(0, 1000, (5,))
    y = network(shape)(x, t)
    assert y.shape == x.shape
    assert y.isfinite().all()


def test_examples_of_a_batch_do_not_mix_and_t_matters() -> None:
    net, x, t = network().eval(), torch.randn(4, 3, 8, 8), torch.tensor([0, 10, 500, 999])
    with torch.inference_mode():
        whole, alone = net(x, t), torch.cat([net(x[k : k + 1], t[k : k + 1]) for k in range(4)])
        other = net(x, t.flip(0))
    torch.testing.assert_close(whole, alone, rtol=1e-4, atol=1e-5)
    assert (whole - other).abs().max() > 1e-3


def test_norms_stay_in_float32_where_layers_compute_in_bfloat16() -> None:
    norms = [m for m in network().modules() if isinstance(m, torch.nn.GroupNorm)]
    assert len(norms) >= 8
    for norm in norms:
        x = 100 + torch.randn(2, norm.num_channels, 4, 4)  # of which bfloat16 alone keeps 8 bits
        plain = torch.nn.functional.group_norm(
            x.bfloat16().float(), norm.num_groups, norm.weight, norm.bias, norm.eps
        )
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(norm(x.bfloat16()), plain.bfloat16())
            assert norm(x).dtype == torch.float32


def test_layout_does_not_change_the_numbers() -> None:
    net, x, t = network().eval(), torch.randn(4, 3, 8, 8), torch.arange(4)
    with torch.inference_mode():
        wide = net(x.contiguous(memory_format=torch.channels_last), t)
        plain = net.to(memory_format=torch.contiguous_format)(x, t)
    torch.testing.assert_close(wide, plain, rtol=1e-4, atol=1e-5)


def test_the_default_is_the_unconditional_recipe_of_diffusers() -> None:
    """At 64 pixels: widths 128, 128, 256, 256, 512, 512, two blocks a level, attention on the
    fifth: 113,673,219 parameters.
    """
    from diffusers import UNet2DModel

    down = ["DownBlock2D"] * 4 + ["AttnDownBlock2D", "DownBlock2D"]
    up = ["UpBlock2D", "AttnUpBlock2D"] + ["UpBlock2D"] * 4
    with torch.device("meta"):
        ours = models.build({"name": "unet2d"}).network((3, 64, 64))
        theirs = UNet2DModel(
            64,
            3,
            3,
            layers_per_block=2,
            block_out_channels=(128, 128, 256, 256, 512, 512),
            down_block_types=down,
            up_block_types=up,
        )
    shapes = lambda net: {k: tuple(v.shape) for k, v in net.state_dict().items()}
    assert shapes(ours.unet) == shapes(theirs)
    assert sum(p.numel() for p in ours.parameters()) == 113_673_219


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": []}, "must be widths"),
        ({"attention": [2]}, "names levels outside 0..1"),
        ({"layers": 0}, "model.layers=0"),
        ({"norm_groups": 3}, "does not divide the widths"),
        ({"head_dim": 5}, "model.head_dim=5 does not divide"),
        ({"dropout": 1.0}, "model.dropout=1.0"),
    ],
    ids=str,
)
def test_sizes_that_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        models.build({**SMALL, **changes})


def test_a_model_for_other_data_is_refused() -> None:
    with pytest.raises(UserError, match="7 pixels cannot be halved 1 times"):
        network((3, 7, 7))
    with pytest.raises(
        UserError,
        match=(
            "unet2d is for square images, and these examples are signals of 140 values; use"
            " model=unet1d"
        ),
    ):
        network((1, 140))
    with pytest.raises(
        UserError,
        match="unet1d is for signals, and these examples are images of 8 x 8; use model=unet2d",
    ):
        models.build({"name": "unet1d"}).network((1, 8, 8))


@pytest.mark.parametrize(
    "options", [{"out_channels": 2}, {"num_class_embeds": 10}, {"sample_size": 4}], ids=str
)
def test_options_that_make_another_kind_of_network_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UserError, match="must predict as many channels"):
        network((1, 8, 8), options=options)
