"""What every timestep sampler promises. A new sampler is tested by adding an example of it here."""

import copy
import json
import pickle
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import (
    BandSampler,
    BetaSampler,
    CauchySampler,
    FixedSampler,
    IntervalSampler,
    LaplaceSampler,
    LogitNormalSampler,
    LogNormalSampler,
    LossSecondMomentSampler,
    MirrorSampler,
    MixtureSampler,
    ModeSampler,
    NoiseSchedule,
    NormalSampler,
    SpeedSampler,
    SwitchSampler,
    TableSampler,
    TimestepSampler,
    UniformSampler,
    inverse,
)
from memctl.samplers.schedule import SCHEDULES

FOLDER = TemporaryDirectory()  # of the tables; it lives as long as this module
T = 1000
# Entries of the table that independent draws go through, so that P(step <= t) holds to half of one,
# 2^-21.
TABLE = 1 << 20
BOTH = tuple(
    NoiseSchedule(T, name, zero_terminal_snr=zero) for name in SCHEDULES for zero in (False, True)
)


def table(name: str, numbers: list[float], **settings: Any) -> TableSampler:
    path = Path(FOLDER.name) / name
    if path.suffix == ".npy":
        np.save(path, numbers)
    else:
        path.write_text("\n".join(map(str, numbers)))
    return TableSampler(timesteps=len(numbers), path=str(path), **settings)


def steps(first: int, last: int) -> range:
    """The steps first..last, both counted from 1, as indices."""
    return range(first - 1, last)


ALL = None  # the support of an example that can draw every step
Example = tuple[TimestepSampler, range | list[int] | None]

