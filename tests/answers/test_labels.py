"""The permutation test of labels: sizes by counting, and what it must not depend on."""

from math import comb

import numpy as np
import pytest
from scipy import stats

from memctl.answers.labels import REPEATS, LabelTest


def test_seven_hits_to_none_decide() -> None:
    """All of 7 examples among 80 are training ones: C(73, 33) / C(80, 40) of the labellings."""
    labels = np.arange(80) < 40
    row = np.zeros(80)
    row[:7] = 1
    p = LabelTest.of({"hits": row}, labels, np.random.default_rng(0)).p(["hits"])
    exact = comb(73, 33) / comb(80, 40)
    assert exact < 0.01
    assert abs(p - exact) < 4 * np.sqrt(exact / REPEATS) + 1 / REPEATS


def test_one_example_hit_often_decides_nothing() -> None:
    row = np.zeros(80)
    row[0] = 100
    p = LabelTest.of({"hits": row}, np.arange(80) < 40, np.random.default_rng(0)).p(["hits"])
    assert p == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / REPEATS))


def test_the_size_is_exact_for_a_maximum_of_rows_that_go_together() -> None:
    """Over 400 worlds of scores without labels, p is uniform: Kolmogorov's distance, at level
    0.001.
    """
    ps = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        x = rng.standard_t(2, size=60)
        rows = {"a": x, "b": x + 0.1 * rng.normal(size=60), "c": (x > 2).astype(float)}
        labels = rng.permutation(np.arange(60) < 20)
        ps.append(LabelTest.of(rows, labels, rng, repeats=199).p(["a", "b", "c"]))
    assert stats.kstest(ps, "uniform").pvalue > 0.001


def test_it_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=40), np.arange(40) < 20
    x[:20] += 0.6
    own = LabelTest.of({"x": x}, labels, rng).p(["x"])
    other = stats.permutation_test(
        (x[:20], x[20:]),
        lambda a, b, axis: a.sum(axis=axis),
        alternative="greater",
        n_resamples=20_000,
        vectorized=True,
        rng=rng,
    ).pvalue
    assert own == pytest.approx(other, abs=4 * np.sqrt(other / REPEATS) + 1 / REPEATS)


def test_units_and_offsets_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(2, 50)), np.arange(50) < 30
    of = lambda rows: LabelTest.of(rows, labels, np.random.default_rng(3))
    one = of({"a": x[0], "b": x[1]})
    two = of({"a": 7 + 1e6 * x[0], "b": x[1]})
    assert one.p(["a", "b"]) == two.p(["a", "b"])
    assert one.observed["a"] == pytest.approx(two.observed["a"], abs=1e-6)
    assert one.strongest(["a", "b"]) == two.strongest(["a", "b"])


def test_the_other_side_is_tested_with_sign_minus_one() -> None:
    labels = np.arange(40) < 20
    test = LabelTest.of({"x": -labels.astype(float)}, labels, np.random.default_rng(4))
    assert test.p(["x"]) == 1
    assert test.p(["x"], sign=-1) == 1 / (1 + REPEATS)


def test_scores_that_are_all_the_same_say_nothing() -> None:
    labels = np.arange(30) < 10
    test = LabelTest.of({"x": np.full(30, 0.1)}, labels, np.random.default_rng(5))
    assert test.observed["x"] == 0
    assert test.p(["x"]) == 1


def test_labels_are_shuffled_within_classes() -> None:
    """Where a class decides the label there is nothing to shuffle, and nothing to find."""
    labels = np.arange(40) < 20
    within = LabelTest.of(
        {"x": labels.astype(float)}, labels, np.random.default_rng(6), strata=labels.astype(int)
    )
    assert within.p(["x"]) == 1
    assert LabelTest.of({"x": labels * 1.0}, labels, np.random.default_rng(6)).p(["x"]) < 0.001


def test_the_limit_is_where_p_reaches_the_level() -> None:
    rng = np.random.default_rng(7)
    test = LabelTest.of({"x": rng.normal(size=100)}, np.arange(100) < 50, rng)
    beyond = np.mean(test.null["x"] >= test.limit(["x"], 0.05))
    assert beyond == pytest.approx(0.05, abs=2 / REPEATS)
