"""Vendi score: kernels with known eigenvalues, a loop, and generators whose answer is known."""

import math

import numpy as np
import pytest

from memctl.metrics import vendi as module
from memctl.metrics.mmd import median_bandwidth, rbf
from memctl.metrics.vendi import vendi, vendi_ratio


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosines of all pairs; of an example of zeros 0."""
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300) for x in (a, b))
    return a @ b.T


def test_alike_is_1_and_nothing_alike_is_n():
    assert vendi(np.tile([3.0, 4.0], (9, 1)), cosine) == pytest.approx(1)
    assert vendi(7 * np.eye(5), cosine) == pytest.approx(5)
    assert vendi(1e6 * np.eye(5), rbf(1.0)) == pytest.approx(5)
    assert vendi(np.zeros((4, 3)), cosine) == pytest.approx(4)  # no direction is like another


def test_clusters_count_by_their_share():
    examples = np.repeat(np.eye(3), [5, 3, 2], axis=0)
    expected = math.exp(-sum(p * math.log(p) for p in (0.5, 0.3, 0.2)))
    assert vendi(examples, cosine) == pytest.approx(expected)
    assert vendi(1e3 * examples, rbf(1.0)) == pytest.approx(expected)


def test_two_examples_at_an_angle():
    c = 0.6  # eigenvalues (1 + c)/2 and (1 - c)/2
    expected = math.exp(-(0.8 * math.log(0.8) + 0.2 * math.log(0.2)))
    assert vendi(np.array([[1.0, 0], [c, 0.8]]), cosine) == pytest.approx(expected)
    s = 1 / math.sqrt(-2 * math.log(c))  # exp(-1/(2 s^2)) is c for two values 1 apart
    assert vendi(np.array([[0.0], [1.0]]), rbf(s)) == pytest.approx(expected)


def test_its_eigenvalues_are_those_of_the_dual():
    x = np.random.default_rng(0).normal(size=(12, 4))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    dual = np.linalg.eigvalsh(unit.T @ unit / 12)
    assert vendi(x, cosine) == pytest.approx(math.exp(-sum(dual * np.log(dual))))


def test_order_does_not_matter_and_a_repeat_of_all_changes_nothing():
    x = np.random.default_rng(0).normal(size=(20, 4))
    assert vendi(x[::-1], rbf(1.0)) == pytest.approx(vendi(x, rbf(1.0)))
    assert vendi(np.concatenate([x, x]), rbf(1.0)) == pytest.approx(vendi(x, rbf(1.0)))


def test_many_examples_are_a_fixed_subset_and_a_ratio_is_of_equal_numbers(
    monkeypatch: pytest.MonkeyPatch,
):
    x = np.random.default_rng(0).normal(size=(90, 30))
    assert vendi_ratio(x[:40], x, rbf(0.5)) == pytest.approx(
        vendi(x[:40], rbf(0.5)) / vendi(module.subsample(x, 40), rbf(0.5))
    )
    assert vendi_ratio(x, x[:40], rbf(0.5)) == pytest.approx(1 / vendi_ratio(x[:40], x, rbf(0.5)))
    monkeypatch.setattr(module, "LIMIT", 25)
    part = module.subsample(x, 25)
    assert len(np.unique(part, axis=0)) == 25
    assert vendi(x, rbf(0.5)) == vendi(x, rbf(0.5)) == vendi(part, rbf(0.5))
    assert vendi_ratio(x, x, rbf(0.5)) == 1


def test_generators_rank_as_their_names_say(made):
    """The ratio of two real sets here has the standard deviation 0.7/sqrt(n), over 40 draws: 0.04
    of 300 examples; 4 of them.
    """
    tolerance = 4 * 0.7 / math.sqrt(300)
    bell = rbf(median_bandwidth(made.train))
    ratio = {name: vendi_ratio(getattr(made, name), made.heldout, bell) for name in made._fields}
    assert abs(ratio["fresh"] - 1) < tolerance
    assert abs(ratio["copies"] - 1) < tolerance  # copies are as varied as the data: the trap
    assert ratio["noisy"] > 1 + tolerance
    assert ratio["shrunk"] < 1 - 2 * tolerance
    assert ratio["collapsed"] < 1 - tolerance
