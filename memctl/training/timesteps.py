"""The timestep-sampler callback: plugs any sampler into any LightningModule that has the hook.

The hook is one attribute, `draw_timesteps(n, generator) -> indices t - 1, shape (n,)`, which the
module calls for its t. With sampler.mode=weight or correct the module multiplies its losses by a
second, `timestep_weights(t) -> factors, shape (n,)`. If its `training_step` also returns a dict
with `t` and the unweighted `losses` (one an example), the loss is logged by t; adaptive samplers
learn from it.
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
from memctl.samplers import ScheduleSampler, TimestepSampler

BINS = 20


class TimestepSamplerCallback(Callback):
    """Makes a module draw its t from `sampler`, and logs what was drawn and what it cost.

    Every epoch (Lightning's, or as many steps as `steps_per_epoch`) it logs,
    with Lightning's loggers: `loss`, the epoch's mean, unweighted; `loss_t/a-b`, its mean over the
    draws with a < t <= b; `realised_t/a-b`, the share of all draws so far in that range;
    `realised_tv`, the total variation distance between the drawn and the nominal distribution over
    these ranges; and, where draws are weighted, `ess`, the effective sample size of all draws so
    far as a share of their number, (sum w)^2 / (n sum w^2).

    Args:
        sampler: A distribution, or how one is used.
        epochs_per_row: With `steps_per_epoch`, how many epochs a row is of.
    """

    def __init__(
        self,
        sampler: TimestepSampler | ScheduleSampler,
        bins: int = BINS,
        steps_per_epoch: int | None = None,
        epochs_per_row: int = 1,
    ) -> None:
        self.schedule_sampler = (
            sampler if isinstance(sampler, ScheduleSampler) else ScheduleSampler(sampler)
        )
        self.sampler, self.steps_per_epoch, self.epochs_per_row = (
            self.schedule_sampler.sampler,
            steps_per_epoch,
            epochs_per_row,
        )
        timesteps = self.sampler.timesteps
        edges = np.linspace(0, timesteps, min(bins, timesteps) + 1).round().astype(int)
        self.edges = edges
        self.names = [f"{a:04d}-{b:04d}" for a, b in pairwise(edges)]
        self.drawn = torch.zeros(timesteps, dtype=torch.long)
        # Of a sampler that changes: the pmf of each draw, summed.
        self.due = torch.zeros(timesteps, dtype=torch.float64)
        self.weight = torch.zeros(2, dtype=torch.float64)  # sums of w and of w^2
        self.loss_sum = torch.zeros(timesteps)
        self.loss_count = torch.zeros(timesteps, dtype=torch.long)

    @property
    def weighted(self) -> bool:
        return self.schedule_sampler.mode != "sample" or self.schedule_sampler.clip is not None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if not hasattr(pl_module, "draw_timesteps"):
            raise UserError(
                f"{type(pl_module).__name__} has no hook draw_timesteps(n, generator); let it draw"
                " its timesteps by calling self.draw_timesteps, and the callback can replace it"
            )
        if self.weighted and not hasattr(pl_module, "timestep_weights"):
            raise UserError(
                f"{type(pl_module).__name__} has no hook timestep_weights(t), which"
                f" sampler.mode={self.schedule_sampler.mode} needs; let it multiply its losses by"
                " self.timestep_weights(t), and the callback can replace it"
            )
        pl_module.draw_timesteps = self.draw  # type: ignore[assignment]
        if hasattr(pl_module, "timestep_weights"):
            pl_module.timestep_weights = self.schedule_sampler.weight  # type: ignore[assignment]

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Tell a scheduled sampler the step: a resumed training needs no more to go on."""
        if self.sampler.scheduled:
            steps = trainer.estimated_stepping_batches
            if math.isinf(steps):
                raise UserError(
                    f"sampler={self.sampler.name} changes after a share of the steps: give the"
                    " Trainer max_steps or max_epochs"
                )
            self.sampler.set_progress(trainer.global_step / steps)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.sampler.set_progress(None)

    def draw(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw from the sampler, and count draws and weights: where the generator is, on the host
        in memctl's own training.
        """
        t = self.schedule_sampler.draw(n, generator)
        self.drawn = self.drawn.to(t.device).index_add_(0, t, torch.ones_like(t))
        if self.weighted:
            w = self.schedule_sampler.weight(t).double()
            self.weight = self.weight.to(t.device) + torch.stack([w.sum(), w.square().sum()])
        if not self.sampler.constant:
            self.due += n * torch.tensor(self.schedule_sampler.proposal.current.pmf)
        return t

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if isinstance(outputs, dict) and "t" in outputs and "losses" in outputs:
            t, each = outputs["t"], outputs["losses"].detach()
            self.loss_sum = self.loss_sum.to(t.device).index_add_(
                0, t, each.to(self.loss_sum.dtype)
            )
            self.loss_count = self.loss_count.to(t.device).index_add_(0, t, torch.ones_like(t))
            self.schedule_sampler.update_with_local_losses(t, each)
        elif self.sampler.adaptive:
            raise UserError(
                f"sampler={self.sampler.name} learns from the losses: "
                "let training_step return a dict with loss, t and losses (one an example)"
            )
        # Here and not at the epoch's end: a checkpoint saved after the last batch must hold what
        # the row has settled.
        step = trainer.global_step
        if self.steps_per_epoch and (
            step % (self.steps_per_epoch * self.epochs_per_row) == 0 or step == trainer.max_steps
        ):
            self.flush(trainer, {"epoch": -(-step // self.steps_per_epoch)})
        elif not self.steps_per_epoch and batch_idx + 1 == trainer.num_training_batches:
            self.flush(trainer, {"epoch": trainer.current_epoch + 1})

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        unknown = math.isinf(trainer.num_training_batches)  # data of unknown length
        if not self.steps_per_epoch and unknown:
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
        row = {
            f"loss_t/{name}": float(s / c)
            for name, s, c in zip(self.names, total, count, strict=True)
            if c
        }
        if count.sum():
            row["loss"] = float(total.sum() / count.sum())
        row |= {f"realised_t/{name}": float(s) for name, s in zip(self.names, share, strict=True)}
        row["realised_tv"] = float(np.abs(share - self.nominal()).sum() / 2)
        ess = self.ess()
        return row if ess is None else {**row, "ess": ess}

    def ess(self) -> float | None:
        """The effective sample size of all draws so far as a share of their number; None where all
        count the same.
        """
        first, second = self.weight.tolist()
        return first**2 / (int(self.drawn.sum()) * second) if second else None

    def _binned(self, per_step: Tensor | np.ndarray) -> np.ndarray:
        return np.add.reduceat(
            np.asarray(per_step.cpu() if isinstance(per_step, Tensor) else per_step),
            self.edges[:-1],
        )

    def realised(self) -> np.ndarray:
        """Share of all draws so far in each range of t."""
        return self._binned(self.drawn) / max(int(self.drawn.sum()), 1)

    def nominal(self) -> np.ndarray:
        """The probability of each range of t; of a sampler that changes, the mean over the draws
        so far.
        """
        due = float(self.due.sum())
        return (
            self._binned(self.due) / due
            if due
            else self._binned(self.schedule_sampler.proposal.pmf)
        )

    def summary(self) -> dict[str, Any]:
        """Realised against nominal over the ranges, with the chi-square test's p that the draws
        came from the sampler.

        The test is for independent draws: stratified ones agree better than it expects, and have no
        p.
        """
        n, expected = int(self.drawn.sum()), self.nominal()
        # The test's approximation needs 5; rarer ranges are pooled into one.
        usual = expected * n >= 5
        pool = lambda x: np.append(x[usual], x[~usual].sum())
        seen, due = pool(self._binned(self.drawn)), pool(expected * n)
        kept = due > 0
        tested = kept.sum() > 1 and not self.schedule_sampler.stratified
        p = (
            float(
                stats.chisquare(seen[kept], due[kept] * seen[kept].sum() / due[kept].sum()).pvalue
            )
            if tested
            else None
        )
        return {
            "draws": n,
            "edges": self.edges.tolist(),
            "realised": self.realised().tolist(),
            "nominal": expected.tolist(),
            "chi2_p": p,
            "ess": self.ess(),
        }

    def state_dict(self) -> dict[str, Any]:
        counts = {
            k: getattr(self, k).cpu() for k in ("drawn", "due", "weight", "loss_sum", "loss_count")
        }
        return {**counts, "sampler": self.sampler.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        self.sampler.load_state_dict(state.pop("sampler"))
        for key, value in state.items():
            setattr(self, key, value.clone())
