"""No operation of a step has the host wait for its device. The device here is torch's meta device,
on which there are shapes alone: to look at a value raises, and what goes over to it is recorded.
"""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from memctl import models
from memctl.config import Diffusion, Generate, Stage, Weighting
from memctl.diffusion.generate import generate
from memctl.diffusion.schedule import forward_process
from memctl.samplers import IntervalSampler, ScheduleSampler
from memctl.training.batches import Batches
from memctl.training.fit import averaging, weights_by_t
from memctl.training.module import DiffusionModule
from memctl.training.timesteps import TimestepSamplerCallback

META = torch.device("meta")
SHAPE = (1, 16)
TRAINER: Any = SimpleNamespace(global_step=1, max_steps=9, loggers=[])


class Transfers(TorchDispatchMode):
    """Which operations bring tensors from one device to another, and whether the host waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[bool] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = function(*args, **kwargs)
        places = [{v.device.type for v in tree_leaves(x) if isinstance(v, torch.Tensor)}
                  for x in ((args, kwargs), out)]  # fmt: skip
        # A single number of the host beside tensors of the device is an argument, not a transfer.
        if len(places[0]) == 1 and len(places[0] | places[1]) == 2:
            self.waited.append(not kwargs.get("non_blocking", False))
        return out


def network() -> torch.nn.Module:
    with META:
        return models.build({"name": "unet1d", "channels": [4, 8], "attention": [1]}).network(SHAPE)


def test_the_recorder_sees_what_it_is_to_find() -> None:
    with Transfers() as seen:
        _ = torch.arange(3).to(META), torch.arange(3).to(META, non_blocking=True)
        _ = torch.ones(2, device=META) * torch.tensor(2.0)
    assert seen.waited == [True, False]
    with pytest.raises(RuntimeError), Transfers():
        _ = torch.ones(2, device=META).sum().item()


@pytest.mark.parametrize("mode", ["sample", "weight"])
def test_a_step_of_training_waits_for_nothing(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one brings over the tables; seeds of layers are the host's business."""
    monkeypatch.setattr(Batches, "layers_seeded", lambda *_: nullcontext())
    stage, diffusion = Stage(batch_size=4, ema=0.99, ema_warmup=True), Diffusion()
    batches = Batches(torch.empty(12, *SHAPE, device=META), 4, 0, flip=True)
    weights = weights_by_t(Weighting("min_snr"), diffusion)
    assert weights is not None
    steps = forward_process(diffusion)
    module = DiffusionModule(network(), steps, batches, stage, 9, weights.to(META))
    module._trainer = TRAINER
    timesteps = TimestepSamplerCallback(
        ScheduleSampler(IntervalSampler(low=100, high=300), mode), steps_per_epoch=100
    )
    timesteps.setup(TRAINER, module, "fit")
    (average,) = averaging(stage, META)
    average.setup(TRAINER, module, "fit")

    def step() -> None:
        TRAINER.global_step += 1
        out = module.training_step()
        out["loss"].backward()
        for callback in (timesteps, average):
            callback.on_train_batch_end(TRAINER, module, out, None, 0)

    averaged = average._average_model
    assert averaged is not None
    assert {p.device for p in averaged.parameters()} == {META}
    average.parameters = tuple(
        [p.detach() for p in m.parameters()] for m in (averaged.module, module)
    )
    step()
    with Transfers() as seen:
        step()
    assert set(seen.waited) == {False}
    assert len(seen.waited) == 4  # what is shown, what is mirrored, t and noise


def test_a_step_of_generation_moves_nothing() -> None:
    """Noise goes over at the beginning, samples at the end, which alone asks for values."""
    how = Generate(steps=3)
    with pytest.raises(NotImplementedError), Transfers() as seen:
        generate(network(), Diffusion(), how, range(2), SHAPE, META)
    assert seen.waited == [True]