EXAMPLES: dict[str, Example] = {
    "uniform": (UniformSampler(), ALL),
    "uniform, few steps": (UniformSampler(timesteps=20), ALL),
    "uniform, two steps": (UniformSampler(timesteps=2), ALL),
    "uniform, one step": (UniformSampler(timesteps=1), ALL),
    "narrow": (IntervalSampler(low=400, high=500), ALL),
    "right edge": (IntervalSampler(low=900, high=1000), ALL),
    "widest": (IntervalSampler(low=0, high=1000), ALL),
    "truncate": (IntervalSampler(low=900, high=1000, tail="truncate"), ALL),
    # its last step lies 26 sigma away
    "resample": (IntervalSampler(low=0, high=50, tail="resample"), ALL),
    "clamp": (IntervalSampler(low=900, high=1000, tail="clamp"), ALL),
    "normal": (NormalSampler(), ALL),
    "normal, centred on the end": (NormalSampler(centre=1000), ALL),
    "normal beyond the end": (NormalSampler(centre=1200, width=500, tail="truncate"), ALL),
    "coverage": (IntervalSampler(low=300, high=700, coverage=0.95), ALL),
    "fractions": (IntervalSampler(low=12.5, high=33.25), ALL),
    "interval, few steps": (IntervalSampler(timesteps=20, low=2.5, high=7), ALL),
    "interval, two steps": (IntervalSampler(timesteps=2, low=0, high=1), ALL),
    "interval, one step": (IntervalSampler(timesteps=1, low=0, high=1), ALL),
    "hardly wider than a point": (IntervalSampler(low=500, high=500.001), steps(500, 501)),
    "point": (IntervalSampler(low=500, high=500, allow_degenerate=True), steps(500, 500)),
    "logit-normal": (LogitNormalSampler(), ALL),
    "logit-normal, noisy": (LogitNormalSampler(logit_mean=1.5, logit_std=0.7), ALL),
    "logit-normal, wide": (LogitNormalSampler(logit_mean=-0.25, logit_std=4), ALL),
    "logit-normal, few steps": (LogitNormalSampler(timesteps=20, logit_mean=-1), ALL),
    "logit-normal, two steps": (LogitNormalSampler(timesteps=2, logit_mean=0.5), ALL),
    "logit-normal, one step": (LogitNormalSampler(timesteps=1), ALL),
    "mode": (ModeSampler(), ALL),
    "mode, ends": (ModeSampler(mode_scale=-1), ALL),
    "mode, ends a little": (ModeSampler(mode_scale=-0.5), ALL),
    "mode, largest": (ModeSampler(mode_scale=1.75), ALL),
    "mode, zero": (ModeSampler(mode_scale=0), ALL),
    "mode, few steps": (ModeSampler(timesteps=20), ALL),
    "mode, two steps": (ModeSampler(timesteps=2), ALL),
    "mode, one step": (ModeSampler(timesteps=1), ALL),
    "beta": (BetaSampler(), ALL),
    "beta, bell": (BetaSampler(alpha=3, beta=2.5), ALL),
    "beta, ends": (BetaSampler(alpha=0.3, beta=0.4), ALL),
    "beta, few steps": (BetaSampler(timesteps=20, alpha=2), ALL),
    "beta, two steps": (BetaSampler(timesteps=2, alpha=2), ALL),
    "beta, one step": (BetaSampler(timesteps=1), ALL),
    "band": (BandSampler(low=100, high=300), steps(101, 300)),
    "band, favoured": (BandSampler(low=100, high=300, multiplier=4), ALL),
    "band, left out": (BandSampler(low=100, high=300, multiplier=0), [*range(100), *range(300, T)]),
    "band, drawn less": (BandSampler(low=100, high=300, multiplier=0.25), ALL),
    "band, its first step": (BandSampler(low=0, high=1), steps(1, 1)),
    "band, its last step": (BandSampler(low=999), steps(1000, 1000)),
    "band, few steps": (BandSampler(timesteps=20, low=5, high=19, multiplier=2.5), ALL),
    "band, two steps": (BandSampler(timesteps=2, low=1), steps(2, 2)),
    "band, one step": (BandSampler(timesteps=1), ALL),
    "fixed": (FixedSampler(), steps(500, 500)),
    "fixed, the first": (FixedSampler(t=1), steps(1, 1)),
    "fixed, the last": (FixedSampler(t=1000), steps(1000, 1000)),
    "fixed, few steps": (FixedSampler(timesteps=20, t=7), steps(7, 7)),
    "fixed, two steps": (FixedSampler(timesteps=2, t=2), steps(2, 2)),
    "fixed, one step": (FixedSampler(timesteps=1, t=1), ALL),
    "adaptive": (LossSecondMomentSampler(), ALL),
    "adaptive, few steps": (LossSecondMomentSampler(20, history=2, uniform_prob=0.1), ALL),
    "adaptive, one step": (LossSecondMomentSampler(timesteps=1), ALL),
    "table": (table("falling.csv", list(range(1000, 0, -1))), ALL),
    "table, with holes": (table("holes.npy", [0, 3, 0, 0, 0.5, 1, 0, 0]), [1, 4, 5]),
    "table, wild": (table("wild.npy", np.random.default_rng(0).pareto(0.8, T).tolist()), ALL),
    "table, one step": (table("one.txt", [7]), ALL),
    "mixture": (MixtureSampler(parts=(LaplaceSampler(), UniformSampler()), weights=(3, 1)), ALL),
    "mixture, equal": (
        MixtureSampler(parts=(FixedSampler(t=10), BandSampler(low=30, high=40))),
        [9, *steps(31, 40)],
    ),
    "mixture, a part unused": (
        MixtureSampler(parts=(FixedSampler(t=10), UniformSampler()), weights=(1, 0)),
        steps(10, 10),
    ),
    "mixture, few steps": (
        MixtureSampler(20, (FixedSampler(20, 3), UniformSampler(20)), (0.25, 0.75)),
        ALL,
    ),
    "mixture, one step": (MixtureSampler(1, (UniformSampler(1),)), ALL),
    "mirror": (MirrorSampler(of=IntervalSampler(low=100, high=200)), ALL),
    "mirror, of a band": (MirrorSampler(of=BandSampler(low=100, high=300)), steps(701, 900)),
    "mirror, of a mixture": (
        MirrorSampler(of=MixtureSampler(T, (CauchySampler(), FixedSampler(t=1)), (1, 2))),
        ALL,
    ),
    "mirror, few steps": (MirrorSampler(20, FixedSampler(20, 3)), steps(18, 18)),
    "mirror, one step": (MirrorSampler(1, UniformSampler(1)), ALL),
    "switch": (SwitchSampler(T, (UniformSampler(), IntervalSampler(low=700, high=T)), 0.25), ALL),
    "switch, of bands": (
        SwitchSampler(parts=(BandSampler(low=30, high=40), FixedSampler(t=10))),
        [9, *steps(31, 40)],
    ),
    "switch, one step": (SwitchSampler(1, (UniformSampler(1), UniformSampler(1))), ALL),
    "lognormal": (LogNormalSampler(), ALL),
    "lognormal, data of sd 1": (LogNormalSampler(P_mean=-0.5069, P_std=1.2), ALL),
    "laplace": (LaplaceSampler(), ALL),
    "laplace, wide": (LaplaceSampler(mu=-2, b=3), ALL),
    "cauchy": (CauchySampler(), ALL),
    "cauchy, narrow": (CauchySampler(mu=1.5, gamma=0.1), ALL),
    "speed": (SpeedSampler(), ALL),
    "speed, steep": (SpeedSampler(k=20.5, threshold=3e-4), ALL),
}  # fmt: skip
for kind in (LogNormalSampler, LaplaceSampler, CauchySampler, SpeedSampler):
    for schedule in BOTH[1:]:
        zero = ", zero terminal SNR" if schedule.zero_terminal_snr else ""
        EXAMPLES[f"{kind.name}, {schedule.schedule}{zero}"] = (kind(schedule=schedule), ALL)
    for few in (1, 2, 20):
        EXAMPLES[f"{kind.name}, T = {few}"] = (kind(few, schedule=NoiseSchedule(few)), ALL)
    EXAMPLES[f"{kind.name}, T = 20, zero terminal SNR"] = (
        kind(20, schedule=NoiseSchedule(20, zero_terminal_snr=True)),
        ALL,
    )
    own = NoiseSchedule(3, betas=(0.1, 0.2, 0.7))
    EXAMPLES[f"{kind.name}, given betas"] = (kind(3, schedule=own), ALL)


