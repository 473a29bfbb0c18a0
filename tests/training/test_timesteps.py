"""The timestep-sampler callback, in our module and in one that is not ours."""

from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.loggers import Logger
from torch import Tensor, nn
from torch.utils.data import DataLoader

from memctl.config import Diffusion, Stage, Weighting
from memctl.config import Trainer as How
from memctl.diffusion.schedule import forward_process
from memctl.diffusion.weighting import loss_weights
from memctl.errors import UserError
from memctl.runs.journal import Journal
from memctl.samplers import (
    BandSampler,
    FixedSampler,
    IntervalSampler,
    LossSecondMomentSampler,
    MixtureSampler,
    NoiseSchedule,
    ScheduleSampler,
    SwitchSampler,
    TimestepSampler,
    UniformSampler,
)
from memctl.training.batches import Batches
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.module import DiffusionModule
from memctl.training.resume import Resume, resume_step
from memctl.training.timesteps import TimestepSamplerCallback

T = 12
RESUME = "resume.ckpt"
MODES = ("sample", "weight", "correct")
NEARLY = MixtureSampler(
    T, (FixedSampler(T, 3), UniformSampler(T)), (3, 1)
)  # p(t) > 0, and far from uniform
modes = pytest.mark.parametrize("mode", MODES)


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
    """Somebody's own diffusion module: a linear network, its own loop over a data loader,
    manual-free optimisation.
    """

    def __init__(self, timesteps: int, reports: bool) -> None:
        super().__init__()
        self.line, self.timesteps, self.reports = nn.Linear(4, 4), timesteps, reports
        self.seen: list[Tensor] = []
        self.losses: list[Tensor] = []

    def draw_timesteps(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.randint(0, self.timesteps, (n,), generator=generator)

    def training_step(self, batch: Tensor, batch_idx: int) -> Any:
        t = self.draw_timesteps(len(batch), torch.Generator().manual_seed(batch_idx))
        self.seen.append(t)
        losses = (self.line(batch) - batch).square().mean(1) + t / self.timesteps
        self.losses.append(losses.detach())
        return {"loss": losses.mean(), "t": t, "losses": losses} if self.reports else losses.mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def train(module: LightningModule, callback: TimestepSamplerCallback, epochs: int = 2) -> Rows:
    rows = Rows()
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", callbacks=[callback], logger=rows,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.randn(512, 4), batch_size=64))
    return rows


def test_it_plugs_into_a_module_that_is_not_ours() -> None:
    module = Foreign(1000, reports=True)
    callback = TimestepSamplerCallback(IntervalSampler(low=400, high=500))
    rows = train(module, callback).rows
    drawn = torch.cat(module.seen)
    # The interval holds half of the mass; 4 standard errors of a share of n = 1024 draws are 4 * .5
    # / 32 = .0625
    share = ((drawn >= 400) & (drawn < 500)).float().mean()
    assert abs(share - 0.5) < 0.0625
    assert len(rows) == 2
    assert callback.summary()["draws"] == 1024
    assert np.array_equal(callback.drawn.numpy(), np.bincount(drawn, minlength=1000))
    assert callback.summary()["chi2_p"] > 1e-4
    # The loss by t is logged: the mean of the second epoch's losses in each range that was drawn.
    t, losses = torch.cat(module.seen[8:]), torch.cat(module.losses[8:])
    of = {a: losses[(t >= a) & (t < a + 50)] for a in range(0, 1000, 50)}
    expected = {f"loss_t/{a:04d}-{a + 50:04d}": float(x.mean()) for a, x in of.items() if len(x)}
    bins = {k: v for k, v in rows[-1].items() if k.startswith("loss_t/")}
    assert bins == pytest.approx(expected, rel=1e-5)
    assert len(bins) > 5


def test_loss_by_t_is_the_mean_over_the_draws_in_the_range() -> None:
    callback = TimestepSamplerCallback(UniformSampler(10), bins=2)
    t, losses = torch.tensor([0, 4, 5, 9, 9]), torch.tensor([1.0, 3.0, 10.0, 20.0, 30.0])
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    callback.on_train_batch_end(
        trainer, Foreign(10, True), {"loss": losses.mean(), "t": t, "losses": losses}, None, 0
    )
    row = callback.row()
    assert row["loss_t/0000-0005"] == pytest.approx(2.0)
    assert row["loss_t/0005-0010"] == pytest.approx(20.0)
    assert row["loss"] == pytest.approx(64 / 5)


def test_a_module_that_reports_no_losses_still_has_its_draws_logged() -> None:
    rows = train(Foreign(1000, reports=False), TimestepSamplerCallback(UniformSampler())).rows
    assert not any(k.startswith("loss") for k in rows[-1])
    assert sum(v for k, v in rows[-1].items() if k.startswith("realised_t/")) == pytest.approx(1)
    # Total variation of 20 bins from n = 1024 uniform draws: its mean is about sqrt(20 / (2 pi n))
    # = .056
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
    assert experiment("sampler.tail=clamp").sampler == IntervalSampler(
        low=700, high=1000, tail="clamp"
    )


class Denoiser(nn.Module):
    """A network of 5 values and t."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5))
        g = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=g))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.line(torch.cat([x[:, 0], t[:, None] / T], dim=1))[:, None]


EXAMPLES = torch.randn(14, 1, 5, generator=torch.Generator().manual_seed(1))
STAGE = Stage(epochs=6, lr=1e-2, batch_size=4, ema=0.9, seed=3)


def module(weights: Tensor | None = None, prediction: str = "epsilon") -> DiffusionModule:
    config = Diffusion(timesteps=T, beta_end=0.4, prediction=prediction)
    return DiffusionModule(
        Denoiser(), forward_process(config), Batches(EXAMPLES, 4, 3), STAGE, 24, weights
    )


@pytest.mark.parametrize("weighted", [False, True], ids=["", "loss weighting"])
@pytest.mark.parametrize("clip", [None, 0.8, 2.0])
@modes
def test_the_loss_is_the_mean_of_weight_times_loss(
    mode: str, clip: float | None, weighted: bool
) -> None:
    by_t = torch.linspace(0.1, 3, T) if weighted else None
    trained = module(by_t)
    drawing = ScheduleSampler(NEARLY, mode, clip)
    callback = TimestepSamplerCallback(drawing)
    callback.setup(None, trained, "fit")  # type: ignore[arg-type]
    assert trained.timestep_weights == callback.schedule_sampler.weight
    found = trained.training_step()
    t, each = found["t"], found["losses"]
    w = torch.tensor(drawing.loss_weights[t.numpy()], dtype=torch.float32) * (
        1 if by_t is None else by_t[t]
    )
    assert each.shape == (4,)
    assert float(found["loss"].detach()) == pytest.approx(float((w * each).mean()), rel=1e-6)
    assert int(callback.drawn.sum()) == 4
    # The gradient is that of the weighted loss too.
    found["loss"].backward()
    assert all(p.grad.isfinite().all() for p in trained.parameters())


def test_without_a_callback_every_loss_counts_the_same() -> None:
    found = module().training_step()
    assert float(found["loss"].detach()) == pytest.approx(float(found["losses"].mean()))


@pytest.mark.parametrize(
    ("mode", "clip"), [("weight", None), ("correct", None), ("sample", 0.5)], ids=str
)
def test_a_module_that_cannot_weight_is_told_what_to_do(mode: str, clip: float | None) -> None:
    callback = TimestepSamplerCallback(ScheduleSampler(UniformSampler(), mode, clip))
    with pytest.raises(
        UserError,
        match=rf"Foreign has no hook timestep_weights\(t\), which sampler.mode={mode} needs",
    ):
        callback.setup(None, Foreign(1000, True), "fit")  # type: ignore[arg-type]


def test_a_module_that_cannot_weight_can_still_draw() -> None:
    foreign = Foreign(1000, True)
    callback = TimestepSamplerCallback(ScheduleSampler(UniformSampler(), stratified=True))
    callback.setup(None, foreign, "fit")  # type: ignore[arg-type]
    assert foreign.draw_timesteps == callback.draw
    assert not hasattr(foreign, "timestep_weights")


class Weighted(Foreign):
    """One that has the second hook too, and notes what it is given."""

    def __init__(self, timesteps: int) -> None:
        super().__init__(timesteps, reports=True)
        self.used: list[Tensor] = []

    def timestep_weights(self, t: Tensor) -> Tensor:
        raise AssertionError("the callback replaces it")

    def training_step(self, batch: Tensor, batch_idx: int) -> Any:
        found = super().training_step(batch, batch_idx)
        self.used.append(self.timestep_weights(found["t"]))
        return {**found, "loss": (self.used[-1] * found["losses"]).mean()}


@pytest.mark.parametrize("clip", [None, 2.0])
@modes
def test_the_effective_sample_size_of_the_draws_is_logged(mode: str, clip: float | None) -> None:
    foreign = Weighted(T)
    callback = TimestepSamplerCallback(ScheduleSampler(NEARLY, mode, clip))
    rows = train(foreign, callback).rows
    w = torch.cat(foreign.used).double()
    assert len(w) == 1024
    if mode == "sample" and clip is None:
        assert "ess" not in rows[-1]
        assert callback.summary()["ess"] is None
        return
    found = float(w.sum() ** 2 / (len(w) * (w**2).sum()))
    assert rows[-1]["ess"] == pytest.approx(found, rel=1e-9)
    assert callback.summary()["ess"] == pytest.approx(found, rel=1e-9)
    w = w[:512]
    assert rows[0]["ess"] == pytest.approx(float(w.sum() ** 2 / (len(w) * (w**2).sum())), rel=1e-9)


def test_weighting_draws_uniformly_and_says_so() -> None:
    foreign = Weighted(T)
    callback = TimestepSamplerCallback(ScheduleSampler(NEARLY, "weight"))
    train(foreign, callback)
    summary = callback.summary()
    assert summary["nominal"] == pytest.approx([1 / T] * T)
    assert summary["chi2_p"] > 1e-4
    # A share 1/12 of n = 1024 draws has the standard error 0.0086; 4 of them.
    assert summary["realised"] == pytest.approx([1 / T] * T, abs=0.035)


@pytest.mark.parametrize("mode", ["weight", "correct"])
def test_the_logged_loss_is_unweighted(mode: str) -> None:
    foreign = Weighted(T)
    row = train(foreign, TimestepSamplerCallback(ScheduleSampler(NEARLY, mode)), epochs=1).rows[0]
    t = torch.cat(foreign.seen)
    shares = np.bincount(t, minlength=T) / len(t)
    by_t = [row[f"loss_t/{k:04d}-{k + 1:04d}"] for k in range(T)]
    assert row["loss"] == pytest.approx(shares @ by_t, rel=1e-5)
    losses = torch.cat(foreign.losses)
    assert by_t == pytest.approx([float(losses[t == k].mean()) for k in range(T)], rel=1e-5)


@pytest.mark.parametrize("stratified", [False, True])
def test_stratified_draws_have_no_chi_square(stratified: bool) -> None:
    callback = TimestepSamplerCallback(
        ScheduleSampler(IntervalSampler(low=100, high=300), stratified=stratified)
    )
    for k in range(20):
        callback.draw(64, torch.Generator().manual_seed(k))
    found = callback.summary()
    assert found["draws"] == 1280
    assert (found["chi2_p"] is None) == stratified
    # Independent: the mean total variation of 20 bins from 1,280 draws is about 0.03; stratified,
    # each batch has its due within 1 of 64.
    assert callback.row()["realised_tv"] < (0.025 if stratified else 0.08)


def drawing(
    mode: str, sampler: TimestepSampler | None = None, stratified: bool = False
) -> ScheduleSampler:
    return ScheduleSampler(
        sampler or LossSecondMomentSampler(T, history=1, uniform_prob=0.1),
        mode,
        stratified=stratified,
    )


class Stop(Exception):
    pass


def trained(
    folder: Path,
    how: ScheduleSampler,
    stop_at: int | None = None,
    weighting: Weighting | None = None,
    **diffusion: Any,
) -> tuple[Denoiser, TimestepSamplerCallback | None]:
    """24 steps of `fit`, 4 an epoch, on 14 examples; stopped after `stop_at` more."""
    done = 0

    def advance(n: int) -> None:
        nonlocal done
        done += n > 0
        if stop_at is not None and done > stop_at:
            raise Stop

    folder.mkdir(exist_ok=True)
    journal = Journal(folder / "metrics.jsonl")
    network, callback = Denoiser(), None
    trainer = How(accelerator="cpu", checkpoint_seconds=1e-9)
    config = Diffusion(**{"timesteps": T, "beta_end": 0.4, **diffusion})
    with suppress(Stop):
        callback = fit(
            network,
            config,
            how,
            STAGE,
            EXAMPLES.numpy(),
            Resume(folder / RESUME, "key", journal),
            trainer,
            JournalLogger(journal, "control"),
            advance,
            weighting,
        )
    return network, callback


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_an_adaptive_sampler_learns_through_the_callback(tmp_path: Path) -> None:
    """From the unweighted losses of its own draws, in their order: replayed by hand from the losses
    that the module returned.
    """
    seen: list[tuple[list[int], list[float]]] = []
    how = drawing("correct")
    learn = how.sampler.update

    def note(t: Tensor, losses: Tensor) -> None:
        seen.append((t.tolist(), losses.tolist()))
        learn(t, losses)

    vars(how.sampler)["update"] = note
    callback = trained(tmp_path / "run", how)[1]
    assert how.sampler.warm
    assert [len(t) for t, _ in seen] == [4, 4, 4, 2] * 6
    last = {index: loss for t, losses in seen for index, loss in zip(t, losses, strict=True)}
    by_t = np.array([last[index] for index in range(T)])
    np.testing.assert_allclose(how.sampler.pmf, 0.9 * by_t / by_t.sum() + 0.1 / T, rtol=1e-6)
    # What was due is the mean over the draws of the pmf of their time, which was uniform at first.
    assert sum(callback.nominal()) == pytest.approx(1)
    assert not np.allclose(callback.nominal(), how.sampler.pmf)


@pytest.mark.parametrize(
    ("mode", "stratified", "stop_at"),
    [
        ("correct", False, 1),
        ("correct", False, 23),
        ("correct", True, 14),
        ("sample", False, 20),
        ("sample", True, 4),
        ("weight", False, 11),
    ],
    ids=str,
)
def test_a_killed_training_with_an_adaptive_sampler_resumes_bit_for_bit(
    tmp_path: Path, mode: str, stratified: bool, stop_at: int
) -> None:
    straight, broken, resumed = (drawing(mode, stratified=stratified) for _ in range(3))
    expected, callback = trained(tmp_path / "straight", straight)
    assert straight.sampler.warm
    assert trained(tmp_path / "broken", broken, stop_at)[1] is None
    assert 0 < resume_step(tmp_path / "broken" / RESUME) < 24
    found, again = trained(tmp_path / "broken", resumed)
    assert same(expected, found)
    np.testing.assert_array_equal(resumed.sampler.pmf, straight.sampler.pmf)
    assert torch.equal(callback.drawn, again.drawn)
    assert torch.equal(callback.due, again.due)
    assert callback.ess() == again.ess()
    assert (tmp_path / "straight" / "metrics.jsonl").read_text() == (
        tmp_path / "broken" / "metrics.jsonl"
    ).read_text()


@pytest.mark.parametrize("stratified", [False, True])
@modes
def test_a_killed_training_resumes_bit_for_bit_in_every_mode(
    tmp_path: Path, mode: str, stratified: bool
) -> None:
    how = drawing(mode, NEARLY, stratified)
    expected, callback = trained(tmp_path / "straight", how)
    trained(tmp_path / "broken", how, stop_at=7)
    found, again = trained(tmp_path / "broken", how)
    assert same(expected, found)
    assert callback.ess() == again.ess()
    assert (callback.ess() is None) == (mode == "sample")


def test_an_adaptive_sampler_is_told_of_a_module_that_returns_no_losses() -> None:
    callback = TimestepSamplerCallback(LossSecondMomentSampler())
    with pytest.raises(
        UserError,
        match="sampler=loss_second_moment learns from the losses: let training_step return a dict",
    ):
        train(Foreign(1000, reports=False), callback)


def test_modes_train_other_networks_and_modes_that_mean_the_same_do_not(tmp_path: Path) -> None:
    """Of the uniform distribution all three uses are one; of another they differ."""
    uniform = [
        trained(tmp_path / f"u{mode}", drawing(mode, UniformSampler(T)))[0]
        for mode in ("sample", "weight")
    ]
    assert same(*uniform)
    networks = [trained(tmp_path / mode, drawing(mode, NEARLY))[0] for mode in MODES]
    assert not any(same(networks[i], networks[j]) for i, j in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize(
    ("name", "prediction"),
    [
        ("min_snr", "epsilon"),
        ("min_snr", "v_prediction"),
        ("soft_min_snr", "sample"),
        ("p2", "epsilon"),
        ("snr", "v_prediction"),
        ("debiased", "epsilon"),
    ],
)
def test_fit_multiplies_each_loss_by_its_weighting(
    tmp_path: Path, name: str, prediction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = loss_weights(Weighting(name), prediction, NoiseSchedule(T, beta_end=0.4).log_snr)
    steps: list[dict[str, Tensor]] = []
    step = DiffusionModule.training_step

    def note(self: DiffusionModule, *args: Any) -> dict[str, Tensor]:
        steps.append(step(self, *args))
        return steps[-1]

    monkeypatch.setattr(DiffusionModule, "training_step", note)
    trained(
        tmp_path / "run",
        drawing("correct", NEARLY),
        weighting=Weighting(name),
        prediction=prediction,
        stop_at=5,
    )
    assert len(steps) >= 5
    for found in steps:
        t = found["t"].numpy()
        w = expected[t] / (T * NEARLY.pmf[t])
        assert float(found["loss"].detach()) == pytest.approx(
            float((w * found["losses"].numpy()).mean()), rel=1e-5
        )


def test_a_weighting_of_ones_trains_the_same_network(tmp_path: Path) -> None:
    plain, none, snr, sharp = (
        trained(tmp_path / str(k), drawing("sample", NEARLY), weighting=weighting)[0]
        for k, weighting in enumerate(
            [None, Weighting(), Weighting("snr"), Weighting("min_snr", gamma=0.1)]
        )
    )
    assert same(plain, none)
    assert same(plain, snr)  # of the noise's own loss, SNR weights are 1
    assert not same(plain, sharp)


@pytest.mark.parametrize("name", ["none", "min_snr", "p2", "debiased"])
def test_training_without_terminal_signal_stays_finite(tmp_path: Path, name: str) -> None:
    settings = {"zero_terminal_snr": True, "prediction": "v_prediction"}
    network, callback = trained(
        tmp_path / "run",
        drawing("sample", FixedSampler(T, T)),
        weighting=Weighting(name),
        **settings,
    )
    assert all(p.isfinite().all() for p in network.parameters())
    assert callback.drawn[T - 1] == 6 * 14


SWITCH = SwitchSampler(T, (UniformSampler(T), NEARLY), 0.4)  # at the 10th of 24 steps


def of_phases(sampler: SwitchSampler, steps: int) -> int:
    """The first step whose draws come from the second."""
    return next(k for k in range(steps) if k / steps >= sampler.at)


def test_a_switch_is_its_first_sampler_until_the_share(tmp_path: Path) -> None:
    """Draw for draw as the uniform training, then as the other one: batches, t and noise of a step
    depend on the step alone.
    """
    drawn: dict[str, list[list[int]]] = {}
    for name, sampler in (("switch", SWITCH), ("uniform", UniformSampler(T)), ("then", NEARLY)):
        how = ScheduleSampler(sampler)
        seen = drawn.setdefault(name, [])
        draw = how.draw
        vars(how)["draw"] = lambda *a, d=draw, s=seen: (s.append(t := d(*a)), t)[1]
        callback = trained(tmp_path / name, how)[1]
        assert callback.summary()["chi2_p"] is not None
    place = of_phases(SWITCH, 24)
    assert place == 10
    expected = [*drawn["uniform"][:place], *drawn["then"][place:]]
    assert all(torch.equal(a, b) for a, b in zip(drawn["switch"], expected, strict=True))
    assert SWITCH.current.pmf == pytest.approx(SWITCH.pmf)  # the training is over


@pytest.mark.parametrize("stop_at", [2, 9, 10, 23])
def test_a_killed_training_with_a_switch_resumes_bit_for_bit(tmp_path: Path, stop_at: int) -> None:
    straight, broken, resumed = (ScheduleSampler(copy(SWITCH)) for _ in range(3))
    expected, callback = trained(tmp_path / "straight", straight)
    trained(tmp_path / "broken", broken, stop_at)
    assert 0 < resume_step(tmp_path / "broken" / RESUME) < 24
    found, again = trained(tmp_path / "broken", resumed)
    assert same(expected, found)
    assert torch.equal(callback.drawn, again.drawn)
    assert torch.equal(callback.due, again.due)
    # Due is the mixture, but for the share that a whole number of steps allows.
    place, epochs = of_phases(SWITCH, 24), [4, 4, 4, 2] * 6
    share = sum(epochs[:place]) / sum(epochs)
    due = share * UniformSampler(T).pmf + (1 - share) * NEARLY.pmf
    assert callback.summary()["nominal"] == pytest.approx(due)


def test_a_switch_in_a_module_that_is_not_ours_knows_its_step() -> None:
    module = Foreign(1000, reports=False)
    parts = BandSampler(low=0, high=500), BandSampler(low=500, high=1000)
    train(module, TimestepSamplerCallback(SwitchSampler(1000, parts, 0.5)), epochs=2)
    early, late = torch.cat(module.seen[:8]), torch.cat(module.seen[8:])
    assert int(early.max()) < 500 <= int(late.min())


def test_a_training_without_an_end_has_no_share_of_its_steps() -> None:
    with pytest.raises(UserError, match="sampler=switch changes after a share of the steps"):
        train(Foreign(T, reports=True), TimestepSamplerCallback(SWITCH), epochs=-1)
