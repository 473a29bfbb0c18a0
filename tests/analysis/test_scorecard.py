"""Claims on sweeps that have the effect, have none, or cannot tell."""

import math

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.claim import NOT, REPRODUCED, UNKNOWN, judge
from memctl.analysis.loss_claims import learnt_loss, merging, own_loss, probe_loss
from memctl.analysis.metric_claims import COMPONENTS, TRENDS, component, trend
from memctl.analysis.scorecard import COLUMNS, scorecard

NAN = math.nan


def yardsticks(metric, low, high):
    return {
        "heldout": {metric: {"value": low, "low": None, "high": None}},
        "floor": {metric: {"value": low, "low": low, "high": high}},
    }


@pytest.mark.parametrize(
    ("sign", "r", "change", "floor", "expected"),
    [
        (-1, (-0.8, -0.6), (-5, -3), 1, REPRODUCED),
        (-1, (-0.8, -0.6), (-5, -0.5), 1, UNKNOWN),  # perhaps no more than chance
        (-1, (-0.8, -0.6), (-0.9, -0.5), 1, NOT),  # surely no more than chance
        (-1, (-0.8, 0.1), (-5, 0.4), 1, UNKNOWN),
        (-1, (0.6, 0.8), (3, 5), 1, NOT),  # the other way
        (1, (0.6, 0.8), (3, 5), 1, REPRODUCED),
        (1, (-0.2, 0.2), (-0.5, 0.5), 1, NOT),
        (1, (0.6, 0.8), (3, 5), NAN, UNKNOWN),
        (1, (NAN, NAN), (NAN, NAN), 1, UNKNOWN),
        (-1, (-0.1, 0.3), (-5, -3), 1, UNKNOWN),  # r does not say so
    ],
)
def test_the_rule(sign, r, change, floor, expected):
    assert judge(sign, r, change, floor) == expected


def planted(cells, slope, noise, seed=0):
    table, rng = cells(), np.random.default_rng(seed)
    return table.assign(
        **{
            "metrics/distance_to_train": (
                0.4 + slope * (table.location - 150) / 800 + noise * rng.normal(size=45)
            )
        }
    )


@pytest.mark.parametrize(
    ("slope", "noise", "expected"),
    [
        (-0.1, 0.03, REPRODUCED),
        (-0.005, 0.001, NOT),
        (0.1, 0.03, NOT),
        (0.0, 0.001, NOT),
        (0.0, 0.3, UNKNOWN),
    ],
    ids=["there", "too small", "the other way", "nothing", "nothing, in much noise"],
)
def test_a_planted_trend_of_the_distance(cells, slope, noise, expected):
    result = trend(
        planted(cells, slope, noise), yardsticks("distance_to_train", 0.39, 0.41), *TRENDS[0]
    )
    assert result.verdict == expected
    assert result.low <= result.value <= result.high
    assert result.floor == pytest.approx(0.02)
    assert result.change == pytest.approx(slope, abs=4 * noise * math.sqrt(12 / 45))


def test_null_sweeps_are_reproduced_at_most_at_the_stated_rate(cells):
    repeats = 100
    known = yardsticks(
        "distance_to_train", 0.4, 0.4 + 1e-12
    )  # the worst case: any change is beyond the floor
    for which in TRENDS[:2]:
        words = [
            trend(planted(cells, 0.0, 0.1, seed), known, *which).verdict for seed in range(repeats)
        ]
        rate = words.count(REPRODUCED) / repeats
        assert rate <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / repeats)


def test_the_papers_own_numbers_would_be_reproduced(cells):
    table, rng = cells(), np.random.default_rng(1)
    x = (table.location - table.location.mean()).to_numpy()
    noise = rng.normal(size=45)
    noise -= noise.mean() + x * (noise @ x) / (x @ x)
    y = 0.35 + 0.05 * (
        -0.7388 * x / np.linalg.norm(x) + math.sqrt(1 - 0.7388**2) * noise / np.linalg.norm(noise)
    ) * math.sqrt(44)
    result = trend(
        table.assign(**{"metrics/distance_to_train": y}),
        yardsticks("distance_to_train", 0.4, 0.41),
        *TRENDS[0],
    )
    assert result.value == pytest.approx(-0.7388)
    assert (result.verdict, result.same_size) == (REPRODUCED, "yes")


@pytest.mark.parametrize(("fall", "verdict"), [(0.5, REPRODUCED), (0.0, NOT)])
def test_copying_that_falls_and_copying_that_is_nowhere(cells, fall, verdict):
    table = cells()
    table["metrics/f_mem"] = fall * (1000 - table.location) / 850
    result = trend(table, yardsticks("f_mem", 0.0, 0.002), *TRENDS[-1])
    assert (result.verdict, result.floor) == (verdict, pytest.approx(0.002))


def test_a_fall_of_a_component_is_given_in_percent(cells):
    table, rng = cells(), np.random.default_rng(0)
    table["metrics/wasserstein_C1"] = (
        7.21 - (7.21 - 0.42) * (table.location - 150) / 800 + 0.1 * rng.normal(size=45)
    )
    result = component(table, yardsticks("wasserstein_C1", 0.1, 0.3), *COMPONENTS[0])
    assert result.value == pytest.approx(0.94, abs=0.02)
    assert (result.verdict, result.same_size) == (REPRODUCED, "yes")
    assert result.paper.startswith("94%")


