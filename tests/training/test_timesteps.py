"""The timestep-sampler callback, in our module and in one that is not ours."""

from typing import Any

import numpy as np
import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.loggers import Logger
from torch import Tensor, nn
from torch.utils.data import DataLoader

from memctl.errors import UserError
from memctl.samplers import IntervalSampler, UniformSampler
from memctl.training.timesteps import TimestepSamplerCallback


class Rows(Logger):
    """Keeps what Lightning logs."""

    name, version = "rows", 0

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.rows.append({**metrics, "step": step})

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None: ...


class Foreign(LightningModule):
    """Somebody's own diffusion module: a linear network, its own loop over a data loader, manual-free optimisation."""

    def __init__(self, timesteps: int, reports: bool) -> None:
        super().__init__()
        self.line, self.timesteps, self.reports = nn.Linear(4, 4), timesteps, reports
        self.seen: list[Tensor] = []

    def draw_timesteps(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.randint(0, self.timesteps, (n,), generator=generator)

    def training_step(self, batch: Tensor, batch_idx: int) -> Any:
        t = self.draw_timesteps(len(batch), torch.Generator().manual_seed(batch_idx))
        self.seen.append(t)
        losses = (self.line(batch) - batch).square().mean(1) + t / self.timesteps
        return {"loss": losses.mean(), "t": t, "losses": losses} if self.reports else losses.mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def train(module: LightningModule, callback: TimestepSamplerCallback, epochs: int = 2) -> Rows:
    rows = Rows()
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", callbacks=[callback], logger=rows, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.randn(512, 4), batch_size=64))
    return rows


def test_it_plugs_into_a_module_that_is_not_ours() -> None:
    module = Foreign(1000, reports=True)
    callback = TimestepSamplerCallback(IntervalSampler(low=400, high=500))
    rows = train(module, callback).rows
    drawn = torch.cat(module.seen)
    # The interval holds half of the mass; 4 standard errors of a share of n = 1024 draws are 4 * .5 / 32 = .0625
    share = ((drawn >= 400) & (drawn < 500)).float().mean()
    assert abs(share - 0.5) < 0.0625
    assert len(rows) == 2
    assert callback.summary()["draws"] == 1024
    assert np.array_equal(callback.drawn.numpy(), np.bincount(drawn, minlength=1000))
    assert callback.summary()["chi2_p"] > 1e-4
    # The loss by t is logged, and grows with t as the module makes it: its part that depends on t is t/T.
    bins = {k: v for k, v in rows[-1].items() if k.startswith("loss_t/")}
    assert bins["loss_t/0550-0600"] - bins["loss_t/0300-0350"] == pytest.approx(0.25, abs=0.6)
    assert set(bins) <= {f"loss_t/{a:04d}-{a + 50:04d}" for a in range(0, 1000, 50)}


def test_loss_by_t_is_the_mean_over_the_draws_in_the_range() -> None:
    callback = TimestepSamplerCallback(UniformSampler(10), bins=2)
    t, losses = torch.tensor([0, 4, 5, 9, 9]), torch.tensor([1.0, 3.0, 10.0, 20.0, 30.0])
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    callback.on_train_batch_end(trainer, Foreign(10, True), {"loss": losses.mean(), "t": t, "losses": losses}, None, 0)
    row = callback.row()
    assert row["loss_t/0000-0005"] == pytest.approx(2.0)
    assert row["loss_t/0005-0010"] == pytest.approx(20.0)
    assert row["loss"] == pytest.approx(64 / 5)


def test_a_module_that_reports_no_losses_still_has_its_draws_logged() -> None:
    rows = train(Foreign(1000, reports=False), TimestepSamplerCallback(UniformSampler())).rows
    assert not any(k.startswith("loss") for k in rows[-1])
    assert sum(v for k, v in rows[-1].items() if k.startswith("realised_t/")) == pytest.approx(1)
    # Total variation of 20 bins from n = 1024 uniform draws: its mean is about sqrt(20 / (2 pi n)) = .056
    assert 0 < rows[-1]["realised_tv"] < 0.112


def test_a_module_without_the_hook_is_told_what_to_do() -> None:
    class Closed(LightningModule):
        pass

    with pytest.raises(UserError, match="draw_timesteps"):
        TimestepSamplerCallback(UniformSampler()).setup(None, Closed(), "fit")  # type: ignore[arg-type]


def test_the_summary_notices_draws_that_are_not_the_samplers() -> None:
    callback = TimestepSamplerCallback(UniformSampler())
    callback.drawn += torch.arange(1000)
    assert callback.summary()["chi2_p"] < 1e-10


def test_state_goes_through_a_checkpoint() -> None:
    first, second = (TimestepSamplerCallback(UniformSampler()) for _ in range(2))
    first.draw(100, torch.Generator().manual_seed(0))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.drawn, second.drawn)
    second.draw(1)
    assert int(first.drawn.sum()) == 100


def test_a_sampler_is_one_override(experiment: Any) -> None:
    assert experiment("sampler=uniform").sampler == UniformSampler(1000)
    assert experiment("sampler=interval").sampler == IntervalSampler(low=700, high=1000)
    assert experiment("sampler.tail=clamp").sampler == IntervalSampler(low=700, high=1000, tail="clamp")
