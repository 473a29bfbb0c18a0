"""The three uses of a distribution: drawn from, weighted by, corrected for; by exact enumeration
over t of a real network's gradients.
"""

import math
import pickle
import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import (
    BandSampler,
    BetaSampler,
    FixedSampler,
    IntervalSampler,
    LaplaceSampler,
    LogitNormalSampler,
    LossSecondMomentSampler,
    MixtureSampler,
    ModeSampler,
    NoiseSchedule,
    ScheduleSampler,
    TimestepSampler,
    UniformSampler,
)

T = 12
FULL: dict[str, TimestepSampler] = {  # p(t) > 0 everywhere
    "uniform": UniformSampler(T),
    "interval": IntervalSampler(T, low=3, high=6),
    "narrow interval": IntervalSampler(T, low=11.9, high=12),
    "wide interval": IntervalSampler(T, low=4, high=9, tail="clamp"),
    "mode": ModeSampler(T),
    "beta": BetaSampler(T, 0.3, 2),
    "almost a point": MixtureSampler(T, (FixedSampler(T, 3), UniformSampler(T)), (0.99, 0.01)),
}
HOLES: dict[str, TimestepSampler] = {"point": FixedSampler(T, 3), "band": BandSampler(T, 2, 5)}
full = pytest.mark.parametrize("sampler", FULL.values(), ids=FULL.keys())
every = pytest.mark.parametrize("sampler", [*FULL.values(), *HOLES.values()], ids=[*FULL, *HOLES])


@pytest.fixture(scope="module")
def gradients() -> Tensor:
    """The gradient of L_t, the mean over 4 records with fixed noise, of a small denoiser; for every
    t: shape (T, parameters).
    """
    g = torch.Generator().manual_seed(0)
    x0, eps = torch.randn(4, 3, generator=g).double(), torch.randn(4, 3, generator=g).double()
    abar = torch.tensor(np.cumprod(1 - np.linspace(0.01, 0.4, T)))
    network = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=g))
    rows = []
    for t in range(T):
        x_t = abar[t].sqrt() * x0 + (1 - abar[t]).sqrt() * eps
        loss = (network(torch.cat([x_t, torch.full((4, 1), t / T)], dim=1)) - eps).square().mean()
        rows.append(
            torch.cat(
                [grad.flatten() for grad in torch.autograd.grad(loss, list(network.parameters()))]
            )
        )
    return torch.stack(rows)


def expected(drawing: ScheduleSampler, values: Tensor) -> np.ndarray:
    """sum_t q(t) w(t) values_t: q what is drawn from, w the weight of a draw."""
    return (drawing.weights() * drawing.loss_weights) @ values.numpy()