def test_the_papers_falls_are_those_it_states():
    falls = [[round(100 * (1 - end / start)) for start, end in pairs] for _, *pairs in COMPONENTS]
    assert [fall[0] for fall in falls] == [94, 94, 93, 94]  # it says 94, 94, 93, 93 (Pokemon)
    assert [fall[1] for fall in falls][1::2] == [89, 90]  # Flowers, C2


def curves(loss, sd=0.002, fixed=None, probe=None):
    rows = [
        {
            "low": low,
            "high": high,
            "location": (low + high) / 2,
            "width": high - low,
            "epochs": 30,
            "sd": sd,
        }
        for low in range(100, 1000, 100)
        for high in range(low + 100, 1001, 100)
    ]
    table = pd.DataFrame(rows)
    of = lambda f: [f(row.location, row.width) for row in table.itertuples()] if f else NAN
    return table.assign(
        loss=of(loss),
        fixed=of(fixed),
        fixed_error=0.0,
        probe=of(probe),
        probe_width=0.001 if probe else NAN,
    )


def falling(location, width):
    """As the paper draws it: from 0.1 to 0.01 at width 100, the less the wider."""
    return 10 ** (-1.5 - (location - 550) / 800 * (1 - (width - 100) / 800))


def test_a_falling_loss_is_one_even_if_a_fixed_models_falls_as_much():
    means = curves(falling, fixed=falling)
    own, learnt = own_loss(means), learnt_loss(means)
    assert (own.verdict, own.same_size) == (REPRODUCED, "yes")
    assert own.value == pytest.approx(0.9)
    assert "90.0%" in own.yardstick
    assert learnt.verdict == NOT
    assert learnt.change == pytest.approx(0)


def test_a_loss_that_falls_by_more_than_a_fixed_models_is_learnt():
    result = learnt_loss(curves(falling, sd=0.0005, fixed=lambda location, width: 0.1))
    assert result.verdict == REPRODUCED


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda location, width: 0.05, NOT),
        (lambda location, width: 1e-4 * location, NOT),
        (lambda location, width: NAN, UNKNOWN),
    ],
    ids=["flat", "rising", "unknown"],
)
def test_a_loss_that_does_not_fall(loss, expected):
    assert own_loss(curves(loss)).verdict == expected


def test_null_losses_fall_at_most_at_the_stated_rate():
    rng, repeats = np.random.default_rng(0), 60
    words = []
    for _ in range(repeats):
        words.append(
            own_loss(curves(lambda *_: float(np.exp(0.3 * rng.normal())), sd=1e-9)).verdict
        )
    assert words.count(REPRODUCED) / repeats <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / repeats)


def test_a_loss_at_one_distribution_of_t_is_a_claim_of_its_own():
    assert probe_loss(curves(falling)).verdict == UNKNOWN
    noise = np.random.default_rng(0)
    down = probe_loss(
        curves(falling, probe=lambda location, width: 0.2 - 1e-4 * location + 1e-4 * noise.normal())
    )
    assert down.verdict == REPRODUCED
    assert (
        probe_loss(
            curves(falling, probe=lambda location, width: 0.2 + 1e-5 * noise.normal())
        ).verdict
        == NOT
    )


def test_curves_merge_or_do_not():
    result = merging(curves(falling, sd=0.001, fixed=falling))
    ends = [
        10 ** (side * 0.125 * share) for share in (0.25, 1) for side in (1, -1)
    ]  # widths 700 and 100, from 450 to 650
    assert (result.verdict, result.value) == (
        REPRODUCED,
        pytest.approx((ends[0] - ends[1]) / (ends[2] - ends[3])),
    )
    assert result.low < result.value < result.high < 1 / 3
    # As far apart as at width 100 in the same places, though less than the whole curve of width 100
    # spans: not merged, however noisy.
    assert merging(curves(falling, sd=0.01)).verdict == UNKNOWN
    assert merging(curves(lambda location, width: falling(location, 100), sd=0.001)).verdict == NOT
    assert (
        merging(curves(lambda location, width: 0.05, sd=0.001)).verdict == UNKNOWN
    )  # nothing was apart to merge
    assert merging(curves(falling, sd=10.0)).verdict == UNKNOWN  # noise that would hide anything
    assert merging(curves(falling)[:0]).verdict == UNKNOWN


def test_the_card_of_a_sweep(swept):
    noise = np.random.default_rng(0)
    sweep = swept(
        lambda location, width: 5 - location / 250 + 0.1 * noise.normal(),
        lambda location, width, epoch: falling(location, width) * (1 + 0.02 * (-1) ** epoch),
        uniform=lambda t: falling(t + 25, 100),
    )
    card = scorecard(sweep)
    assert list(card.columns) == COLUMNS
    # By claim: location, width (its scatter is the location's effect), JS of C1, loss, loss over a
    # fixed model's, probe, merging.
    assert list(card.verdict) == [
        REPRODUCED,
        UNKNOWN,
        REPRODUCED,
        REPRODUCED,
        NOT,
        UNKNOWN,
        REPRODUCED,
    ]
    assert card.rule.str.len().min() > 20
    assert card.source.notna().all()


def test_a_sweep_without_cells_has_a_card_that_cannot_tell(swept):
    sweep = swept(
        lambda location, width: 1.0, lambda location, width, epoch: 0.1, uniform=lambda t: 0.1
    )
    none = type(sweep)(sweep.directory, sweep.table[sweep.table.kind != "cell"], sweep.records, {})
    assert set(scorecard(none).verdict) == {UNKNOWN}
