"""Weights along a training: what it would have ended with, had it ended at some step."""

import copy
from collections.abc import Callable, Container
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import nn


class KeepAlong(Callback):
    """Hands a copy of the network with its averaged weights on, after some of the steps.

    The training does not notice: it draws nothing, and the copy is its own.

    Args:
        steps: After which, counted from 1.
        keep: Called with the step and the network. It stands before what saves the state to resume
            from: whatever a resumed training does not do again is kept.
    """

    def __init__(self, steps: Container[int], keep: Callable[[int, nn.Module], None]) -> None:
        self.steps, self.keep = steps, keep

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if trainer.global_step in self.steps:
            self.keep(trainer.global_step, averaged(trainer, pl_module))


def averaged(trainer: Trainer, module: LightningModule) -> nn.Module:
    """A copy of the module's network with the averaged weights, or its own where there is no
    average.
    """
    checkpoint: dict[str, Any] = {"state_dict": module.state_dict()}
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, WeightAveraging):  # it puts the average in the weights' place
            callback.on_save_checkpoint(trainer, module, checkpoint)
    network: Any = copy.deepcopy(module.network)
    prefix = "network."
    state = checkpoint["state_dict"].items()
    network.load_state_dict({k.removeprefix(prefix): v for k, v in state if k.startswith(prefix)})
    return network