def learned() -> LossSecondMomentSampler:
    """An adaptive sampler that has seen its losses: larger ones at small t."""
    sampler = LossSecondMomentSampler(timesteps=50, history=3)
    t = torch.arange(50).repeat(3)
    sampler.update(t, 10.0 / (1 + t) + torch.rand(150, generator=torch.Generator().manual_seed(0)))
    return sampler


SAMPLERS = {name: sampler for name, (sampler, _) in EXAMPLES.items()}
ADAPTED = {**SAMPLERS, "adaptive, learned": learned()}
every = pytest.mark.parametrize("sampler", SAMPLERS, indirect=True, scope="module")
every_distribution = pytest.mark.parametrize("sampler", ADAPTED, indirect=True, scope="module")
every_tabled = pytest.mark.parametrize(
    "sampler",
    [
        name
        for name, s in SAMPLERS.items()
        if not isinstance(s, UniformSampler | LossSecondMomentSampler)
    ],
    indirect=True,
    scope="module",
)


@pytest.fixture(scope="module")
def sampler(request: pytest.FixtureRequest) -> Iterator[TimestepSampler]:
    """The example of this name.

    Of the scope of the module, so that its tests follow each other; then its table of 8 MB goes.
    """
    yield ADAPTED[request.param]
    vars(ADAPTED[request.param]).pop("_inverse", None)


def drawn(sampler: TimestepSampler, n: int, seed: int) -> torch.Tensor:
    return sampler.sample(n, torch.Generator().manual_seed(seed))


def stratified(sampler: TimestepSampler, n: int, seed: int) -> torch.Tensor:
    return sampler.stratified(n, torch.Generator().manual_seed(seed))


both_draws = pytest.mark.parametrize("draw", [drawn, stratified], ids=["independent", "stratified"])


@pytest.mark.parametrize("kind", samplers.SAMPLERS)
def test_every_sampler_has_an_example(kind: str):
    assert kind in {sampler.name for sampler in SAMPLERS.values()}


@every_distribution
def test_the_pmf_is_a_distribution(sampler: TimestepSampler):
    assert sampler.pmf.dtype == np.float64
    assert sampler.pmf.shape == (sampler.timesteps,)
    assert (sampler.pmf >= 0).all()
    assert sampler.pmf.sum() == pytest.approx(1, abs=1e-12)


