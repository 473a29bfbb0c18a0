"""Many metrics at once: corrections by hand, and tables that agree with their parts."""

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.inference import associations, corrections, floor_width, mirrors, regressions
from memctl.analysis.permutation import mirror_test
from memctl.analysis.regression import EFFECTIVE, regress
from memctl.analysis.statistics import correlation

METRICS = {
    "trend": lambda location, width, rng: location / 300 + rng.normal(),
    "null": lambda location, width, rng: rng.normal(),
    "same": lambda location, width, rng: 1.0,
}


def test_corrections_by_hand():
    p = [0.01, 0.04, np.nan, 0.03, 0.005]
    result = corrections(p)
    np.testing.assert_allclose(result["holm"], [0.03, 0.06, np.nan, 0.06, 0.02])
    np.testing.assert_allclose(result["bh"], [0.02, 0.04, np.nan, 0.04, 0.02])
    assert np.isnan(corrections([np.nan])["holm"]).all()
    assert len(corrections([])["bh"]) == 0


@pytest.mark.parametrize("decimals", [1, 16], ids=["ties", "no ties"])
def test_corrections_are_the_closed_forms(decimals):
    p = (np.random.default_rng(0).random(20) ** 3).round(decimals)
    order, n = np.sort(p), len(p)
    holm = [min(1, max((n - k) * order[k] for k in range(n) if order[k] <= v)) for v in p]
    bh = [min(1, min(n * order[k] / (k + 1) for k in range(n) if order[k] >= v)) for v in p]
    np.testing.assert_allclose(corrections(p)["holm"], holm, rtol=1e-12)
    np.testing.assert_allclose(corrections(p)["bh"], bh, rtol=1e-12)
    assert (len(set(p)) < n) == (decimals == 1)


def test_associations_are_those_of_each_data_set_and_axis(cells):
    tables = {"a": cells(2, **METRICS), "b": cells(**METRICS)}
    result = associations(
        tables,
        list(METRICS),
        {"a": {"floor": {"trend": {"value": 1.0, "low": 0.5, "high": 1.5}}}},
        repeats=499,
    )
    assert len(result) == 2 * 3 * 4
    one = tables["b"]
    row = result[
        (result.dataset == "b") & (result.metric == "trend") & (result.axis == "location")
    ].iloc[0]
    expected = correlation(one.location.to_numpy(), one["metrics/trend"].to_numpy())
    assert (row.n, row.pearson, row.low, row.spearman) == (
        45,
        *(pytest.approx(expected[k]) for k in ("pearson", "low", "spearman")),
    )
    assert row.spearman_p <= 0.01
    assert np.isnan(row.detectable_floors)
    assert (
        result[(result.dataset == "a") & (result.metric == "trend")].detectable_floors.notna().all()
    )
    assert (
        result[result.metric == "same"][
            ["pearson", "spearman_p", "holm", "bh", "detectable_change"]
        ]
        .isna()
        .all(axis=None)
    )
    group = result[(result.dataset == "a") & (result.axis == "width")]
    np.testing.assert_allclose(group.holm, corrections(group.spearman_p)["holm"])


def test_associations_do_not_depend_on_what_else_is_asked(cells):
    table = cells(**METRICS)
    alone, both = (
        associations({"a": table}, names, repeats=99) for names in (["null"], ["trend", "null"])
    )
    both = both[both.metric == "null"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        alone.drop(columns=["holm", "bh"]), both.drop(columns=["holm", "bh"])
    )


def test_nothing_known_gives_empty_rows(cells):
    result = associations({"a": cells()}, ["absent"])
    assert (result.n == 0).all()
    assert result[["pearson", "pearson_p", "holm"]].isna().all(axis=None)
    assert not len(associations({}, ["m"]))
    assert not len(regressions(cells(), ["absent"]))
    assert not len(mirrors(cells(), ["absent"]))


def test_regressions_are_nominal_and_effective(cells):
    table = cells(2, **METRICS)
    result = regressions(table, ["trend", "same"])
    assert set(result.metric) == {"trend"}
    part = (
        result[result.place == "effective"].drop(columns=["metric", "place"]).reset_index(drop=True)
    )
    pd.testing.assert_frame_equal(part, regress(table, "metrics/trend", EFFECTIVE))


def test_mirrors_average_seeds_and_correct(cells):
    result = mirrors(cells(2, **METRICS), list(METRICS)).set_index("metric")
    assert (result.pairs == 16).all()
    assert result.p["trend"] < 0.05
    assert result.holm["trend"] == pytest.approx(
        2 * result.p["trend"]
    )  # `same` differs nowhere, and is no test
    table = cells(**METRICS)
    assert (
        mirrors(table, ["null"]).p[0]
        == mirror_test(table, "metrics/null", np.random.default_rng(0))["p"]
    )


def test_the_floor_is_as_wide_as_it_says():
    yardsticks = {
        "floor": {
            "m": {"value": 1.0, "low": 0.5, "high": 2.0},
            "one": {"value": 1.0, "low": None, "high": None},
        }
    }
    assert floor_width(yardsticks, "m") == 1.5
    assert np.isnan(
        [floor_width(yardsticks, "one"), floor_width(yardsticks, "other"), floor_width({}, "m")]
    ).all()


def test_null_metrics_are_found_at_the_stated_rate(cells):
    names = [f"m{k}" for k in range(24)]
    table = cells(**dict.fromkeys(names, METRICS["null"]))
    result = associations({"a": table}, names, repeats=499)
    result = result[result.axis == "location"]
    assert (result.spearman_p <= 0.05).sum() <= 24 * 0.05 + 4 * np.sqrt(24 * 0.05 * 0.95)
    assert (result.holm <= 0.05).sum() <= 1
