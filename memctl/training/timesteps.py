"""The timestep-sampler callback: plugs any sampler into any LightningModule that has the hook.

The hook is one attribute, `draw_timesteps(n, generator) -> indices t - 1, shape (n,)`, which the module calls for its t.
If its `training_step` also returns a dict with `t` and `losses` (one a record), the loss is logged by t.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from scipy import stats
from torch import Tensor

from memctl.errors import UserError
from memctl.samplers import TimestepSampler

BINS = 20


class TimestepSamplerCallback(Callback):
    """Makes a module draw its t from `sampler`, and logs what was drawn and what it cost.

    Every epoch (Lightning's, or as many steps as `steps_per_epoch`) it logs,
    with Lightning's loggers: `loss`, the epoch's mean; `loss_t/a-b`, its mean over the draws with
    a < t <= b; `realised_t/a-b`, the share of all draws so far in that range; and `realised_tv`, the total variation
    distance between the drawn and the nominal distribution over these ranges.
    """

    def __init__(self, sampler: TimestepSampler, bins: int = BINS, steps_per_epoch: int | None = None) -> None:
        self.sampler, self.steps_per_epoch = sampler, steps_per_epoch
        edges = np.linspace(0, sampler.timesteps, min(bins, sampler.timesteps) + 1).round().astype(int)
        self.edges = edges
        self.names = [f"{a:04d}-{b:04d}" for a, b in pairwise(edges)]
        self.drawn = torch.zeros(sampler.timesteps, dtype=torch.long)
        self.loss_sum = torch.zeros(sampler.timesteps)
        self.loss_count = torch.zeros(sampler.timesteps, dtype=torch.long)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if not hasattr(pl_module, "draw_timesteps"):
            raise UserError(
                f"{type(pl_module).__name__} has no hook draw_timesteps(n, generator); "
                "let it draw its timesteps by calling self.draw_timesteps, and the callback can replace it"
            )
        pl_module.draw_timesteps = self.draw  # type: ignore[assignment]

    def draw(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw from the sampler, and count."""
        t = self.sampler.sample(n, generator)
        self.drawn = self.drawn.to(t.device).index_add_(0, t, torch.ones_like(t))
        return t

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        if isinstance(outputs, dict) and "t" in outputs and "losses" in outputs:
            t, each = outputs["t"], outputs["losses"].detach()
            self.loss_sum = self.loss_sum.to(t.device).index_add_(0, t, each.to(self.loss_sum.dtype))
            self.loss_count = self.loss_count.to(t.device).index_add_(0, t, torch.ones_like(t))
        # Here and not at the epoch's end: a checkpoint saved after the last batch must hold what the row has settled.
        if self.steps_per_epoch and trainer.global_step % self.steps_per_epoch == 0:
            self.flush(trainer, {"epoch": trainer.global_step // self.steps_per_epoch})
        elif not self.steps_per_epoch and batch_idx + 1 == trainer.num_training_batches:
            self.flush(trainer, {"epoch": trainer.current_epoch + 1})

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.steps_per_epoch and math.isinf(trainer.num_training_batches):  # data of unknown length
            self.flush(trainer, {"epoch": trainer.current_epoch + 1})

    def flush(self, trainer: Trainer, row: dict[str, float]) -> None:
        """Log a row of what was drawn so far and what it cost since the last row."""
        row = {**row, **self.row()}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
        self.loss_sum.zero_()
        self.loss_count.zero_()

    def row(self) -> dict[str, float]:
        """The metrics of the class's docstring, as numbers."""
        total, count = self._binned(self.loss_sum), self._binned(self.loss_count)
        share = self.realised()
        row = {f"loss_t/{name}": float(s / c) for name, s, c in zip(self.names, total, count, strict=True) if c}
        if count.sum():
            row["loss"] = float(total.sum() / count.sum())
        row |= {f"realised_t/{name}": float(s) for name, s in zip(self.names, share, strict=True)}
        return {**row, "realised_tv": float(np.abs(share - self.nominal()).sum() / 2)}

    def _binned(self, per_step: Tensor | np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.asarray(per_step.cpu() if isinstance(per_step, Tensor) else per_step), self.edges[:-1])

    def realised(self) -> np.ndarray:
        """Share of all draws so far in each range of t."""
        return self._binned(self.drawn) / max(int(self.drawn.sum()), 1)

    def nominal(self) -> np.ndarray:
        """The sampler's probability of each range of t."""
        return self._binned(self.sampler.pmf)

    def summary(self) -> dict[str, Any]:
        """Realised against nominal over the ranges, with the chi-square test's p that the draws came from the sampler."""
        n, expected = int(self.drawn.sum()), self.nominal()
        usual = expected * n >= 5  # the test's approximation needs it; rarer ranges are pooled into one
        pool = lambda x: np.append(x[usual], x[~usual].sum())
        seen, due = pool(self._binned(self.drawn)), pool(expected * n)
        kept = due > 0
        p = float(stats.chisquare(seen[kept], due[kept] * seen[kept].sum() / due[kept].sum()).pvalue) if kept.sum() > 1 else None
        return {
            "draws": n,
            "edges": self.edges.tolist(),
            "realised": self.realised().tolist(),
            "nominal": expected.tolist(),
            "chi2_p": p,
        }

    def state_dict(self) -> dict[str, Any]:
        return {"drawn": self.drawn.cpu(), "loss_sum": self.loss_sum.cpu(), "loss_count": self.loss_count.cpu()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.drawn, self.loss_sum, self.loss_count = (state_dict[k].clone() for k in ("drawn", "loss_sum", "loss_count"))
