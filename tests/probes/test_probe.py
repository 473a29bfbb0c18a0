"""The probe on networks whose answer is known, and its figure."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from memctl.config import Probe
from memctl.diffusion.objective import along
from memctl.probes import figure
from memctl.probes.loss import bins, groups
from memctl.probes.optimal import denoise
from memctl.probes.probe import corruption, passes, probe
from memctl.training.batches import generator

SMALL = Probe(examples=256, bins=5)
TO_OPTIMAL = ("to_optimal_train", "to_optimal_heldout")


class ByHeart(nn.Module):
    """Answers with the empirical-optimal denoiser of its examples, as the scheduler's prediction
    type.
    """

    def __init__(self, scheduler: DDPMScheduler, examples: np.ndarray) -> None:
        super().__init__()
        self.scheduler, self.examples = scheduler, torch.from_numpy(examples)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        abar = self.scheduler.alphas_cumprod[t].double()
        best = denoise(x, self.examples, abar)
        signal, noise = along(abar.sqrt(), x), along((1 - abar).sqrt(), x)
        eps = (x - signal * best) / noise
        return {"sample": best, "epsilon": eps, "v_prediction": signal * eps - noise * best}[
            self.scheduler.config.prediction_type
        ]


class Linear(nn.Module):
    """The best answer for Gaussian data of a standard deviation: eps = sqrt(1 - abar) / (abar s^2 +
    1 - abar) x_t.
    """

    def __init__(self, scheduler: DDPMScheduler, spread: float = 1.0, scale: float = 1.0) -> None:
        super().__init__()
        self.abar, self.spread, self.scale = scheduler.alphas_cumprod, spread, scale

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        abar = along(self.abar[t], x)
        return self.scale * (1 - abar).sqrt() / (abar * self.spread**2 + 1 - abar) * x


def examples(
    n: int = 40, shape: tuple[int, ...] = (1, 16), seed: int = 0, spread: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    train, heldout = (spread * rng.normal(size=(2, n, *shape))).astype(np.float32)
    return train, heldout


def column(rows: list[dict[str, float]], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("shape", [(1, 16), (3, 4, 4)], ids=["signals", "images"])
def test_a_network_that_knows_train_by_heart(kind: str, shape: tuple[int, ...]):
    scheduler, (train, heldout) = DDPMScheduler(1000, prediction_type=kind), examples(shape=shape)
    rows = probe(ByHeart(scheduler, train), scheduler, train, heldout, SMALL)
    for name in TO_OPTIMAL:
        assert (
            column(rows[:4], name).max() < 2e-4
        )  # by epsilon float32 is divided by sqrt(abar_800) = 0.04
        assert column(rows, name).max() < 2e-3
    for side in ("train", "heldout"):
        np.testing.assert_allclose(
            column(rows, f"to_truth_{side}"), column(rows, f"optimal_to_truth_{side}"), atol=2e-3
        )
    assert rows[0]["auc"] == 1
    assert rows[0]["gap_low"] > 0
    assert rows[0]["to_truth_train"] < 1e-3 < 0.5 < rows[0]["to_truth_heldout"]
    assert rows[0]["to_control"] > 0.5
    assert (np.diff(column(rows, "auc")) <= 0.1).all()  # large t hides the example
    assert rows[-1]["auc"] < 0.9


def test_a_network_that_ignores_its_input_has_equal_losses():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    rows = probe(Linear(scheduler, scale=0.0), scheduler, train, heldout, SMALL)
    for row in rows:
        assert row["loss_train"] == row["loss_heldout"]
        assert (row["gap"], row["gap_low"], row["gap_high"], row["auc"]) == (0, 0, 0, 0.5)


def test_the_gaussians_loss_is_its_closed_form():
    n, width, spread, count = 256, 64, 0.7, 5
    scheduler, (train, heldout) = DDPMScheduler(1000), examples(n, (1, width), spread=spread)
    rows = probe(Linear(scheduler, spread), scheduler, train, heldout, replace(SMALL, bins=count))
    group = groups(n)
    for row, span in zip(rows, bins(1000, count), strict=True):
        abar = scheduler.alphas_cumprod.double().numpy()[
            np.array(span.steps)[group % len(span.steps)] - 1
        ]
        signal, noise = abar * spread**2, 1 - abar
        expected = signal / (signal + noise)
        # The error is (signal eps - sqrt(signal noise) z) / (signal + noise), z the example's own,
        # eps its group's; the mean of its square has twice the square of each part's share over as
        # many independent values.
        own, shared = n * width, (group.max() + 1) * width
        error = expected.max() * math.sqrt(2 / own + 2 / shared + 4 / own)
        for side in ("train", "heldout"):
            assert row[f"loss_{side}"] == pytest.approx(expected.mean(), abs=4 * error)
            # its x_0 is off by sqrt(signal noise / (signal + noise)) / sqrt(abar)
            rms = math.sqrt((spread**2 * noise / (signal + noise)).mean())
            assert row[f"to_truth_{side}"] == pytest.approx(rms, rel=0.1)
        assert abs(row["auc"] - 0.5) < 4 * row["auc_se"]


def test_fresh_examples_on_both_sides_are_fair():
    scheduler, repeats, inside, z = DDPMScheduler(1000), 60, 0, []
    network = Linear(scheduler)
    for seed in range(repeats):
        train, heldout = examples(48, (1, 8), seed)
        row = probe(network, scheduler, train, heldout, replace(SMALL, bins=1, seed=seed))[0]
        inside += row["gap_low"] <= 0 <= row["gap_high"]
        z.append((row["auc"] - 0.5) / row["auc_se"])
    assert inside >= 60 * 0.95 - 4 * math.sqrt(
        60 * 0.05 * 0.95
    )  # 4 standard errors of a share of 0.95
    assert abs(np.mean(z)) < 4 / math.sqrt(repeats)
    assert np.std(z) == pytest.approx(
        0.95, abs=4 / math.sqrt(2 * repeats)
    )  # in groups the error is some 5 % too large


def test_swapped_sides_turn_the_signs():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    network = ByHeart(scheduler, train)
    ours, theirs = (
        probe(network, scheduler, *sides, SMALL) for sides in ((train, heldout), (heldout, train))
    )
    for a, b in zip(ours, theirs, strict=True):
        assert b["gap"] == pytest.approx(-a["gap"])
        assert b["auc"] == pytest.approx(1 - a["auc"])
        assert b["auc_se"] == pytest.approx(a["auc_se"])
        assert (b["to_control"], b["control_to_truth"]) == pytest.approx(
            (a["to_optimal_heldout"], a["optimal_to_truth_heldout"])
        )


def test_the_order_of_examples_changes_a_reading_by_its_noise_alone():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples(64)
    network, order = Linear(scheduler), np.random.default_rng(1).permutation(64)
    a, b = (
        probe(network, scheduler, *sides, SMALL)
        for sides in ((train, heldout), (train[order], heldout[order]))
    )
    for p, q in zip(a, b, strict=True):
        assert abs(p["gap"] - q["gap"]) < 4 * (p["gap_high"] - p["gap_low"]) / 4 * math.sqrt(2)
        assert abs(p["auc"] - q["auc"]) < 4 * p["auc_se"] * math.sqrt(2)
    within = (
        np.arange(64).reshape(4, 16)[:, ::-1].ravel()
    )  # the groups as they were: the same noise for the same examples
    c = probe(network, scheduler, train[within], heldout[within], SMALL)
    for p, q in zip(a, c, strict=True):
        assert q == pytest.approx(p, rel=1e-4)


@pytest.mark.parametrize(
    ("n_train", "n_heldout", "cap"), [(40, 24, 256), (24, 40, 256), (40, 40, 20)], ids=str
)
def test_sides_are_shown_in_equal_numbers(n_train: int, n_heldout: int, cap: int):
    scheduler, counted = DDPMScheduler(1000), []
    train, heldout = examples()[0][:n_train], examples()[1][:n_heldout]
    how = replace(SMALL, examples=cap, draws=2)
    rows = probe(
        ByHeart(scheduler, train),
        scheduler,
        train,
        heldout,
        how,
        batch=7,
        advance=counted.append,
    )
    assert {row["n"] for row in rows} == {min(n_train, n_heldout, cap)}
    assert sum(counted) == passes(n_train, n_heldout, 1000, how)
    assert (
        max(column(rows, name).max() for name in TO_OPTIMAL) < 2e-3
    )  # the denoiser is that of all training examples
    assert np.isnan(column(rows, "to_control")).all() == (n_heldout < n_train)


def test_mirrored_examples_are_known_too():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    network = ByHeart(scheduler, np.concatenate([train, train[..., ::-1]]))
    assert (
        max(
            column(probe(network, scheduler, train, heldout, SMALL, flip=True), name).max()
            for name in TO_OPTIMAL
        )
        < 2e-3
    )
    assert column(probe(network, scheduler, train, heldout, SMALL), "to_optimal_heldout")[0] > 0.1


def test_a_clipped_prediction_is_bounded():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    rows = probe(Linear(scheduler, scale=1e4), scheduler, train, heldout, SMALL, clip=2.0)
    assert column(rows, "to_truth_train").max() < 2 + np.abs(train).max()
    assert (
        column(
            probe(Linear(scheduler, scale=1e4), scheduler, train, heldout, SMALL),
            "to_truth_train",
        ).max()
        > 100
    )


def test_it_follows_its_seed_and_leaves_nothing_behind():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    network, state = Linear(scheduler).train(), torch.get_rng_state()
    a, b, other = (
        probe(network, scheduler, train, heldout, replace(SMALL, seed=seed)) for seed in (0, 0, 1)
    )
    assert a == b
    assert a != other
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    apart = probe(network, scheduler, train, heldout, SMALL, batch=3)
    assert [row["loss_train"] for row in apart] == pytest.approx(
        [row["loss_train"] for row in a], rel=1e-5
    )


def test_more_draws_are_a_mean_over_them():
    scheduler, (train, heldout) = DDPMScheduler(1000), examples(64)
    one, four = (
        probe(Linear(scheduler), scheduler, train, heldout, replace(SMALL, draws=draws))
        for draws in (1, 4)
    )
    for a, b in zip(one, four, strict=True):
        assert b["loss_train_se"] < a["loss_train_se"]
        assert b["draws"] == 4


def test_a_group_shares_its_step_and_noise_and_takes_the_next_step_at_the_next_draw():
    span, like = bins(1000, 20)[3], torch.zeros(70, 2, 5)
    drawn = [corruption(span, draw, like, generator(0, draw)) for draw in range(5)]
    group = torch.from_numpy(groups(70))
    for t, eps in drawn:
        assert all(
            len(t[group == g].unique()) == len(eps[group == g].unique(dim=0)) == 1 for g in range(5)
        )
        assert len(eps.unique(dim=0)) == 5
        assert eps.shape == like.shape
    steps = torch.stack([t for t, _ in drawn])
    assert steps[0, group == 1].unique().item() == span.steps[1]
    assert all(set(steps[:4, i].tolist()) == set(span.steps) for i in range(70))
    assert torch.equal(steps[4], steps[0])


def test_too_few_examples_are_refused():
    train, heldout = examples()
    with pytest.raises(ValueError, match="held-out 1"):
        probe(Linear(DDPMScheduler(1000)), DDPMScheduler(1000), train, heldout[:1], SMALL)


@pytest.mark.parametrize("equal", [True, False])
def test_the_figure_keeps_its_legends_off_the_data(
    equal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scheduler, (train, heldout) = DDPMScheduler(1000), examples()
    rows = probe(
        ByHeart(scheduler, train), scheduler, train, heldout if equal else heldout[:30], SMALL
    )
    if not equal:
        rows = [
            {k: None if v != v else v for k, v in row.items()} for row in rows
        ]  # as JSON gives them back
    drawn: list[Any] = []
    save = figure.save
    monkeypatch.setattr(figure, "save", lambda f, path: (save(f, path), drawn.append(f)))
    figure.draw(rows, "by heart", tmp_path / "probe.png")
    assert (tmp_path / "probe.png").read_bytes().startswith(b"\x89PNG")
    assert len(drawn[0].axes) == 6
    for axis in drawn[0].axes:
        assert axis.get_legend().get_window_extent().y1 <= axis.get_window_extent().y0
