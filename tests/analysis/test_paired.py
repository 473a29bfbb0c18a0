"""Changes of several models against another: what is known in closed form, and the test's size."""

import numpy as np
import pytest

from memctl.analysis.paired import REPEATS, Moves, changes, range_p

LABELS = np.arange(200) < 100


def moves(first, second):
    """The differences of models from another: (score, example) of each sample, 0 where it hits
    none, shapes (k, m) and (m,).
    """
    scores, hits = first
    other_scores, other_hits = second
    count = lambda score, hit: np.bincount(hit[score != 0], minlength=len(LABELS)).astype(float)
    counts = [
        count(s, h) - count(other_scores, other_hits) for s, h in zip(scores, hits, strict=True)
    ]
    return Moves(np.stack([s - other_scores for s in scores]), np.stack(counts), LABELS)


def drawn(rng, k, m, towards_train):
    """Samples of k models that hit training examples with this probability, alone each."""
    train = rng.random((k, m)) < towards_train
    hits = rng.integers(100, size=(k, m)) + np.where(train, 0, 100)
    return np.where(train, 1.0, -1.0), hits


def test_the_same_models_change_nothing():
    scores, hits = drawn(np.random.default_rng(0), 1, 500, 0.6)
    found = changes([moves((scores, hits), (scores[0], hits[0]))], step=2.0)
    assert found.change[0] == 0
    assert found.p[0] == 1
    # As Wilson's interval of no hit in 500: z^2 / m, and a change is of 2.
    assert found.high[0] == -found.low[0] == pytest.approx(2 * 1.96**2 / 500)


def test_a_known_change():
    m = 400
    other = np.full(m, -1.0), 100 + np.arange(m) % 100
    scores, hits = other[0].copy(), other[1].copy()
    scores[:100], hits[:100] = 1.0, np.arange(100)  # a quarter goes over to training examples
    found = changes([moves((scores[None], hits[None]), other)], step=2.0)
    assert found.change[0] == pytest.approx(0.5)
    assert found.p[0] == pytest.approx(1 / (1 + REPEATS))
    sd = np.sqrt(0.25 * 0.75) * 2 / np.sqrt(m)
    assert found.high[0] - 0.5 == pytest.approx(0.5 - found.low[0])
    assert 1.9 * sd < 0.5 - found.low[0] < 2.6 * sd


def test_the_order_of_models_does_not_matter():
    rng = np.random.default_rng(1)
    other = [part[0] for part in drawn(rng, 1, 300, 0.5)]
    scores, hits = drawn(rng, 5, 300, np.array([[0.5], [0.52], [0.6], [0.7], [0.4]]))
    order = [3, 0, 4, 2, 1]
    found = changes([moves((scores, hits), other)], step=2.0)
    again = changes([moves((scores[order], hits[order]), other)], step=2.0)
    for one, two in zip(found, again, strict=True):
        np.testing.assert_allclose(one[order], two, rtol=1e-12)


def test_models_alike_are_told_apart_in_one_of_twenty():
    """Of 150 sweeps of 10 models that differ from another by chance alone at most 0.05, and 3
    standard errors of 0.018, have any p of 0.05 or an interval without 0.
    """
    rng = np.random.default_rng(2)
    false, outside = 0, 0
    for _ in range(150):
        base, base_hits = (part[0] for part in drawn(rng, 1, 250, 0.6))
        again, again_hits = drawn(rng, 10, 250, 0.6)
        kept = rng.random((10, 250)) < 0.8  # as of runs from one base
        scores, hits = np.where(kept, base, again), np.where(kept, base_hits, again_hits)
        found = changes([moves((scores, hits), (base, base_hits))], step=2.0)
        false += found.p.min() <= 0.05
        outside += bool(((found.low > 0) | (found.high < 0)).any())
    assert 1 <= false <= (0.05 + 3 * 0.018) * 150
    assert outside <= false


def test_what_is_said_to_be_seen_is_seen_in_four_of_five():
    """Of 100 such changes 80, and 3 standard errors of 4 more or fewer."""
    rng = np.random.default_rng(3)
    m, p = 1000, []
    other = np.where(np.arange(m) < m // 2, 1.0, -1.0), np.arange(m) % 100
    other = other[0], np.where(other[0] > 0, other[1], 100 + other[1])

    def changed(excess):
        """A tenth of the samples goes over, more of them to training examples."""
        to_train = 0.1 + excess * np.sign(-other[0])
        over = rng.random(m) < to_train
        scores = np.where(over, -other[0], other[0])
        hits = np.where(scores > 0, 0, 100) + rng.integers(100, size=m)
        return changes(
            [moves((scores[None], np.where(over, hits, other[1])[None]), other)], step=2.0
        )

    seen = changed(0.0).seen[0]
    p = [changed(seen / 2).p[0] for _ in range(100)]
    assert 68 <= np.sum(np.array(p) <= 0.05) <= 92


def test_a_shift_that_knows_no_labels_is_no_change_in_following():
    """A model whose samples all lie elsewhere, near ten examples, of which by chance most are
    training ones: many samples, but ten coins.
    """
    rng = np.random.default_rng(4)
    m = 2000
    other = drawn(rng, 1, m, 0.5)
    crowd = np.array([0, 1, 2, 3, 4, 5, 6, 100, 101, 102])
    hits = crowd[rng.integers(10, size=(1, m))]
    scores = np.where(hits < 100, 1.0, -1.0)
    found = changes([moves((scores, hits), (other[0][0], other[1][0]))], step=2.0)
    assert found.change[0] > 0.3
    assert found.p[0] > 0.1
    assert found.low[0] < 0


def test_range():
    rng = np.random.default_rng(5)
    alike = drawn(rng, 8, 400, 0.6)
    count = lambda hits: np.stack([np.bincount(h, minlength=200).astype(float) for h in hits])
    assert range_p(Moves(alike[0], count(alike[1]), LABELS)) > 0.05
    apart = drawn(rng, 8, 400, np.linspace(0.5, 0.8, 8)[:, None])
    assert range_p(Moves(apart[0], count(apart[1]), LABELS)) <= 0.01