@every
def test_the_support_is_the_stated_one(sampler: TimestepSampler):
    support = next(expected for example, expected in EXAMPLES.values() if example is sampler)
    assert np.flatnonzero(sampler.pmf).tolist() == list(
        range(sampler.timesteps) if support is ALL else support
    )


@every_distribution
def test_the_cdf_is_the_running_sum_and_ends_in_exactly_1(sampler: TimestepSampler):
    assert sampler.cdf.dtype == np.float64
    assert sampler.cdf[-1] == 1.0
    np.testing.assert_allclose(sampler.cdf, np.cumsum(sampler.pmf), rtol=0, atol=1e-12)
    np.testing.assert_array_less(-1e-12, np.diff(sampler.cdf))


@every_distribution
def test_pmf_and_cdf_cannot_be_changed(sampler: TimestepSampler):
    for values in (sampler.pmf, sampler.cdf):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0.5


@both_draws
@every_distribution
def test_draws_are_indices(sampler: TimestepSampler, draw: Any):
    indices = draw(sampler, 5000, seed=0)
    assert indices.dtype == torch.int64
    assert indices.shape == (5000,)
    assert indices.min() >= 0
    assert indices.max() < sampler.timesteps
    assert draw(sampler, 1, seed=0).shape == (1,)
    assert draw(sampler, 0, seed=0).shape == (0,)


@both_draws
@every_distribution
def test_draws_follow_the_generator(sampler: TimestepSampler, draw: Any):
    first = draw(sampler, 200, seed=7)
    assert torch.equal(first, draw(sampler, 200, seed=7))
    if np.count_nonzero(sampler.pmf) > 1 and sampler.pmf.max() < 0.99:
        assert not torch.equal(first, draw(sampler, 200, seed=8))


@pytest.mark.parametrize("kind", ["sample", "stratified"])
@every_distribution
def test_draws_without_a_generator_follow_the_global_seed(sampler: TimestepSampler, kind: str):
    draw = getattr(sampler, kind)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = draw(200)
        torch.manual_seed(3)
        assert torch.equal(first, draw(200))
    assert torch.equal(first, draw(200, torch.Generator().manual_seed(3)))


@pytest.mark.parametrize("kind", ["sample", "stratified"])
@every_distribution
def test_draws_go_on_from_a_saved_state(sampler: TimestepSampler, kind: str):
    """The next draws depend on a copy of the sampler and the state of the generator alone."""
    generator = torch.Generator().manual_seed(11)
    getattr(sampler, kind)(33, generator)
    state, learnt = generator.get_state(), sampler.state_dict()
    expected = [getattr(sampler, kind)(33, generator) for _ in range(3)]
    again, resumed = samplers.build(json.loads(json.dumps(sampler.spec()))), torch.Generator()
    again.load_state_dict(learnt)
    resumed.set_state(state)
    assert all(torch.equal(getattr(again, kind)(33, resumed), each) for each in expected)


def agrees(sampler: TimestepSampler, indices: torch.Tensor, rounding: float) -> bool:
    """Whether the shares of the draws, in at most 20 ranges of t, are those of the pmf.

    A share p of n draws has the standard error sqrt(p (1 - p) / n), at most 0.0011 for n = 200,000;
    4 of them, one draw for ranges of no mass, and the rounding of P(step <= t) at both ends of a
    range.
    """
    n = len(indices)
    counts = np.bincount(indices.numpy(), minlength=sampler.timesteps)
    bins = np.array_split(np.arange(sampler.timesteps), min(20, sampler.timesteps))
    expected = np.array([sampler.pmf[b].sum() for b in bins])
    found = np.array([counts[b].sum() for b in bins]) / n
    tolerance = 4 * np.sqrt(expected * (1 - expected).clip(0) / n) + 1 / n + 2 * rounding
    return (
        bool((np.abs(found - expected) <= tolerance).all()) and counts[sampler.pmf == 0].sum() == 0
    )


@every_distribution
def test_draws_have_the_frequencies_of_the_pmf(sampler: TimestepSampler):
    assert agrees(sampler, drawn(sampler, 200_000, seed=1), rounding=2**-21)