@every
def test_sampling_and_weighting_have_the_same_expected_gradient(
    sampler: TimestepSampler, gradients: Tensor
):
    sample, weight = (
        expected(ScheduleSampler(sampler, mode), gradients) for mode in ("sample", "weight")
    )
    by_hand = sum(p * row for p, row in zip(sampler.pmf, gradients.numpy(), strict=True))
    np.testing.assert_allclose(sample, by_hand, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(weight, sample, rtol=1e-12, atol=1e-14)
    if not isinstance(sampler, UniformSampler):
        assert (
            np.abs(sample - gradients.numpy().mean(0)).max() > 1e-3
        )  # another objective than uniform training


@full
def test_correcting_has_the_expected_gradient_of_uniform_training(
    sampler: TimestepSampler, gradients: Tensor
):
    found = expected(ScheduleSampler(sampler, "correct"), gradients)
    np.testing.assert_allclose(found, gradients.numpy().mean(0), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("stratified", [False, True], ids=["independent", "stratified"])
@pytest.mark.parametrize("mode", samplers.MODES)
@full
def test_the_mean_over_draws_is_the_expected_gradient(
    sampler: TimestepSampler, mode: str, stratified: bool, gradients: Tensor
):
    n = 50_000
    drawing = ScheduleSampler(sampler, mode, stratified=stratified)
    t, w = drawing.sample(n, generator=torch.Generator().manual_seed(4))
    assert t.shape == w.shape == (n,)
    assert w.dtype == torch.float32
    each = w.double()[:, None] * gradients[t]
    # 4 standard errors of the mean of n draws, that the sample itself shows (an upper bound where
    # draws are stratified)
    tolerance = 4 * each.std(dim=0).numpy() / math.sqrt(n) + 1e-6
    assert (np.abs(each.mean(dim=0).numpy() - expected(drawing, gradients)) <= tolerance).all()


def test_weighting_draws_uniformly_and_the_others_from_the_sampler():
    sampler = IntervalSampler(T, low=3, high=6)
    np.testing.assert_array_equal(ScheduleSampler(sampler, "weight").weights(), np.full(T, 1 / T))
    for mode in ("sample", "correct"):
        np.testing.assert_array_equal(ScheduleSampler(sampler, mode).weights(), sampler.pmf)


@every
def test_the_weights_are_one_then_t_times_p_then_its_inverse(sampler: TimestepSampler):
    np.testing.assert_array_equal(ScheduleSampler(sampler).loss_weights, np.ones(T))
    np.testing.assert_allclose(
        ScheduleSampler(sampler, "weight").loss_weights, [T * p for p in sampler.pmf], rtol=1e-15
    )
    if (sampler.pmf > 0).all():
        np.testing.assert_allclose(
            ScheduleSampler(sampler, "correct").loss_weights,
            [1 / (T * p) for p in sampler.pmf],
            rtol=1e-15,
        )


@pytest.mark.parametrize("mode", samplers.MODES)
@full
def test_the_weights_of_draws_are_those_of_their_t(sampler: TimestepSampler, mode: str):
    drawing = ScheduleSampler(sampler, mode)
    t, w = drawing.sample(300, generator=torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(w.numpy(), drawing.loss_weights[t.numpy()].astype(np.float32))
    assert torch.equal(w, drawing.weight(t))


@pytest.mark.parametrize("sampler", HOLES.values(), ids=HOLES.keys())
def test_a_step_that_is_never_drawn_cannot_be_corrected_for(sampler: TimestepSampler):
    never = int((sampler.pmf == 0).sum())
    drawing = ScheduleSampler(sampler, "correct")
    for ask in (lambda: drawing.loss_weights, lambda: drawing.sample(4), lambda: drawing.ess):
        with pytest.raises(
            UserError,
            match=(
                r"sampler.mode=correct needs p\(t\) > 0 at every step.* is 0 \(or below 1e-15,"
                rf" never drawn\) at {never} of {T}; mix it"
            ),
        ):
            ask()


RARE = [
    IntervalSampler(low=400, high=500, tail="truncate"),
    LaplaceSampler(),
    BetaSampler(alpha=4, beta=1.5),
]


@pytest.mark.parametrize(
    "sampler",
    [LogitNormalSampler(logit_std=0.5), IntervalSampler(low=950, high=1000, tail="truncate")],
    ids=lambda s: s.label,
)
def test_a_step_that_no_draw_would_meet_cannot_be_corrected_for(sampler: TimestepSampler):
    assert 0 < sampler.pmf.min() < 2**-50
    with pytest.raises(UserError, match=r"sampler.mode=correct needs p\(t\) > 0 .*or below 1e-15"):
        _ = ScheduleSampler(sampler, "correct").ess


@pytest.mark.parametrize("sampler", RARE, ids=lambda s: s.label)
def test_the_rarest_steps_are_drawn_where_they_are_to_be_corrected_for(
    sampler: TimestepSampler, monkeypatch: pytest.MonkeyPatch
):
    """Each u in (0, 1) that lies in a step's share of the cdf draws it, however small; the table of
    `sample` has no such steps.
    """
    rare = [
        k
        for k in np.flatnonzero(sampler.pmf < 2**-21)
        if np.nextafter(sampler.cdf[k - 1] if k else 0, 1) < sampler.cdf[k]
    ]
    assert rare
    u = torch.tensor(
        [((sampler.cdf[k - 1] if k else 0.0) + sampler.cdf[k]) / 2 for k in rare],
        dtype=torch.float64,
    )
    monkeypatch.setattr(torch, "rand", lambda n, **kwargs: u[:n].clone())
    drawn, w = ScheduleSampler(sampler, "correct").sample(len(rare))
    assert drawn.tolist() == [int(k) for k in rare]
    assert w.isfinite().all()


@pytest.mark.parametrize("sampler", RARE, ids=lambda s: s.label)
def test_the_middle_of_each_share_of_the_unit_interval_is_corrected_to_uniform(
    sampler: TimestepSampler, monkeypatch: pytest.MonkeyPatch
):
    """Each u = (k + 1/2) / 2^20 drawn once: their weights make the expected loss that of uniform
    training.
    """
    mixed = MixtureSampler(parts=(sampler, UniformSampler()), weights=(9, 1))
    drawing = ScheduleSampler(mixed, "correct")
    monkeypatch.setattr(
        torch, "rand", lambda n, **kwargs: (torch.arange(n, dtype=torch.float64) + 0.5) / n
    )
    t, w = drawing.sample(1 << 20)
    loss = 5 / (1 + torch.arange(1000).double() / 20)
    # P(step <= t) is off by up to 2^-21, over which w L, of at most 10 x 5, varies up and down
    # once: 4 x 50 x 2^-21 = 1e-4
    assert float((w.double() * loss[t]).mean()) == pytest.approx(float(loss.mean()), abs=1e-4)


@pytest.mark.parametrize("clip", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("mode", samplers.MODES)
def test_clip_is_the_largest_weight(mode: str, clip: float):
    sampler = FULL["almost a point"]
    free, clipped = (ScheduleSampler(sampler, mode, c) for c in (None, clip))
    np.testing.assert_array_equal(clipped.loss_weights, [min(w, clip) for w in free.loss_weights])
    t, w = clipped.sample(500, generator=torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(w.numpy(), clipped.loss_weights[t.numpy()].astype(np.float32))


def test_a_clip_trades_variance_for_bias(gradients: Tensor):
    sampler = FULL["almost a point"]
    free, clipped = (ScheduleSampler(sampler, "correct", c) for c in (None, 5.0))

    def variance(drawing: ScheduleSampler) -> float:
        mean = expected(drawing, gradients)
        return float(
            ((drawing.weights() * drawing.loss_weights**2) @ gradients.numpy() ** 2 - mean**2).sum()
        )

    target = gradients.numpy().mean(0)
    bias = [np.abs(expected(drawing, gradients) - target).max() for drawing in (free, clipped)]
    assert bias[0] < 1e-12
    assert bias[1] > 1e-3
    assert variance(clipped) < 0.2 * variance(free)
    assert clipped.ess > free.ess


def test_a_clip_above_every_weight_changes_nothing():
    sampler = FULL["interval"]
    for mode in samplers.MODES:
        np.testing.assert_array_equal(
            ScheduleSampler(sampler, mode, 1e9).loss_weights,
            ScheduleSampler(sampler, mode).loss_weights,
        )


@pytest.mark.parametrize("clip", [None, 2.0])
@pytest.mark.parametrize("mode", samplers.MODES)
@full
def test_the_effective_sample_size_is_kishs(
    sampler: TimestepSampler, mode: str, clip: float | None
):
    drawing = ScheduleSampler(sampler, mode, clip)
    first = sum(q * w for q, w in zip(drawing.weights(), drawing.loss_weights, strict=True))
    second = sum(q * w * w for q, w in zip(drawing.weights(), drawing.loss_weights, strict=True))
    assert drawing.ess == pytest.approx(first**2 / second)
    assert 0 < drawing.ess <= 1 + 1e-12
    if mode == "sample":
        assert drawing.ess == pytest.approx(1)
    n = 100_000
    w = drawing.sample(n, generator=torch.Generator().manual_seed(2))[1].double().numpy()
    # (sum w)^2 / (n sum w^2) of n draws; by the delta method its standard error is ess sd(2 w/E w -
    # w^2/E w^2) / sqrt(n)
    error = drawing.ess * np.std(2 * w / w.mean() - w**2 / (w**2).mean()) / math.sqrt(n)
    assert abs(w.sum() ** 2 / (n * (w**2).sum()) - drawing.ess) <= 4 * error + 1e-6


def test_the_effective_sample_size_of_known_cases():
    assert ScheduleSampler(BandSampler(T, 2, 5), "weight").ess == pytest.approx(
        3 / T
    )  # 3 of T steps count
    assert ScheduleSampler(FixedSampler(T, 1), "weight").ess == pytest.approx(1 / T)
    assert ScheduleSampler(UniformSampler(T), "correct").ess == pytest.approx(1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mode": "importance"}, "sampler.mode=importance must be sample, weight or correct"),
        ({"mode": None}, "sampler.mode=None must be sample, weight or correct"),
        ({"clip": 0}, "sampler.clip=0 must be positive, the largest weight of a loss, or null"),
        ({"clip": -2.0}, "sampler.clip=-2.0 must be positive"),
        ({"clip": math.nan}, "sampler.clip=nan must be positive"),
        ({"clip": math.inf}, "sampler.clip=inf must be positive"),
        ({"clip": "5"}, "sampler.clip=5 must be positive"),
        ({"clip": True}, "sampler.clip=True must be positive"),
        ({"stratified": "yes"}, "sampler.stratified=yes must be true or false"),
        ({"stratified": 1}, "sampler.stratified=1 must be true or false"),
    ],
    ids=str,
)
def test_a_wrong_use_is_refused(wrong: dict[str, object], message: str):
    with pytest.raises(UserError, match=re.escape(message)):
        ScheduleSampler(UniformSampler(T), **wrong)
    with pytest.raises(UserError, match=re.escape(message)):
        samplers.build_schedule_sampler({"name": "uniform", **wrong})


def test_use_takes_a_spec_apart():
    spec = {"name": "fixed", "t": 3, "mode": "weight", "clip": 2.0, "stratified": True}
    assert samplers.build_schedule_sampler(spec, NoiseSchedule(T)) == ScheduleSampler(
        FixedSampler(T, 3), "weight", 2.0, True
    )
    assert samplers.build_schedule_sampler({"name": "uniform"}) == ScheduleSampler(UniformSampler())
    assert spec["mode"] == "weight"  # the caller's own is left alone
    assert samplers.build_schedule_sampler(spec).use == {
        "mode": "weight",
        "clip": 2.0,
        "stratified": True,
    }


def test_labels_tell_uses_apart():
    uses = [
        (mode, clip, stratified)
        for mode in samplers.MODES
        for clip in (None, 2.5, 5.0)
        for stratified in (False, True)
    ]
    labels = [ScheduleSampler(UniformSampler(T), *use).label for use in uses]
    assert len(set(labels)) == len(uses)
    assert labels[0] == "uniform"
    assert "uniform_correct_clip2.5_stratified" in labels
    assert all(re.fullmatch(r"[A-Za-z0-9._+-]+", label) for label in labels)


@pytest.mark.parametrize("mode", samplers.MODES)
def test_it_has_the_interface_of_improved_diffusion(mode: str):
    """`t, w = sampler.sample(batch_size, device)`, `weights()` and `update_with_local_losses(t,
    losses)`, as its train loop calls them.
    """
    drawing = ScheduleSampler(LossSecondMomentSampler(T, history=1, uniform_prob=0.1), mode)
    device = torch.device("cpu")
    losses = torch.ones(64)  # the same in every step: what is learned depends on no draw
    for _ in range(30):
        t, w = drawing.sample(64, device)
        assert t.device == w.device == device
        assert t.shape == w.shape == losses.shape
        assert w.isfinite().all()
        drawing.update_with_local_losses(t, losses / (1 + t))
    assert drawing.sampler.warm
    assert drawing.weights().shape == (T,)
    assert drawing.weights().sum() == pytest.approx(1)
    np.testing.assert_allclose(
        drawing.weights() * drawing.loss_weights,
        {"correct": np.full(T, 1 / T)}.get(mode, drawing.sampler.pmf),
    )
    assert drawing.sampler.pmf[0] > 2 * drawing.sampler.pmf[-1]


def test_losses_teach_a_fixed_sampler_nothing():
    drawing = ScheduleSampler(IntervalSampler(T, low=3, high=6), "correct")
    before = drawing.loss_weights.copy()
    drawing.update_with_local_losses(torch.arange(T), torch.arange(T).float())
    np.testing.assert_array_equal(drawing.loss_weights, before)


def test_a_state_that_is_loaded_changes_the_weights_of_draws():
    drawing, other = (
        ScheduleSampler(LossSecondMomentSampler(3, history=1), "correct") for _ in range(2)
    )
    other.update_with_local_losses(torch.arange(3), torch.tensor([4.0, 1.0, 1.0]))
    assert drawing.weight(torch.arange(3)).tolist() == [1, 1, 1]
    drawing.sampler.load_state_dict(other.sampler.state_dict())
    assert torch.equal(drawing.weight(torch.arange(3)), other.weight(torch.arange(3)))


def test_copies_carry_the_use_and_no_tensors():
    drawing = ScheduleSampler(IntervalSampler(low=100, high=300), "weight", 3.0, True)
    drawing.sample(5)
    again = pickle.loads(pickle.dumps(drawing))
    assert again == drawing
    assert again.label == drawing.label
    assert len(pickle.dumps(drawing)) < 1000
