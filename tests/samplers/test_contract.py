"""What every timestep sampler promises. A new sampler is tested by adding an example of it here."""

import json
import re

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import IntervalSampler, TimestepSampler, UniformSampler

EXAMPLES: dict[str, TimestepSampler] = {
    "uniform": UniformSampler(),
    "uniform, few steps": UniformSampler(timesteps=20),
    "uniform, one step": UniformSampler(timesteps=1),
    "narrow": IntervalSampler(low=400, high=500),
    "right edge": IntervalSampler(low=900, high=1000),
    "widest": IntervalSampler(low=0, high=1000),
    "truncate": IntervalSampler(low=900, high=1000, tail="truncate"),
    "truncate to few steps": IntervalSampler(low=150, high=170, tail="truncate"),  # its masses sum to less than 1, by rounding
    "resample": IntervalSampler(low=0, high=50, tail="resample"),
    "clamp": IntervalSampler(low=900, high=1000, tail="clamp"),
    "coverage": IntervalSampler(low=300, high=700, coverage=0.95),
    "fractions": IntervalSampler(low=12.5, high=33.25),
    "few steps": IntervalSampler(timesteps=20, low=2.5, high=7),
    "hardly wider than a point": IntervalSampler(low=500, high=500.001),
    "point": IntervalSampler(low=500, high=500, allow_degenerate=True),
}

every = pytest.mark.parametrize("sampler", EXAMPLES.values(), ids=EXAMPLES.keys())