@every_distribution
def test_stratified_draws_have_the_frequencies_of_the_pmf(sampler: TimestepSampler):
    """Over many batches, and at one place of them: n = 400 batches, so that a share's standard
    error is at most 0.025.
    """
    generator = torch.Generator().manual_seed(1)
    batches = torch.stack([sampler.stratified(500, generator) for _ in range(400)])
    assert agrees(
        sampler, batches.flatten(), rounding=0
    )  # a strict bound: stratified shares vary less than independent ones
    assert agrees(sampler, batches[:, 0], rounding=0)
    assert agrees(sampler, batches[:, -1], rounding=0)


@every_tabled
def test_the_table_of_independent_draws_holds_the_cdf_to_half_an_entry(
    sampler: TimestepSampler, monkeypatch: pytest.MonkeyPatch
):
    """Each of its 2^20 entries drawn once.

    Their shares add up to the cdf, and no step of zero mass is among them.
    """
    for module in (torch, inverse):
        monkeypatch.setattr(
            module, "randint", lambda high, size, **kwargs: torch.arange(high), raising=False
        )
    indices = sampler.sample(TABLE)
    assert len(indices) == TABLE
    counts = np.bincount(indices.numpy(), minlength=sampler.timesteps)
    assert counts[sampler.pmf == 0].sum() == 0
    assert np.abs(np.cumsum(counts) / TABLE - sampler.cdf).max() <= 2.0**-21
    assert (torch.diff(indices) >= 0).all()


@every_distribution
def test_the_least_and_the_greatest_random_number_draw_steps_of_positive_mass(
    sampler: TimestepSampler, monkeypatch: pytest.MonkeyPatch
):
    ends = torch.tensor([0.0, 1 - 2.0**-53], dtype=torch.float64)  # of torch.rand
    monkeypatch.setattr(torch, "rand", lambda n, **kwargs: ends[:n])
    for module in (torch, inverse):
        monkeypatch.setattr(
            module,
            "randint",
            lambda high, size, **kwargs: torch.tensor([0, high - 1])[: size[0]],
            raising=False,
        )
    monkeypatch.setattr(torch, "randperm", lambda n, **kwargs: torch.arange(n))
    possible = np.flatnonzero(sampler.pmf)
    for first, last in (sampler.sample(2).tolist(), sampler.stratified(2).tolist()):
        assert sampler.pmf[first] > 0
        assert sampler.pmf[last] > 0
        # u = 0 is the first possible step, unless the table has no entry for it: its share is below
        # half of one.
        assert first == possible[0] or sampler.cdf[first - 1] < 2.0**-21
        assert last == possible[-1] or 1 - sampler.cdf[last] < 2.0**-21


@every
def test_the_spec_survives_json(sampler: TimestepSampler):
    again = samplers.build(json.loads(json.dumps(sampler.spec())))
    assert again == sampler
    assert hash(again) == hash(sampler)
    assert again.label == sampler.label
    assert json.dumps(again.science()) == json.dumps(sampler.science())
    np.testing.assert_array_equal(again.pmf, sampler.pmf)


@every
def test_copies_are_equal_and_carry_no_tables(sampler: TimestepSampler):
    """Nor does use change a sampler."""
    unused = samplers.build(sampler.spec())
    expected = drawn(sampler, 100, seed=5)
    for found in (
        unused,
        copy.copy(sampler),
        copy.deepcopy(sampler),
        pickle.loads(pickle.dumps(sampler)),
    ):
        assert found == sampler
        assert found.spec() == sampler.spec()
        np.testing.assert_array_equal(found.pmf, sampler.pmf)
    assert torch.equal(drawn(found, 100, seed=5), expected)
    assert len(pickle.dumps(sampler)) < 3000  # the table alone has 2^20 entries of 8 bytes


@every_distribution
def test_the_statistics_are_those_of_the_pmf(sampler: TimestepSampler):
    log_snr = np.linspace(9, -10, sampler.timesteps)
    found = sampler.statistics(log_snr)
    t = range(1, sampler.timesteps + 1)
    mean = sum(p * k for p, k in zip(sampler.pmf, t, strict=True))
    assert found["mean"] == pytest.approx(mean)
    assert found["sd"] ** 2 == pytest.approx(
        sum(p * (k - mean) ** 2 for p, k in zip(sampler.pmf, t, strict=True)), abs=1e-9
    )
    for end in (100, 300):
        assert found[f"share_below_{end}"] == pytest.approx(
            sum(p for p, k in zip(sampler.pmf, t, strict=True) if k <= end)
        )
    assert found["kl_to_uniform"] == pytest.approx(
        sum(p * np.log(sampler.timesteps * p) for p in sampler.pmf if p > 0), abs=1e-12
    )
    assert found["mean_log_snr"] == pytest.approx(
        sum(p * s for p, s in zip(sampler.pmf, log_snr, strict=True))
    )
    below, at = (sampler.pmf[: int(found["median"]) - k].sum() for k in (1, 0))
    assert below <= 0.5 + 1e-12
    assert at >= 0.5 - 1e-12
    assert set(sampler.nominal) <= set(found)
    assert all(isinstance(value, float) for value in found.values())


