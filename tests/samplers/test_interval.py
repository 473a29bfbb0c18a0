"""The interval sampler against Eqs. 9-12 of arXiv 2601.21348, integrated numerically."""

import math
import re

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from memctl.errors import UserError
from memctl.samplers import IntervalSampler, UniformSampler

T = 1000
INTERVALS = [(100, 200), (450, 550), (900, 1000), (0, 100), (100, 1000), (0, 1000), (333.3, 471.9)]
CELLS = [(low, high) for low in range(100, 1000, 100) for high in range(low + 100, 1001, 100)]

intervals = pytest.mark.parametrize(("low", "high"), INTERVALS, ids=str)


def cell_id(cell: tuple[int, int]) -> str:
    return f"{cell[0]}-{cell[1]}"


def phi(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


def eq_12(low: float, high: float, tail: str, coverage: float = 0.5) -> np.ndarray:
    """The mass of each (t - 1, t] under the paper's density, by quadrature."""
    mu, sigma = (low + high) / 2, (high - low) / (2 * norm.ppf((1 + coverage) / 2))

    def density(t: float) -> float:
        return math.exp(-0.5 * ((t - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))

    far = 12 * sigma  # beyond it lie 4e-33
    below = quad(density, min(mu - far, 0), 0, points=[min(mu, 0)])[0]
    inside = quad(density, 0, T, points=[mu], limit=200)[0]
    above = quad(density, T, max(mu + far, T))[0]
    share = inside / (inside + below + above)  # lambda

    def p(t: float) -> float:
        return share * density(t) / inside + (1 - share) / T if tail == "mixture" else density(t)

    masses = np.array([quad(p, t - 1, t)[0] for t in range(1, T + 1)])
    if tail == "truncate":
        masses /= inside
    if tail == "clamp":
        masses[0] += below
        masses[-1] += above
    return masses


@intervals
@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp"])
def test_the_pmf_is_the_integral_of_the_density(low: float, high: float, tail: str):
    found = IntervalSampler(low=low, high=high, tail=tail).pmf
    np.testing.assert_allclose(found, eq_12(low, high, tail), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("coverage", [0.05, 0.9, 0.999])
def test_another_coverage(coverage: float):
    sampler = IntervalSampler(low=300, high=500, coverage=coverage)
    np.testing.assert_allclose(
        sampler.pmf, eq_12(300, 500, "mixture", coverage), rtol=1e-9, atol=1e-13
    )


@intervals
def test_resampling_is_truncation(low: float, high: float):
    resample, truncate = (
        IntervalSampler(low=low, high=high, tail=tail) for tail in ("resample", "truncate")
    )
    np.testing.assert_array_equal(resample.pmf, truncate.pmf)
    assert resample != truncate
    assert resample.label != truncate.label


@pytest.mark.parametrize(
    ("coverage", "z"), [(0.5, 0.67449), (0.95, 1.95996), (0.68268949, 1.0)], ids=str
)
def test_sigma_is_the_width_over_two_z(coverage: float, z: float):
    sampler = IntervalSampler(low=200, high=600, coverage=coverage)
    assert sampler.mu == 400
    assert (sampler.high - sampler.low) / (2 * sampler.sigma) == pytest.approx(z, abs=5e-6)
    assert sampler.masses[201:601].sum() == pytest.approx(coverage, abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "digits"), [(100, 200, 0.9785), (900, 1000, 0.75), (100, 1000, 0.5451)], ids=str
)
def test_lambda_of_known_cells(low: int, high: int, digits: float):
    sampler = IntervalSampler(low=low, high=high)
    closed = phi((T - sampler.mu) / sampler.sigma) - phi((0 - sampler.mu) / sampler.sigma)
    assert round(sampler.inside, 4) == digits
    assert sampler.inside == pytest.approx(closed, abs=1e-13)
    assert sampler.nominal == {
        "low": low,
        "high": high,
        "mu": (low + high) / 2,
        "sigma": sampler.sigma,
        "lambda": sampler.inside,
    }


def test_the_mixture_gives_each_step_its_uniform_share():
    sampler = IntervalSampler(low=900, high=1000)
    assert sampler.pmf.min() == pytest.approx((1 - sampler.inside) / T)
    assert sampler.pmf[0] == sampler.pmf.min()  # the normal distribution itself has no mass there


@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp"])
@pytest.mark.parametrize("cell", [c for c in CELLS if c[1] <= 900], ids=cell_id)
def test_mirrored_cells_are_mirror_images(cell: tuple[int, int], tail: str):
    here = IntervalSampler(low=cell[0], high=cell[1], tail=tail)
    mirror = IntervalSampler(low=T - cell[1], high=T - cell[0], tail=tail)
    assert here.inside == pytest.approx(mirror.inside, abs=1e-14)
    assert here.sigma == mirror.sigma
    np.testing.assert_allclose(
        here.pmf, mirror.pmf[::-1], rtol=1e-9, atol=1e-300
    )  # the smallest masses too
    a, b = here.statistics(), mirror.statistics()
    assert a["mean"] + b["mean"] == pytest.approx(T + 1)
    assert a["kl_to_uniform"] == pytest.approx(b["kl_to_uniform"], abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "share", "mean", "kl"),
    [
        (100, 200, 0.9785, 162, 1.17),
        (400, 500, 1.000, 451, 1.18),
        (800, 900, 0.9785, 839, 1.17),
        (900, 1000, 0.750, 814, 0.86),
        (100, 400, 0.869, 330, 0.25),
        (700, 1000, 0.750, 692, 0.26),
        (100, 900, 0.601, 501, 0.002),
        (100, 1000, 0.545, 505, 0.001),
    ],
    ids=str,
)
def test_the_effective_statistics(low: int, high: int, share: float, mean: float, kl: float):
    found = IntervalSampler(low=low, high=high).statistics()
    assert found["lambda"] == pytest.approx(share, abs=5.1e-4)
    assert found["mean"] == pytest.approx(mean, abs=0.51)
    assert found["kl_to_uniform"] == pytest.approx(kl, abs=5.1e-4 if kl < 0.01 else 5.1e-3)


def test_the_rightmost_cell_is_drawn_to_the_middle():
    right, inner = (IntervalSampler(low=low, high=low + 100) for low in (900, 800))
    assert right.statistics()["mean"] < inner.statistics()["mean"]
    assert right.statistics()["median"] > inner.statistics()["median"]


def test_statistics_of_the_uniform_sampler():
    betas = np.linspace(1e-4, 0.02, T)
    abar = np.cumprod(1 - betas)
    log_snr = np.log(abar / (1 - abar))
    found = UniformSampler().statistics(log_snr)
    assert found["mean_log_snr"] == pytest.approx(log_snr.mean())
    assert found["mean"] == pytest.approx(500.5)
    assert found["sd"] == pytest.approx(math.sqrt((T**2 - 1) / 12))
    assert found["median"] == 500
    assert found["share_below_100"] == pytest.approx(0.1)
    assert found["kl_to_uniform"] == pytest.approx(0, abs=1e-12)
    left, right = (
        IntervalSampler(low=low, high=low + 100).statistics(log_snr)["mean_log_snr"]
        for low in (100, 800)
    )
    assert left > found["mean_log_snr"] > right


@pytest.mark.parametrize(
    ("at", "index"), [(0, 0), (1, 0), (500, 499), (500.5, 500), (1000, 999)], ids=str
)
@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp", "resample"])
def test_a_degenerate_interval_is_a_point_mass(at: float, index: int, tail: str):
    sampler = IntervalSampler(low=at, high=at, tail=tail, allow_degenerate=True)
    np.testing.assert_array_equal(sampler.pmf, np.eye(T)[index])
    found = sampler.statistics()
    assert (found["mean"], found["sd"], found["median"]) == (index + 1, 0, index + 1)
    assert found["kl_to_uniform"] == pytest.approx(math.log(T))
    assert found["lambda"] == 1


def test_a_degenerate_interval_needs_its_switch():
    with pytest.raises(
        UserError, match=re.escape("ci.low=300 must be below ci.high=300; ci.allow_degenerate=true")
    ):
        IntervalSampler(low=300, high=300)
    with pytest.raises(UserError, match=re.escape("ci.low=400 must be below ci.high=300")):
        IntervalSampler(low=400, high=300, allow_degenerate=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"low": 700, "high": 300}, "ci.low=700 must be below ci.high=300"),
        ({"low": -1}, "ci.low=-1 is outside [0, 1000]"),
        ({"low": 1001}, "ci.low=1001 is outside [0, 1000]"),
        ({"high": 1200.5}, "ci.high=1200.5 is outside [0, 1000]"),
        ({"high": 60, "timesteps": 50}, "ci.high=60 is outside [0, 50]"),
        ({"low": math.nan}, "ci.low=nan is not a number"),
        ({"high": math.nan}, "ci.high=nan is not a number"),
        ({"high": math.inf}, "ci.high=inf is not a number"),
        ({"low": -math.inf}, "ci.low=-inf is not a number"),
        ({"low": None}, "ci.low is not given"),
        ({"high": None}, "ci.high is not given"),
        ({"low": True}, "ci.low=True is not a number"),
        ({"high": False}, "ci.high=False is not a number"),
        ({"low": "10"}, "ci.low=10 is not a number"),
        ({"high": "all"}, "ci.high=all is not a number"),
        ({"coverage": 0}, "ci.coverage=0 must lie in [1e-06, 1)"),
        ({"coverage": 1e-17}, "ci.coverage=1e-17 must lie"),
        ({"low": 0, "high": 10**400}, "is not a number"),
        ({"low": 1, "high": 1000.0001}, "ci.high=1000.0001 is outside"),
        ({"coverage": 1.0}, "ci.coverage=1.0 must lie"),
        ({"coverage": -0.5}, "ci.coverage=-0.5 must lie"),
        ({"coverage": 50}, "ci.coverage=50 must lie"),
        ({"coverage": math.nan}, "ci.coverage=nan must lie"),
        ({"coverage": "half"}, "ci.coverage=half must lie"),
        ({"coverage": None}, "ci.coverage=None must lie"),
        (
            {"tail": "mix"},
            "sampler.tail=mix is unknown; choose one of mixture, truncate, clamp, resample",
        ),
        ({"tail": None}, "sampler.tail=None is unknown"),
    ],
    ids=lambda value: (
        ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_a_wrong_interval_is_refused_by_its_value(wrong: dict[str, object], message: str):
    with pytest.raises(UserError, match=re.escape(message)):
        IntervalSampler(**{"low": 10, "high": 40, **wrong})


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({}, "cl100_ch200"),
        ({"low": 12.5}, "cl12.5_ch200"),
        ({"coverage": 0.9}, "cl100_ch200_c0.9"),
        ({"coverage": 0.9, "tail": "clamp"}, "cl100_ch200_c0.9_clamp"),
    ],
    ids=str,
)
def test_labels(settings: dict[str, object], label: str):
    assert IntervalSampler(**{"low": 100, "high": 200, **settings}).label == label
