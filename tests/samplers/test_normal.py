"""The normal sampler is the interval sampler where both exist, and goes on where an interval
cannot.
"""

import numpy as np
import pytest
from scipy.stats import norm

from memctl.errors import UserError
from memctl.samplers import IntervalSampler, NormalSampler


@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp", "resample"])
@pytest.mark.parametrize(("low", "high"), [(100, 200), (700, 1000), (0, 1000)], ids=str)
def test_it_is_the_interval_of_that_middle_and_width(low: float, high: float, tail: str) -> None:
    normal = NormalSampler(centre=(low + high) / 2, width=high - low, tail=tail)
    np.testing.assert_allclose(
        normal.pmf, IntervalSampler(low=low, high=high, tail=tail).pmf, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("centre", "uniform", "mean"),
    [(100, 0.33, 311), (500, 0.03, 501), (900, 0.33, 690), (1000, 0.5, 662)],
    ids=lambda v: str(v),
)
def test_the_papers_sweep_of_the_mean(centre: float, uniform: float, mean: float) -> None:
    """At the width of [700, 1000]: the share that the tails give to uniform t, and the mean step,
    by numerical integration.
    """
    sampler = NormalSampler(centre=centre)
    inside = norm.cdf(1000, centre, 222.39) - norm.cdf(0, centre, 222.39)
    assert sampler.statistics()["lambda"] == pytest.approx(inside, abs=1e-4)
    assert 1 - inside == pytest.approx(uniform, abs=0.006)
    assert sampler.statistics()["mean"] == pytest.approx(mean, abs=1.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"centre": float("inf")}, "sampler.centre=inf"),
        ({"width": 0}, "sampler.width=0"),
        ({"tail": "cut"}, "sampler.tail=cut"),
    ],
    ids=lambda v: str(v),
)
def test_what_cannot_be_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        NormalSampler(**settings)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="leaves no valid distribution"):
        _ = NormalSampler(centre=9e4, width=1, tail="truncate").pmf