def test_without_a_schedule_there_is_no_mean_log_snr():
    assert all("mean_log_snr" not in sampler.statistics() for sampler in SAMPLERS.values())


def test_the_mean_log_snr_leaves_out_a_step_without_signal():
    schedule = NoiseSchedule(zero_terminal_snr=True)
    found = UniformSampler().statistics(schedule.log_snr)["mean_log_snr"]
    assert found == pytest.approx(schedule.log_snr[:-1].mean())
    assert "mean_log_snr" not in FixedSampler(t=1000).statistics(schedule.log_snr)


@pytest.mark.parametrize(
    ("whole", "decimal"),
    [
        ({"name": "speed", "k": 3}, {"name": "speed", "k": 3.0}),
        (
            {"name": "mirror", "of": {"name": "laplace", "b": 2}},
            {"name": "mirror", "of": {"name": "laplace", "b": 2.0}},
        ),
        (
            {"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1]},
            {"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1.0]},
        ),
    ],
    ids=["own field", "a part's field", "a list"],
)
def test_a_whole_number_and_its_decimal_are_one_science(
    whole: dict[str, Any], decimal: dict[str, Any]
):
    """They have one label, hence one folder, in which the second would meet a run of another
    fingerprint.
    """
    a, b = samplers.build(whole), samplers.build(decimal)
    assert a == b
    assert a.label == b.label
    assert json.dumps(a.science()) == json.dumps(b.science())


def test_nested_mixtures_have_labels_of_their_own():
    one, two, three = (FixedSampler(t=t) for t in (1, 2, 3))
    a = MixtureSampler(parts=(MixtureSampler(parts=(one, two)), three))
    b = MixtureSampler(parts=(MixtureSampler(parts=(one,)), two, three))
    assert a.label != b.label


def test_a_mixture_of_many_parts_has_a_label_fit_for_a_folder():
    parts = tuple(IntervalSampler(low=50 * k, high=50 * k + 50, coverage=0.9) for k in range(20))
    assert len(MixtureSampler(parts=parts).label) <= 200


def test_samplers_of_other_settings_differ():
    assert len(set(SAMPLERS.values())) == len(SAMPLERS)


def test_labels_are_fit_for_folders_and_differ():
    """Of samplers over the same steps and schedule: what else differs between runs is in the
    sweep's tag.
    """
    over = lambda sampler: (sampler.timesteps, getattr(sampler, "schedule", None))
    labels = {(*over(sampler), sampler.label) for sampler in SAMPLERS.values()}
    assert len(labels) == len(SAMPLERS)
    assert all(re.fullmatch(r"[A-Za-z0-9._+-]+", sampler.label) for sampler in SAMPLERS.values())


@pytest.mark.parametrize("steps", [0, -1, 10.5, "1000", None, True], ids=repr)
def test_a_wrong_number_of_steps_is_refused(steps: object):
    for kind, values in {
        "uniform": {},
        "interval": {"low": 1, "high": 2},
        "mode": {},
        "band": {},
        "table": {"path": "x"},
    }.items():
        with pytest.raises(UserError, match=rf"timesteps.*{re.escape(repr(steps))}"):
            samplers.build({"name": kind, "timesteps": steps, **values})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "intervall"}, "sampler=intervall is unknown (did you mean interval?)"),
        ({"name": "os.system"}, "sampler=os.system is unknown; choose one of uniform, interval"),
        ({}, "sampler=None is unknown"),
        (
            {"name": "interval", "lo": 1},
            "sampler.lo is not a setting of interval (did you mean low?)",
        ),
        ({"name": "uniform", "low": 1}, "sampler.low is not a setting of uniform"),
        (
            {"name": "mixture", "parts": [{"name": "laplacee"}]},
            "sampler=laplacee is unknown (did you mean laplace?)",
        ),
        (
            {"name": "mirror", "of": {"name": "laplace", "c": 1}},
            "sampler.c is not a setting of laplace",
        ),
    ],
    ids=[
        "misspelt",
        "import path",
        "no name",
        "misspelt field",
        "another's field",
        "misspelt part",
        "a part's field",
    ],
)
def test_an_unknown_sampler_or_field_is_refused(spec: dict[str, object], message: str):
    with pytest.raises(UserError, match=re.escape(message)):
        samplers.build(spec)


