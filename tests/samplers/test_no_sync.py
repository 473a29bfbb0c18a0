"""A draw launches random numbers and a look-up, and never waits for the device: recorded from
torch's own dispatcher.
"""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from memctl.samplers import (
    FixedSampler,
    IntervalSampler,
    LaplaceSampler,
    LossSecondMomentSampler,
    ScheduleSampler,
    TimestepSampler,
    UniformSampler,
)

EXAMPLES: dict[str, TimestepSampler] = {
    "uniform": UniformSampler(),
    "interval": IntervalSampler(low=100, high=300),
    "laplace": LaplaceSampler(),
    "fixed": FixedSampler(),
    "adaptive": LossSecondMomentSampler(timesteps=50),
}
every = pytest.mark.parametrize("sampler", EXAMPLES.values(), ids=EXAMPLES.keys())
RANDOM = {"aten.randint", "aten.rand", "aten.randperm"}
LOOK_UP = {
    "aten.index_select",
    "aten.searchsorted",
    "aten.clamp_",
    "aten.add",
    "aten.div",
    "aten.new_ones",
}


class Recorder(TorchDispatchMode):
    """The names of all operations in its context."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.names.append(str(function).rsplit(".", 1)[0])
        return function(*args, **(kwargs or {}))


def recorded(call: Any) -> list[str]:
    call()  # the first makes the tables and brings them to the device
    with Recorder() as recorder:
        call()
    return recorder.names


def test_the_recorder_sees_what_it_is_to_find():
    x = torch.arange(3)
    with Recorder() as recorder:
        _ = x.sum().item(), x.nonzero(), x.to(torch.float64)
    assert {"aten._local_scalar_dense", "aten.nonzero", "aten._to_copy"} <= set(recorder.names)


@every
def test_a_draw_is_random_numbers_and_a_look_up(sampler: TimestepSampler):
    generator = torch.Generator().manual_seed(0)
    names = recorded(lambda: sampler.sample(64, generator))
    if isinstance(sampler, UniformSampler):
        assert names == ["aten.randint"]
    elif sampler.adaptive:
        assert names == ["aten.rand", "aten.clamp_", "aten.searchsorted"]
    else:
        assert names == ["aten.randint", "aten.index_select"]


@every
def test_a_stratified_draw_makes_no_sync(sampler: TimestepSampler):
    generator = torch.Generator().manual_seed(0)
    names = recorded(lambda: sampler.stratified(64, generator))
    assert names == [
        "aten.rand",
        "aten.randperm",
        "aten.add",
        "aten.div",
        "aten.clamp_",
        "aten.searchsorted",
    ]


@pytest.mark.parametrize("stratified", [False, True], ids=["independent", "stratified"])
@pytest.mark.parametrize("mode", ["sample", "weight", "correct"])
@pytest.mark.parametrize("name", ["uniform", "interval", "laplace", "adaptive"])
def test_draws_and_their_weights_are_random_numbers_and_look_ups(
    name: str, mode: str, stratified: bool
):
    generator = torch.Generator().manual_seed(0)
    drawing = ScheduleSampler(EXAMPLES[name], mode, stratified=stratified)
    names = recorded(lambda: drawing.sample(64, generator=generator))
    assert set(names) <= RANDOM | LOOK_UP
    assert RANDOM & set(names)


@pytest.mark.parametrize("mode", ["sample", "weight", "correct"])
@pytest.mark.parametrize("stratified", [False, True], ids=["independent", "stratified"])
@pytest.mark.parametrize("name", ["uniform", "interval", "laplace", "adaptive"])
def test_a_draw_needs_no_values(name: str, stratified: bool, mode: str):
    """On the meta device, which has shapes alone: to look at a value would raise."""
    drawing = ScheduleSampler(EXAMPLES[name], mode, stratified=stratified)
    t, w = drawing.sample(64, "meta")
    assert t.device.type == w.device.type == "meta"
    assert (t.dtype, t.shape, w.dtype, w.shape) == (torch.int64, (64,), torch.float32, (64,))
