"""The paper's pooled correlation, and what pooling does."""

import math

import numpy as np
import pytest
from scipy import stats

from memctl.analysis.parity import boxes, paper_cells, parity

NOISY = {
    "distance_to_train": lambda location, width, rng: 0.4 - 1e-4 * location + 0.02 * rng.normal()
}


def row(table, axis, pooling):
    return table[(table.axis == axis) & (table.pooling == pooling)].iloc[0]


def test_two_data_sets_are_the_papers_88(cells):
    table = cells(**NOISY)
    assert len(paper_cells(table, "distance_to_train")) == 44
    assert paper_cells(table, "distance_to_train").width.max() == 800
    result = row(parity({"a": table, "b": cells(2, **NOISY)}), "location", "raw")
    assert result.n == 88
    half = 1.959964 / math.sqrt(85)
    assert (result.low, result.high) == pytest.approx(
        (math.tanh(math.atanh(result.pearson) - half), math.tanh(math.atanh(result.pearson) + half))
    )
    assert (result.paper, result.paper_low, result.paper_high) == (-0.7388, -0.8212, -0.6263)


def test_an_offset_between_data_sets_dilutes_the_pooled_r_only(cells):
    a, b = cells(**NOISY), cells(**NOISY)
    b["metrics/distance_to_train"] += 10
    result = parity({"a": a, "b": b})
    same = row(result, "location", "only a").pearson
    assert row(result, "location", "only b").pearson == pytest.approx(same)
    assert row(result, "location", "within").pearson == pytest.approx(same)
    assert abs(row(result, "location", "raw").pearson) < 0.05


def test_within_is_the_partial_correlation_given_the_data_set(cells):
    a, b = (
        cells(**NOISY),
        cells(distance_to_train=lambda location, width, rng: location + 300 * rng.normal() + 9),
    )
    used = {name: paper_cells(t, "distance_to_train") for name, t in (("a", a), ("b", b))}
    z = [
        np.concatenate([stats.zscore(t[c]) for t in used.values()])
        for c in ("location", "metrics/distance_to_train")
    ]
    result = row(parity({"a": a, "b": b}), "location", "within")
    r = stats.pearsonr(*z).statistic
    assert result.pearson == pytest.approx(r)
    t = r * math.sqrt(85 / (1 - r**2))
    assert result.p == pytest.approx(2 * stats.t.sf(abs(t), 85))
    assert result.high == pytest.approx(
        math.tanh(math.atanh(r) + stats.norm.ppf(0.975) / math.sqrt(84))
    )


def test_one_data_set_is_its_own_pool(cells):
    result = parity({"a": cells(**NOISY)})
    values = [
        row(result, "width", pooling)[["pearson", "low", "high", "p"]].to_numpy(float)
        for pooling in ("raw", "within", "only a")
    ]
    np.testing.assert_allclose(values[0], values[1], atol=1e-12)
    np.testing.assert_allclose(values[0], values[2], atol=1e-12)


def test_nothing_to_correlate_is_nan(cells):
    for tables in ({}, {"a": cells()}, {"a": cells(distance_to_train=lambda *_: 1.0)}):
        assert parity(tables)[["pearson", "low", "high", "p"]].isna().all(axis=None)


def test_boxes_are_thirds_and_widths(cells):
    result = boxes(cells(m=lambda location, width, rng: location), "m").set_index("group")
    assert list(result.index[:3]) == ["left", "middle", "right"]
    assert (
        result.loc["left", "max"]
        < 1000 / 3
        < result.loc["middle", "min"]
        < result.loc["middle", "max"]
        < 2000 / 3
        < result.loc["right", "min"]
    )
    assert result.n[:3].sum() == result.n[3:].sum() == 45
    assert result.loc["width 100", ["min", "q1", "median", "q3", "max"]].tolist() == [
        150,
        350,
        550,
        750,
        950,
    ]
    assert result.loc["width 900", "n"] == 1
