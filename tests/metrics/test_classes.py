"""Classes of generated examples, on data whose classes are known."""

import math

import numpy as np
import pytest

from memctl.metrics.classes import Classification, total_variation
from memctl.metrics.distance import distances

SHARES = (0.6, 0.3, 0.1)


def examples(
    n: int, seed: int, shares: tuple[float, ...] = SHARES, noise: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Signals of three classes, far apart at a noise of 0.3: shape (n, 12), and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.array(["a", "b", "c"]), np.round(np.array(shares) * n).astype(int))
    means = np.sin(np.outer([1, 2, 3], np.linspace(0, np.pi, 12)))
    return (
        means[np.searchsorted(["a", "b", "c"], labels)]
        + noise * rng.normal(size=(len(labels), 12)),
        labels,
    )


def classify(samples: np.ndarray, noise: float = 0.3) -> Classification:
    (x, labels), (y, truth) = examples(100, 0, noise=noise), examples(100, 1, noise=noise)
    return Classification(
        labels[distances(samples, x).argmin(axis=1)], truth, distances(y, samples)
    )


def values(found: Classification) -> dict[str, float]:
    return {"class_tv": found.class_tv().value, "tstr": found.tstr().value}


def test_total_variation_is_a_loop():
    a, b = np.array([0, 0, 1, 2]), np.array([1, 1, 3])
    share = lambda labels, c: sum(x == c for x in labels) / len(labels)
    assert total_variation(a, b) == pytest.approx(
        sum(abs(share(a, c) - share(b, c)) for c in range(4)) / 2
    )
    assert total_variation(a, a[::-1]) == 0
    assert total_variation(np.array(["a"]), np.array(["b"])) == 1
    assert total_variation(a, b) == total_variation(b, a)


def test_two_samples_differ_by_what_the_docstring_says():
    rng, m, n, repeats = np.random.default_rng(0), 300, 200, 300
    found = [
        total_variation(rng.choice(3, m, p=SHARES), rng.choice(3, n, p=SHARES))
        for _ in range(repeats)
    ]
    expected = sum(math.sqrt(p * (1 - p) * (1 / m + 1 / n) / (2 * math.pi)) for p in SHARES)
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / math.sqrt(repeats))


def test_a_fair_generator_reads_as_real_examples_do():
    found = classify(examples(200, 2)[0])
    assert found.class_tv().value < 0.02
    tstr = found.tstr()
    assert tstr.value > 0.97
    assert tstr.low < tstr.value <= tstr.high


def test_a_lost_class_is_missed():
    found = values(classify(examples(200, 2, (2 / 3, 1 / 3, 0.0))[0]))
    assert found["class_tv"] == pytest.approx(0.1, abs=0.02)
    assert found["tstr"] == pytest.approx(0.9, abs=0.03)


def test_a_collapsed_generator_knows_one_class():
    found = values(classify(np.repeat(examples(10, 2)[0][:1], 30, axis=0)))
    assert found == {"class_tv": pytest.approx(0.4), "tstr": pytest.approx(0.6)}


def test_copies_of_train_read_as_train_does():
    (x, labels), (y, truth) = examples(100, 0, noise=1.0), examples(100, 1, noise=1.0)
    real = np.mean(labels[distances(y, x).argmin(axis=1)] == truth)
    assert real < 0.95
    assert values(classify(x, noise=1.0))["tstr"] == real


def test_a_part_is_what_is_left_of_the_whole():
    (g, _), rng = examples(80, 2, noise=1.0), np.random.default_rng(3)
    whole, some, asked = classify(g, noise=1.0), rng.random(80) < 0.5, rng.random(100) < 0.5
    near = distances(examples(100, 1, noise=1.0)[0][asked], g[some]).argmin(axis=1)
    expected = {
        "class_tv": total_variation(whole.samples[some], whole.heldout[asked]),
        "tstr": np.mean(whole.samples[some][near] == whole.heldout[asked]),
    }
    assert values(whole.part(some, asked)) == pytest.approx(expected)
