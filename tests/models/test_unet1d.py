"""The 1-D U-Net: any length, every parameter used, no leak between examples."""

import pytest
import torch

from memctl import models
from memctl.errors import UserError
from memctl.models.unet1d import ResBlock, conv, from_patches, in_patches, timestep_embedding


def network(inputs: int = 1, **changes: object) -> torch.nn.Module:
    torch.manual_seed(0)
    sizes = {"channels": [4, 8, 12], "attention": [1, 2], **changes}
    return models.build({"name": "unet1d", **sizes}).network((inputs, 140))


def awake(net: torch.nn.Module) -> torch.nn.Module:
    """With the layers that start at zero given weights, so that every path is open."""
    for p in net.parameters():
        if not p.any():
            torch.nn.init.normal_(p, std=0.1)
    return net


@pytest.mark.parametrize("length", [8, 9, 17, 100, 139, 140, 141, 256])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("patch", [1, 2, 3])
def test_any_length_and_number_of_channels(length: int, channels: int, patch: int) -> None:
    x = torch.randn(3, channels, length)
    y = network(channels, patch=patch)(x, torch.tensor([0, 5, 999]))
    assert y.shape == x.shape
    assert y.isfinite().all()


def test_patches_are_neighbouring_values_of_a_channel() -> None:
    x = torch.arange(10.0).view(1, 2, 5)
    patches = in_patches(x, 2)
    assert patches.tolist() == [[[0, 2, 4], [1, 3, 0], [5, 7, 9], [6, 8, 0]]]
    assert torch.equal(from_patches(patches, 2)[..., :5], x)
    assert torch.equal(in_patches(x, 1), x)


def test_gradients_reach_every_parameter() -> None:
    net = awake(network())
    net(torch.randn(4, 1, 50), torch.tensor([1, 2, 3, 4])).square().sum().backward()
    dead = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


def test_the_step_and_far_positions_matter() -> None:
    net = awake(network()).eval()
    x = torch.randn(1, 1, 64)
    assert not torch.allclose(net(x, torch.tensor([3])), net(x, torch.tensor([700])))
    other = x.clone()
    other[..., 0] += 5
    assert not torch.allclose(
        net(x, torch.tensor([3]))[..., -1], net(other, torch.tensor([3]))[..., -1]
    )


def test_examples_do_not_mix() -> None:
    net = awake(network()).eval()
    x, t = torch.randn(5, 1, 40), torch.arange(5)
    one_by_one = torch.cat([net(x[k : k + 1], t[k : k + 1]) for k in range(5)])
    torch.testing.assert_close(net(x, t), one_by_one, rtol=1e-4, atol=1e-5)


def test_one_step_for_all_is_the_same_as_one_each() -> None:
    net = awake(network()).eval()
    x = torch.randn(5, 1, 40)
    torch.testing.assert_close(
        net(x, torch.tensor([9])), net(x, torch.full((5,), 9)), rtol=1e-4, atol=1e-5
    )


def test_dropout_is_of_training_alone() -> None:
    plain, dropped = awake(network()), awake(network(dropout=0.5))
    dropped.load_state_dict(plain.state_dict())  # it brings no weights
    x, t = torch.randn(2, 1, 40), torch.tensor([3, 700])
    assert torch.equal(plain(x, t), dropped.eval()(x, t))
    assert not torch.allclose(plain(x, t), dropped.train()(x, t))


def test_embedding_is_the_sinusoids() -> None:
    e = timestep_embedding(torch.tensor([0, 2]), 4)
    torch.testing.assert_close(e[0], torch.tensor([0.0, 0.0, 1.0, 1.0]))
    angles = torch.tensor([2.0, 0.02])
    torch.testing.assert_close(e[1], torch.cat([angles.sin(), angles.cos()]))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"channels": []}, "channels"),
        ({"channels": [3, 5]}, "channels"),
        ({"attention": [7]}, "attention"),
        ({"heads": 5}, "heads"),
        ({"dropout": 1.0}, "model.dropout=1.0"),
        ({"kernel": 4}, "kernel"),
        ({"patch": 0}, "model.patch=0"),
        ({"width": 3}, "width is not a setting"),
    ],
)
def test_sizes_that_do_not_fit_are_named(changes: dict[str, object], text: str) -> None:
    with pytest.raises(UserError, match=text):
        network(**changes)


def test_a_convolution_of_kernel_1_is_a_product() -> None:
    torch.manual_seed(0)
    product = conv(5, 3, 1)
    x = torch.randn(2, 5, 1, 7)
    expected = torch.nn.functional.conv2d(x, product.weight, product.bias)
    torch.testing.assert_close(product(x), expected)
    assert list(product.state_dict()) == ["weight", "bias"]


def test_each_block_is_modulated_by_its_own_layer() -> None:
    """The one product for all blocks is the products of each, in the order of the blocks."""
    net = awake(network())
    found = {}
    for name, block in net.named_modules():
        if isinstance(block, ResBlock):
            block.register_forward_pre_hook(
                lambda _, given, name=name: found.update({name: given[1]})
            )
    t = torch.tensor([3, 700])
    net(torch.randn(2, 1, 64), t)
    embedding = net.embed(timestep_embedding(t, net.base))
    assert len(found) == 6
    for name, modulation in found.items():
        expected = net.get_submodule(name).modulation(embedding)[:, :, None, None]
        torch.testing.assert_close(modulation, expected)
