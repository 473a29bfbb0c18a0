"""The moving average of the weights, which is what is kept of a training."""

from collections.abc import Callable
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

Update = Callable[[list[Tensor], list[Tensor], Any], None]


def moving_average(decay: float, warmup: bool) -> Update:
    """The update of averaged parameters by current ones: a = d a + (1 - d) c, with d = decay, or at
    step n at most (1 + n) / (10 + n).
    """
    if not warmup:
        return get_ema_multi_avg_fn(decay)

    def update(averaged: list[Tensor], current: list[Tensor], count: Any) -> None:
        n = int(count)
        get_ema_multi_avg_fn(min(decay, (1 + n) / (10 + n)))(averaged, current, count)

    return update


class MovingAverage(WeightAveraging):
    """Lightning's weight averaging, which looks for the network's parameters in its first step
    alone, not in each: of a small network that takes longer than the averaging.

    No network here has a buffer that changes.

    Args:
        device: Of the network: Lightning would ask the module, which is told of it later, and keep
            the average on the host.
    """

    def __init__(self, update: Update, device: torch.device) -> None:
        super().__init__(device=device, use_buffers=False, multi_avg_fn=update)
        self.update = update
        self.parameters: tuple[list[Tensor], list[Tensor]] | None = None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *rest: Any, **more: Any
    ) -> None:
        model = self._average_model
        assert model is not None
        if self.parameters is None:
            super().on_train_batch_end(trainer, pl_module, *rest, **more)
            both: Any = model.module, pl_module
            self.parameters = tuple([p.detach() for p in m.flat.updated] for m in both)  # type: ignore[assignment]
            return
        # Updates so far: the model has them too, but on the device, which would be waited for.
        self.update(*self.parameters, trainer.global_step - 1)
        model.n_averaged += 1
        self._latest_update_step = trainer.global_step
