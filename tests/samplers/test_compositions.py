"""Samplers made of samplers: mixture and mirror."""

import json

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import (
    BandSampler,
    BetaSampler,
    FixedSampler,
    IntervalSampler,
    LaplaceSampler,
    MirrorSampler,
    MixtureSampler,
    NoiseSchedule,
    TimestepSampler,
    UniformSampler,
)


@pytest.mark.parametrize(
    "weights", [None, (1, 1, 1), (3, 0.5, 1), (1e-300, 1e-300, 0), (0, 0, 7)], ids=str
)
def test_a_mixture_is_the_weighted_sum_of_its_parts(weights: tuple[float, ...] | None):
    parts = (IntervalSampler(low=100, high=300), LaplaceSampler(), FixedSampler(t=5))
    shares = [1 / 3] * 3 if weights is None else [w / sum(weights) for w in weights]
    expected = sum(share * part.pmf for share, part in zip(shares, parts, strict=True))
    np.testing.assert_allclose(
        MixtureSampler(parts=parts, weights=weights).pmf, expected, rtol=1e-12
    )


def test_a_mixture_is_drawn_as_a_part_is_chosen_and_drawn_from():
    n = 100_000
    parts = (BandSampler(20, 0, 5), BandSampler(20, 10, 20))
    g = torch.Generator().manual_seed(0)
    chosen = torch.rand(n, generator=g) < 0.25
    t = torch.where(chosen, parts[0].sample(n, g), parts[1].sample(n, g))
    found, p = np.bincount(t.numpy(), minlength=20) / n, MixtureSampler(20, parts, (1, 3)).pmf
    assert (
        np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / n)
    ).all()  # 4 standard errors of a share of n draws


def test_a_mixture_of_one_is_that_one():
    np.testing.assert_allclose(
        MixtureSampler(parts=(BetaSampler(),)).pmf, BetaSampler().pmf, rtol=1e-12
    )


def test_a_share_of_uniform_lets_a_fixed_step_be_corrected_for():
    mixed = MixtureSampler(parts=(FixedSampler(t=10), UniformSampler()), weights=(9, 1))
    w = samplers.ScheduleSampler(mixed, mode="correct").loss_weights
    assert w.max() == pytest.approx(10)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parts": ()}, "sampler.parts must list fixed distributions over 1000 steps"),
        (
            {"parts": (UniformSampler(20),)},
            "sampler.parts must list fixed distributions over 1000 steps",
        ),
        ({"parts": ({"low": 1},)}, "sampler.parts must list"),
        ({"weights": (1,)}, r"sampler.weights=[1] must be 2 numbers of at least 0"),
        ({"weights": (1, -1)}, r"sampler.weights=[1, -1] must be 2 numbers"),
        ({"weights": (0, 0)}, r"sampler.weights=[0, 0] must be 2 numbers"),
        ({"weights": (1, float("inf"))}, r"sampler.weights=[1, inf] must be 2 numbers"),
        ({"weights": (1, "2")}, "sampler.weights=[1, '2'] must be 2 numbers"),
        ({"weights": ()}, "sampler.weights=[] must be 2 numbers"),
    ],
    ids=str,
)
def test_a_wrong_mixture_is_refused(wrong: dict[str, object], message: str):
    with pytest.raises(UserError) as caught:
        MixtureSampler(**{"parts": (UniformSampler(), FixedSampler()), **wrong})
    assert message in str(caught.value)


@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp"])
@pytest.mark.parametrize(("low", "high"), [(100, 200), (0, 50), (300, 900)], ids=str)
def test_the_mirror_of_an_interval_is_the_interval_from_the_other_end(
    low: int, high: int, tail: str
):
    mirror = MirrorSampler(of=IntervalSampler(low=low, high=high, tail=tail))
    np.testing.assert_allclose(
        mirror.pmf,
        IntervalSampler(low=1000 - high, high=1000 - low, tail=tail).pmf,
        rtol=1e-9,
        atol=1e-300,
    )


@pytest.mark.parametrize(
    "of",
    [IntervalSampler(low=10, high=77), LaplaceSampler(), FixedSampler(t=3), BetaSampler()],
    ids=lambda s: s.label,
)
def test_a_mirror_of_a_mirror_is_the_sampler_itself(of: TimestepSampler):
    np.testing.assert_allclose(MirrorSampler(of=MirrorSampler(of=of)).pmf, of.pmf, rtol=1e-15)


def test_a_mirror_keeps_width_and_entropy():
    of = LaplaceSampler()
    here, there = of.statistics(), MirrorSampler(of=of).statistics()
    assert here["mean"] + there["mean"] == pytest.approx(1001)
    assert here["sd"] == pytest.approx(there["sd"])
    assert here["kl_to_uniform"] == pytest.approx(there["kl_to_uniform"])


@pytest.mark.parametrize("of", [None, UniformSampler(20), "uniform", {"name": "uniform"}], ids=str)
def test_a_wrong_mirror_is_refused(of: object):
    with pytest.raises(
        UserError, match=r"sampler\.of of a mirror must be a fixed distribution over 1000 steps"
    ):
        MirrorSampler(of=of)  # type: ignore[arg-type]


def test_the_parts_of_a_spec_take_steps_and_schedule_from_the_whole():
    schedule = NoiseSchedule(20, "squaredcos_cap_v2")
    part = {"name": "mirror", "of": {"name": "laplace", "b": 2}}
    mixed = samplers.build(
        {"name": "mixture", "parts": [part, {"name": "fixed", "t": 3}], "weights": [1, 2]}, schedule
    )
    laplace = LaplaceSampler(20, schedule, b=2.0)
    assert mixed == MixtureSampler(20, (MirrorSampler(20, laplace), FixedSampler(20, 3)), (1, 2))
    again = samplers.build(json.loads(json.dumps(mixed.spec())))
    assert again == mixed
    np.testing.assert_allclose(again.pmf, laplace.pmf[::-1] / 3 + 2 / 3 * np.eye(20)[2], rtol=1e-12)


def test_a_part_of_another_schedule_is_refused():
    with pytest.raises(UserError, match="20 steps"):
        samplers.build(
            {"name": "mirror", "of": {"name": "uniform", "timesteps": 1000}}, NoiseSchedule(20)
        )