OUTSIDE = [
    (LogitNormalSampler, "logit_mean", [np.inf, np.nan, "0", None, True]),
    (LogitNormalSampler, "logit_std", [0, -1, np.nan, np.inf, 10**400, "1"]),
    (ModeSampler, "mode_scale", [-1.01, 1.752, np.nan, None]),
    (BetaSampler, "alpha", [0, -1, np.inf, False]),
    (BetaSampler, "beta", [0, -0.5, np.nan, "1"]),
    (LogNormalSampler, "P_mean", [np.inf, None]),
    (LogNormalSampler, "P_std", [0, -1]),
    (LaplaceSampler, "mu", [np.nan, "0"]),
    (LaplaceSampler, "b", [0, -1, None]),
    (CauchySampler, "mu", [np.inf, True]),
    (CauchySampler, "gamma", [0, -2]),
    (SpeedSampler, "k", [1, 0.5, -3, np.inf]),
    (SpeedSampler, "threshold", [0, -1e-4, np.nan]),
    (BandSampler, "low", [-1, 1000, 0.5, True, None]),
    (BandSampler, "high", [0, 1001, 10.5, "9"]),
    (BandSampler, "multiplier", [-0.01, -1, np.nan, "2"]),
    (FixedSampler, "t", [0, 1001, -1, 1.5, None, True]),
    (partial(SwitchSampler, T, (UniformSampler(), FixedSampler())), "at", [0, 1, 1.5, np.nan]),
    (LossSecondMomentSampler, "history", [0, -1, 2.5, None]),
    (LossSecondMomentSampler, "uniform_prob", [0, -0.1, 1.01, np.nan]),
]


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [(kind, key, value) for kind, key, values in OUTSIDE for value in values],
    ids=lambda value: value.name if isinstance(value, type) else str(value)[:12],
)
def test_a_value_outside_its_range_is_refused_by_its_name(
    kind: type[TimestepSampler], key: str, value: object
):
    with pytest.raises(UserError, match=rf"sampler\.{key}={re.escape(str(value))} must be "):
        kind(**{key: value})


def test_the_ends_of_the_ranges_are_allowed():
    for sampler in (
        ModeSampler(mode_scale=-1),
        ModeSampler(mode_scale=1.75),
        BandSampler(low=0, high=1, multiplier=1),
        BandSampler(low=0, high=1, multiplier=0),
        FixedSampler(t=1000),
    ):
        assert sampler.pmf.sum() == pytest.approx(1)


@pytest.mark.parametrize(("few", "many"), [(20, 1000), (50, 20)], ids=str)
def test_a_schedule_of_another_number_of_steps_is_refused(few: int, many: int):
    for kind in (LogNormalSampler, LaplaceSampler, CauchySampler, SpeedSampler):
        with pytest.raises(
            UserError, match=f"the noise schedule has {many} steps, sampler={kind.name} {few}"
        ):
            kind(timesteps=few, schedule=NoiseSchedule(many))


def test_the_steps_are_those_of_the_schedule_where_they_are_not_given():
    for kind in (LogNormalSampler, LaplaceSampler, CauchySampler, SpeedSampler):
        assert kind(schedule=NoiseSchedule(20)) == kind(timesteps=20, schedule=NoiseSchedule(20))


def test_a_distribution_without_mass_is_refused():
    far = LaplaceSampler(mu=5000)  # the schedule ends 10,000 widths away from it
    with pytest.raises(UserError, match="laplace_mu5000 leaves no valid distribution"):
        _ = far.pmf
