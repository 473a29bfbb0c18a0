"""Weights as parts of one tensor: the network, its training and its saved state stay the same."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from memctl.training import flat as flat_file
from memctl.training.flat import Flat
from tests.training.test_fit import NEVER, RESUME, Stop, fit, small


def network() -> nn.Module:
    """Of a scalar, a vector, a matrix and a kernel whose channels are last in memory."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 3), nn.Conv2d(2, 4, 3).to(memory_format=torch.channels_last))
    net.scale = nn.Parameter(torch.tensor(2.0))
    return net


def loss(net: Any, step: int) -> torch.Tensor:
    x = torch.randn(5, 2, 3, 3, generator=torch.Generator().manual_seed(step))
    out: torch.Tensor = (net.scale * net[1](net[0](x))).square().mean()
    return out


def trained(net: nn.Module, steps: range, state: Any = None, single: bool = False) -> Any:
    """The optimiser's state after the steps, from a state."""
    own = Flat(net.parameters())
    if single:
        own.release()
        own.updated = own.own
    optimizer = torch.optim.Adam(own.updated, lr=0.1, fused=True)
    own.keep_state(optimizer)
    if state is not None:
        optimizer.load_state_dict(state)
    for step in steps:
        own.zero_grad(optimizer)
        loss(net, step).backward()
        optimizer.step()
    own.release()
    return optimizer.state_dict()


def near(a: Any, b: Any) -> None:
    """Equal, but for the last digits: what is alone at the end of a tensor is computed without
    vectors.
    """
    for x, y in zip(a, b, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-7)


def test_they_are_parts_and_keep_their_values_and_layouts() -> None:
    net = network()
    before = {k: (v.clone(), v.stride()) for k, v in net.state_dict().items()}
    own = Flat(net.parameters())
    assert own.is_one
    assert [p.numel() for p in own.updated] == [sum(v.numel() for v, _ in before.values())]
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name][0])
        assert value.stride() == before[name][1]
    with torch.no_grad():
        own.updated[0].add_(1)
    assert all(torch.equal(v, before[k][0] + 1) for k, v in net.state_dict().items())


def test_a_copy_is_of_parts_of_its_own() -> None:
    """As the moving average has: a copy of the module, with its network and its `Flat`."""
    net = network()
    net.flat = Flat(net.parameters())  # type: ignore[assignment]
    twin: Any = copy.deepcopy(net)
    with torch.no_grad():
        twin.flat.updated[0].zero_()
    assert not any(p.any() for p in twin.parameters())
    assert all(p.any() for p in net.parameters())


def test_released_they_have_memory_of_their_own_and_no_gradient() -> None:
    net = network()
    own = Flat(net.parameters())
    own.zero_grad(torch.optim.Adam(own.updated))
    loss(net, 0).backward()
    own.release()
    assert all(p.grad is None for p in net.parameters())
    assert len({p.untyped_storage().data_ptr() for p in net.parameters()}) == 5
    assert net[1].weight.is_contiguous(memory_format=torch.channels_last)  # type: ignore[index, call-arg]


def test_steps_of_adam_are_those_of_the_single_weights() -> None:
    one, several = network(), network()
    trained(one, range(20))
    trained(several, range(20), single=True)
    near(one.parameters(), several.parameters())
    assert not torch.allclose(one[0].weight, network()[0].weight)  # type: ignore[index]


@pytest.mark.parametrize("first", [True, False], ids=["to parts", "to one"])
def test_each_goes_on_from_the_others_state(first: bool) -> None:
    """A GPU, where they are not one, goes on with what a CPU began, and the other way round."""
    whole, half = network(), network()
    trained(whole, range(20), single=True)
    state = trained(half, range(10), single=not first)
    assert state["param_groups"][0]["params"] == [0, 1, 2, 3, 4]
    assert [v["exp_avg"].shape for v in state["state"].values()] == [
        p.shape for p in half.parameters()
    ]
    trained(half, range(10, 20), state, single=first)
    near(half.parameters(), whole.parameters())


def test_a_state_of_no_step_yet_is_kept() -> None:
    state = trained(network(), range(0))
    near((net := network()).parameters(), network().parameters())
    trained(net, range(5), state)
    trained(other := network(), range(5))
    near(net.parameters(), other.parameters())


def test_many_weights_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(p.numel() for p in network().parameters())
    monkeypatch.setattr(flat_file, "MOST", size)
    assert Flat(network().parameters()).is_one
    monkeypatch.setattr(flat_file, "MOST", size - 1)
    own = Flat((net := network()).parameters())
    assert not own.is_one
    assert own.updated == list(net.parameters())


@pytest.mark.parametrize("why", ["frozen", "of other numbers", "with gaps"])
def test_weights_that_cannot_be_parts_keep_all_apart(why: str) -> None:
    """A frozen one would lose to weight decay what it keeps alone."""
    net = network()
    net.scale = {
        "frozen": nn.Parameter(torch.tensor(2.0), requires_grad=False),
        "of other numbers": nn.Parameter(torch.tensor(2.0, dtype=torch.float64)),
        "with gaps": nn.Parameter(torch.arange(8.0).view(2, 4)[:, :2]),
    }[why]  # type: ignore[assignment]
    before = [p.detach().clone() for p in net.parameters()]
    assert not Flat(net.parameters()).is_one
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_a_state_lacks_what_had_no_gradient() -> None:
    """As a network's unused weights, where they are not one: to be one they begin at 0."""
    net = network()
    state = trained(net, range(3), single=True)
    del state["state"][0], state["state"][3]
    trained(net, range(0), state)
    own = Flat(net.parameters())
    optimizer = torch.optim.Adam(own.updated, lr=0.1, fused=True)
    own.keep_state(optimizer)
    optimizer.load_state_dict(state)
    parts = own.parts(optimizer.state[own.updated[0]]["exp_avg"])
    assert [bool(part.any()) for part in parts] == [False, True, True, False, True]
    assert torch.equal(parts[1], state["state"][1]["exp_avg"])


def test_a_training_goes_on_where_they_are_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights, moving average and rows are those of one that nobody stopped."""
    train, whole = small()
    fit(whole, train, tmp_path / "whole", checkpoint_seconds=NEVER)
    for one_first in (True, False):
        train, net = small()
        folder = tmp_path / str(one_first)
        most = [flat_file.MOST, 0]
        monkeypatch.setattr(flat_file, "MOST", most[not one_first])
        with pytest.raises(Stop):
            fit(copy.deepcopy(net), train, folder, stop_at=5)
        assert (folder / RESUME).exists()
        monkeypatch.setattr(flat_file, "MOST", most[one_first])
        fit(net, train, folder)
        monkeypatch.setattr(flat_file, "MOST", most[0])
        near(net.parameters(), whole.parameters())
