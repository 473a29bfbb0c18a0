"""The numbers of python -m memctl.samplers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.reporting.gallery.draws import chi2_p
from memctl.reporting.gallery.entry import Entry, with_draws
from memctl.samplers import IntervalSampler, NoiseSchedule, ScheduleSampler, UniformSampler
from tests.conftest import BLANK
from tests.reporting.gallery.runs import SCHEDULE, Command


@BLANK
def test_the_table_holds_the_samplers_statistics(command: Command) -> None:
    out, rows = command(
        "interval:low=700,high=1000", "laplace:mu=-2", "uniform", "beta:alpha=2,beta=5"
    )
    wanted = [
        samplers.build(spec, SCHEDULE)
        for spec in (
            {"name": "interval", "low": 700, "high": 1000},
            {"name": "laplace", "mu": -2},
            {"name": "uniform"},
            {"name": "beta", "alpha": 2, "beta": 5},
        )
    ]
    for row, sampler in zip(rows, wanted, strict=True):
        result = sampler.statistics(SCHEDULE.log_snr)
        assert (row["sampler"], row["mode"], float(row["ess"])) == (
            sampler.label,
            "sample",
            pytest.approx(1),
        )
        for key in (
            "mean", "sd", "median", "share_below_100", "share_below_300", "kl_to_uniform",
            "mean_log_snr",
        ):  # fmt: skip
            assert float(row[key]) == result[key]
        assert (row["lambda"] == "") == (sampler.name != "interval")
        assert sampler.label in out
    assert float(rows[0]["lambda"]) == IntervalSampler(low=700, high=1000).inside
    assert "lambda" in out


@BLANK
def test_the_terminal_shows_no_empty_columns(command: Command) -> None:
    out, _ = command("uniform", "laplace")
    assert "lambda" not in out
    assert "-0.00" not in out
    assert "chi2 p" in out
    out, _ = command("uniform", draws=0)
    assert "chi2 p" not in out
    assert "draws" not in out


@BLANK
def test_draws_are_compared_with_what_they_come_from(command: Command) -> None:
    _, rows = command(
        "interval:low=100,high=300",
        "interval:low=100,high=300,mode=weight",
        "fixed:t=7",
        draws=100_000,
    )
    assert [int(row["draws"]) for row in rows] == [100_000] * 3
    assert all(float(row["tv"]) < 0.01 for row in rows)
    assert all(float(row["chi2_p"]) > 1e-3 for row in rows[:2])
    assert (
        float(rows[1]["ess"])
        == ScheduleSampler(IntervalSampler(low=100, high=300), mode="weight").ess
    )
    assert rows[2]["chi2_p"] == ""  # a single step, nothing to test


def test_a_sampler_that_draws_something_else_is_caught() -> None:
    class Shifted(IntervalSampler):
        def sample(self, n: int, generator: Any = None, device: Any = None) -> torch.Tensor:
            return (super().sample(n, generator, device) - 4).clamp(min=0)

    one = Entry("shifted", ScheduleSampler(Shifted(low=500, high=600)), SCHEDULE)
    assert with_draws(one, 100_000, 32, 0).row["chi2_p"] < 1e-6

    class Outside(UniformSampler):
        def sample(self, n: int, generator: Any = None, device: Any = None) -> torch.Tensor:
            return super().sample(n, generator, device) + 1

    with pytest.raises(UserError, match=r"drew the indices 1 to 1000; they must lie in 0\.\.999"):
        with_draws(Entry("outside", ScheduleSampler(Outside()), SCHEDULE), 100_000, 32, 0)


@BLANK
def test_stratified_draws_agree_better_and_have_no_p(command: Command) -> None:
    _, rows = command(
        "interval:low=100,high=200",
        "interval:low=100,high=200,mode=correct,stratified=true",
        "--batch",
        "500",
        draws=10_000,
    )
    assert rows[1]["sampler"] == "cl100_ch200_correct_stratified"
    assert rows[1]["chi2_p"] == ""
    assert float(rows[1]["tv"]) < float(rows[0]["tv"]) / 2


def test_the_chi_square_test_pools_rare_steps() -> None:
    rng = np.random.default_rng(0)
    p = np.r_[
        np.full(50, 0.0196), np.full(50, 0.0004)
    ]  # of 1000 draws, 0.4 are expected at each of the rare steps
    result = [chi2_p(rng.multinomial(1000, p).astype(float), 1000 * p) for _ in range(400)]
    values = np.array([value for value in result if value is not None])
    assert len(values) == 400
    assert (values < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert chi2_p(np.array([3.0, 1]), np.array([4.0, 0])) == 0
    assert chi2_p(np.array([4.0, 0]), np.array([4.0, 0])) is None


def test_the_numbers_follow_the_seed_and_nothing_else(command: Command) -> None:
    _, first = command("uniform", "laplace")
    content = [Path(f"samplers.{suffix}").read_bytes() for suffix in ("png", "csv")]
    _, again = command("uniform", "laplace")
    assert again == first
    assert content == [Path(f"samplers.{suffix}").read_bytes() for suffix in ("png", "csv")]
    assert command("laplace")[1] == first[1:]  # whatever else is shown
    assert command("uniform", "laplace", "--seed", "1")[1][1]["tv"] != first[1]["tv"]


@BLANK
def test_the_noise_schedule_is_the_one_asked_for(command: Command) -> None:
    _, rows = command("uniform", "--schedule", "squaredcos_cap_v2", "--timesteps", "50")
    cosine = NoiseSchedule(timesteps=50, schedule="squaredcos_cap_v2")
    assert (
        float(rows[0]["mean_log_snr"])
        == UniformSampler(50).statistics(cosine.log_snr)["mean_log_snr"]
    )
    _, rows = command("lognormal", "--zero-terminal-snr", "--beta-end", "0.01")
    zero = NoiseSchedule(zero_terminal_snr=True, beta_end=0.01)
    assert (
        float(rows[0]["mean"]) == samplers.build({"name": "lognormal"}, zero).statistics()["mean"]
    )
