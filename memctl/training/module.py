"""The Lightning module of every network, whatever the dimension of its data."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers import DDPMScheduler
from lightning import LightningModule
from torch import Tensor, nn

from memctl.config import Stage
from memctl.diffusion.objective import losses
from memctl.training.batches import Batches, sent
from memctl.training.flat import Flat

DrawTimesteps = Callable[[int, torch.Generator | None], Tensor]
TimestepWeights = Callable[[Tensor], Tensor]


class DiffusionModule(LightningModule):
    """Trains `network` on `batches`.

    The hook `draw_timesteps(n, generator)` returns n indices t - 1; it draws uniformly until a
    callback replaces it. The hook `timestep_weights(t)` returns the factors of their losses, 1
    until then. `training_step` returns, beside the loss, the `t` it drew and the unweighted
    `losses` of the single examples.

    Args:
        loss_weights: Factor of the loss by t, index t - 1, shape (T,).

    Attributes:
        flat: The network's weights as its optimiser updates them; the network is to be on its
            device, in its layout.
    """

    def __init__(
        self,
        network: nn.Module,
        scheduler: DDPMScheduler,
        batches: Batches,
        stage: Stage,
        steps: int,
        loss_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.network, self.scheduler, self.batches, self.stage, self.steps = (
            network,
            scheduler,
            batches,
            stage,
            steps,
        )
        self.draw_timesteps: DrawTimesteps = self.draw_uniformly
        self.timestep_weights: TimestepWeights = torch.ones_like
        self.flat = Flat(network.parameters())
        self.loss_weights: Tensor | None
        self.register_buffer("loss_weights", loss_weights, persistent=False)

    def draw_uniformly(self, n: int, generator: torch.Generator | None) -> Tensor:
        return torch.randint(
            0, self.scheduler.config.num_train_timesteps, (n,), generator=generator
        )

    def training_step(self, *_: Any) -> dict[str, Tensor]:
        x0, generator = self.batches(self.global_step)
        t = sent(self.draw_timesteps(len(x0), generator), x0.device)
        eps = sent(torch.randn(x0.shape, generator=generator), x0.device)
        with self.batches.layers_seeded(self.global_step):
            each = losses(self.network, self.scheduler, x0, t, eps)
        w = (
            self.timestep_weights(t)
            if self.loss_weights is None
            else self.timestep_weights(t) * self.loss_weights[t]
        )
        return {"loss": (w * each).mean(), "t": t, "losses": each.detach()}

    def learning_rate(self, step: int) -> float:
        """The share of `stage.lr` in that step: a linear warm-up, then 1, or a cosine to 0."""
        rise = min(1.0, (step + 1) / (self.stage.warmup + 1))
        return rise * (
            0.5 + 0.5 * torch.cos(torch.tensor(step / self.steps * torch.pi)).item()
            if self.stage.cosine
            else 1.0
        )

    def configure_optimizers(self) -> Any:
        weights, lr, decay = self.flat.updated, self.stage.lr, self.stage.weight_decay
        optimizer = (
            torch.optim.AdamW(weights, lr=lr, weight_decay=decay, fused=True)
            if decay
            else torch.optim.Adam(weights, lr=lr, fused=True)
        )
        self.flat.keep_state(optimizer)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self.learning_rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Any) -> None:
        self.flat.zero_grad(optimizer)
