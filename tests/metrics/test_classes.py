"""Classes of generated records, on data whose classes are known."""

import math

import numpy as np
import pytest

from memctl.metrics.classes import class_distances, fitted, total_variation

SHARES = (0.6, 0.3, 0.1)


def records(n: int, seed: int, shares: tuple[float, ...] = SHARES, noise: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Signals of three classes, far apart at a noise of 0.3: shape (n, 1, 12), and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.array(["a", "b", "c"]), np.round(np.array(shares) * n).astype(int))
    means = np.sin(np.outer([1, 2, 3], np.linspace(0, np.pi, 12)))
    return means[np.searchsorted(["a", "b", "c"], labels)][:, None] + noise * rng.normal(size=(len(labels), 1, 12)), labels


def distances(samples: np.ndarray, how: str, noise: float = 0.3) -> dict[str, float]:
    return class_distances(samples, *records(100, 0, noise=noise), *records(100, 1, noise=noise), how)


def test_total_variation_is_a_loop():
    a, b = np.array([0, 0, 1, 2]), np.array([1, 1, 3])
    share = lambda labels, c: sum(x == c for x in labels) / len(labels)
    assert total_variation(a, b) == pytest.approx(sum(abs(share(a, c) - share(b, c)) for c in range(4)) / 2)
    assert total_variation(a, a[::-1]) == 0
    assert total_variation(np.array(["a"]), np.array(["b"])) == 1
    assert total_variation(a, b) == total_variation(b, a)


def test_two_samples_differ_by_what_the_docstring_says():
    rng, m, n, repeats = np.random.default_rng(0), 300, 200, 300
    found = [total_variation(rng.choice(3, m, p=SHARES), rng.choice(3, n, p=SHARES)) for _ in range(repeats)]
    expected = sum(math.sqrt(p * (1 - p) * (1 / m + 1 / n) / (2 * math.pi)) for p in SHARES)
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / math.sqrt(repeats))


@pytest.mark.parametrize("how", ["nearest", "logistic"])
def test_a_fair_generator_reads_as_real_records_do(how: str):
    found = distances(records(200, 2)[0], how)
    assert found["class_tv"] < 0.02
    assert found["class_tv_heldout"] < 0.02
    assert min(found["tstr"], found["trtr"], found["tstr_balanced"], found["trtr_balanced"]) > 0.97


@pytest.mark.parametrize("how", ["nearest", "logistic"])
def test_a_lost_class_is_missed(how: str):
    found = distances(records(200, 2, (2 / 3, 1 / 3, 0.0))[0], how)
    assert found["class_tv"] == pytest.approx(0.1, abs=0.02)
    assert found["tstr"] == pytest.approx(0.9, abs=0.03)
    assert found["tstr_balanced"] == pytest.approx(2 / 3, abs=0.03)
    assert found["trtr_balanced"] > 0.97


@pytest.mark.parametrize("how", ["nearest", "logistic"])
def test_a_collapsed_generator_knows_one_class(how: str):
    found = distances(np.repeat(records(10, 2)[0][:1], 30, axis=0), how)
    assert found["class_tv"] == pytest.approx(0.4)
    assert found["tstr"] == pytest.approx(0.6)
    assert found["tstr_balanced"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("how", ["nearest", "logistic"])
def test_copies_of_train_read_as_train_does(how: str):
    found = distances(records(100, 0, noise=1.0)[0], how, noise=1.0)
    assert found["trtr"] < 0.95
    if how == "nearest":
        assert (found["tstr"], found["tstr_balanced"]) == (found["trtr"], found["trtr_balanced"])
    else:  # fitted on what a fit says of its own records
        assert found["tstr"] == pytest.approx(found["trtr"], abs=0.06)


def test_the_nearest_neighbour_is_a_loop_and_so_are_the_accuracies():
    (x, labels), (y, truth), (g, _) = records(60, 0, noise=1.0), records(60, 1, noise=1.0), records(40, 2, noise=1.0)
    near = lambda queries, known, classes: np.array([classes[np.argmin([((q - r) ** 2).sum() for r in known])] for q in queries])
    made = near(g, x, labels)
    said, real = near(y, g, made), near(y, x, labels)
    found = class_distances(g, x, labels, y, truth)
    assert found["class_tv"] == pytest.approx(total_variation(made, truth))
    assert found["class_tv_heldout"] == pytest.approx(total_variation(real, truth))
    for name, answers in (("tstr", said), ("trtr", real)):
        assert found[name] == pytest.approx(np.mean(answers == truth))
        assert found[f"{name}_balanced"] == pytest.approx(np.mean([np.mean(answers[truth == c] == c) for c in "abc"]))


@pytest.mark.parametrize("how", ["nearest", "logistic"])
def test_the_data_s_units_do_not_matter_and_a_value_without_variance_is_harmless(how: str):
    sides = records(100, 0), records(100, 1)
    g, _ = records(80, 2)
    ours = class_distances(g, *sides[0], *sides[1], how)
    moved = class_distances(50 * g + 7, *(v for x, labels in sides for v in (50 * x + 7, labels)), how)
    assert moved == pytest.approx(ours)
    silent = lambda x, noise: np.concatenate([x, np.random.default_rng(3).normal(0, noise, size=(len(x), 1, 4))], axis=-1)
    noisy = class_distances(silent(g, 0.3), *(v for x, labels in sides for v in (silent(x, 1e-6), labels)), how)
    assert noisy["class_tv"] == pytest.approx(ours["class_tv"], abs=0.03)


def test_another_way_is_refused():
    with pytest.raises(ValueError, match="tree"):
        fitted(np.zeros((4, 2)), np.zeros(4), "tree")