def drawn(sampler: TimestepSampler, n: int, seed: int) -> torch.Tensor:
    return sampler.sample(n, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", samplers.SAMPLERS)
def test_every_sampler_has_an_example(kind: str):
    assert kind in {sampler.name for sampler in EXAMPLES.values()}


@every
def test_the_pmf_is_a_distribution(sampler: TimestepSampler):
    assert sampler.pmf.dtype == np.float64
    assert sampler.pmf.shape == (sampler.timesteps,)
    assert (sampler.pmf >= 0).all()
    assert sampler.pmf.sum() == pytest.approx(1, abs=1e-12)


@every
def test_the_cdf_is_the_running_sum_and_ends_in_exactly_1(sampler: TimestepSampler):
    assert sampler.cdf.dtype == np.float64
    assert sampler.cdf[-1] == 1.0
    np.testing.assert_allclose(sampler.cdf, np.cumsum(sampler.pmf), rtol=0, atol=1e-12)
    np.testing.assert_array_less(-1e-12, np.diff(sampler.cdf))


@every
def test_pmf_and_cdf_cannot_be_changed(sampler: TimestepSampler):
    for values in (sampler.pmf, sampler.cdf):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0.5


@every
def test_draws_are_indices(sampler: TimestepSampler):
    indices = drawn(sampler, 5000, seed=0)
    assert indices.dtype == torch.int64
    assert indices.shape == (5000,)
    assert indices.min() >= 0
    assert indices.max() < sampler.timesteps
    assert drawn(sampler, 0, seed=0).shape == (0,)


@every
def test_draws_follow_the_generator(sampler: TimestepSampler):
    first = drawn(sampler, 200, seed=7)
    assert torch.equal(first, drawn(sampler, 200, seed=7))
    if np.count_nonzero(sampler.pmf) > 1 and sampler.pmf.max() < 0.99:
        assert not torch.equal(first, drawn(sampler, 200, seed=8))


@every
def test_draws_without_a_generator_follow_the_global_seed(sampler: TimestepSampler):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = sampler.sample(200)
        torch.manual_seed(3)
        assert torch.equal(first, sampler.sample(200))
    assert torch.equal(first, drawn(sampler, 200, seed=3))


@every
def test_draws_have_the_frequencies_of_the_pmf(sampler: TimestepSampler):
    n = 200_000
    counts = np.bincount(drawn(sampler, n, seed=1).numpy(), minlength=sampler.timesteps)
    bins = np.array_split(np.arange(sampler.timesteps), min(20, sampler.timesteps))
    expected = np.array([sampler.pmf[b].sum() for b in bins])
    found = np.array([counts[b].sum() for b in bins]) / n
    # A share p of n draws has the standard error sqrt(p (1 - p) / n), at most 0.0011 here; 4 of them, and one draw for bins of no mass.
    tolerance = 4 * np.sqrt(expected * (1 - expected).clip(0) / n) + 1 / n
    assert (np.abs(found - expected) <= tolerance).all()
    assert counts[sampler.pmf == 0].sum() == 0


@every
def test_the_ends_of_the_unit_interval_draw_steps_of_positive_mass(sampler: TimestepSampler, monkeypatch: pytest.MonkeyPatch):
    ends = torch.tensor([0.0, 1 - 2.0**-53], dtype=torch.float64)  # the least and the greatest number that torch.rand gives
    monkeypatch.setattr(torch, "rand", lambda n, **kwargs: ends[:n])
    first, last = sampler.sample(2).tolist()
    possible = np.flatnonzero(sampler.pmf)
    assert first == possible[0]
    assert possible[0] <= last <= possible[-1]
    assert sampler.pmf[last] > 0


@every
def test_the_spec_survives_json(sampler: TimestepSampler):
    again = samplers.build(json.loads(json.dumps(sampler.spec())))
    assert again == sampler
    assert hash(again) == hash(sampler)
    np.testing.assert_array_equal(again.pmf, sampler.pmf)


@every
def test_use_leaves_the_sampler_equal_to_an_unused_one(sampler: TimestepSampler):
    unused = samplers.build(sampler.spec())
    drawn(sampler, 10, seed=0)
    assert sampler == unused
    assert sampler.spec() == unused.spec()


@every
def test_the_statistics_are_those_of_the_pmf(sampler: TimestepSampler):
    log_snr = np.linspace(9, -10, sampler.timesteps)
    found = sampler.statistics(log_snr)
    t = range(1, sampler.timesteps + 1)
    mean = sum(p * k for p, k in zip(sampler.pmf, t, strict=True))
    assert found["mean"] == pytest.approx(mean)
    assert found["sd"] ** 2 == pytest.approx(sum(p * (k - mean) ** 2 for p, k in zip(sampler.pmf, t, strict=True)), abs=1e-9)
    assert found["share_below_100"] == pytest.approx(sum(p for p, k in zip(sampler.pmf, t, strict=True) if k <= 100))
    assert found["kl_to_uniform"] == pytest.approx(sum(p * np.log(sampler.timesteps * p) for p in sampler.pmf if p > 0), abs=1e-12)
    assert found["mean_log_snr"] == pytest.approx(sum(p * s for p, s in zip(sampler.pmf, log_snr, strict=True)))
    below, at = (sampler.pmf[: int(found["median"]) - k].sum() for k in (1, 0))
    assert below <= 0.5 + 1e-12
    assert at >= 0.5 - 1e-12
    assert set(sampler.nominal) <= set(found)


def test_without_a_schedule_there_is_no_mean_log_snr():
    assert all("mean_log_snr" not in sampler.statistics() for sampler in EXAMPLES.values())


def test_labels_are_fit_for_folders_and_differ():
    labels = {(sampler.timesteps, sampler.label) for sampler in EXAMPLES.values()}
    assert len(labels) == len(EXAMPLES)
    assert all(re.fullmatch(r"[A-Za-z0-9._]+", label) for _, label in labels)


@pytest.mark.parametrize("steps", [0, -1, 10.5, "1000", None], ids=repr)
def test_a_wrong_number_of_steps_is_refused(steps: object):
    for kind, values in {"uniform": {}, "interval": {"low": 1, "high": 2}}.items():
        with pytest.raises(UserError, match=rf"timesteps.*{re.escape(repr(steps))}"):
            samplers.build({"name": kind, "timesteps": steps, **values})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "intervall"}, "sampler=intervall is unknown (did you mean interval?)"),
        ({"name": "os.system"}, "sampler=os.system is unknown; choose one of uniform, interval"),
        ({}, "sampler=None is unknown"),
        ({"name": "interval", "lo": 1}, "sampler.lo is not a setting of interval (did you mean low?)"),
        ({"name": "uniform", "low": 1}, "sampler.low is not a setting of uniform"),
    ],
    ids=["misspelt", "import path", "no name", "misspelt field", "another's field"],
)
def test_an_unknown_sampler_or_field_is_refused(spec: dict[str, object], message: str):
    with pytest.raises(UserError, match=re.escape(message)):
        samplers.build(spec)
