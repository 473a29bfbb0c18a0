"""Generators whose faults are known are given the right word, or none."""

from collections import Counter

import numpy as np
import pytest

from memctl.analysis.reading import Reading
from memctl.analysis.rules import (
    COLLAPSED,
    COPYING,
    HEALTHY,
    OFF_MANIFOLD,
    UNDECIDED,
)
from memctl.analysis.verdict import verdict
from memctl.config import Metrics
from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics.distance import distances
from memctl.metrics.generators import blur
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks

LENGTH, N, SAMPLES, SETS = 48, 120, 200, 4
BASIS = (
    np.sin(np.outer(np.arange(1, 15), np.linspace(0, np.pi, LENGTH)))
    * np.arange(1, 15)[:, None] ** -0.4
)


def draw(rng, n):
    """Examples of 14 factors, the fine ones weaker."""
    return (rng.normal(size=(n, 14)) @ BASIS + 0.02 * rng.normal(size=(n, LENGTH)))[:, None].astype(
        np.float32
    )


def plain(measures):
    return {name: measure._asdict() for name, measure in measures.items()}


def generators(rng, train):
    fresh, copied, mean = (
        draw(rng, SAMPLES),
        train[rng.integers(len(train), size=SAMPLES)],
        train.mean(axis=0),
    )
    return {
        "fresh": fresh,
        "copies": copied,
        "a tenth copies": np.concatenate([fresh[SAMPLES // 10 :], copied[: SAMPLES // 10]]),
        "copies with noise": copied + 0.3 * draw(rng, SAMPLES),
        "one training example": np.repeat(copied[:1], SAMPLES, 0),
        "blurred": blur(fresh),
        "half the contrast": mean + 0.5 * (fresh - mean),
        "one fresh example": np.repeat(fresh[:1], SAMPLES, 0),
        "much contrast": 1.5 * fresh,
        "noise": 3 * rng.normal(size=fresh.shape).astype(np.float32),
        "folded": np.where(fresh.mean(axis=(1, 2), keepdims=True) > 0, fresh, -fresh),
    }


EXPECTED = {
    "copies": COPYING,
    "a tenth copies": COPYING,
    "copies with noise": COPYING,
    "one training example": COPYING,
    "blurred": COLLAPSED,
    "half the contrast": COLLAPSED,
    "one fresh example": COLLAPSED,
    "much contrast": OFF_MANIFOLD,
    "noise": OFF_MANIFOLD,
    "folded": COLLAPSED,  # which leaves out half of the data
}


@pytest.fixture(scope="module")
def world():
    """Words by generator and by yardstick over several data sets; and one data set's readings."""
    words, owns, one = {}, {}, {}
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        sides = split(Examples(draw(rng, 2 * N)))
        suite = Suite.of(sides, Metrics(repeats=100, bins=20))
        known = {name: plain(result) for name, result in yardsticks(suite, sides, SAMPLES).items()}
        for name in known:
            owns.setdefault(name, Counter())[verdict(known[name], known).word] += 1
        for name, examples in generators(rng, sides.train).items():
            result = plain(suite.evaluate(examples))
            words.setdefault(name, Counter())[verdict(result, known).word] += 1
            one[name] = (result, suite.prepare(examples))
        one["yardsticks"] = known
    return words, owns, one


@pytest.mark.parametrize("name", EXPECTED)
def test_faults_are_called_by_their_name(world, name):
    assert world[0][name] == {EXPECTED[name]: SETS}


def test_fresh_data_are_never_called_at_fault(world):
    assert set(world[0]["fresh"]) <= {HEALTHY, UNDECIDED}
    assert world[0]["fresh"][HEALTHY] >= 1


@pytest.mark.parametrize(
    ("name", "word"), [("copies", COPYING), ("blurred", COLLAPSED), ("mean", COLLAPSED)]
)
def test_yardsticks_are_called_by_their_name(world, name, word):
    assert world[1][name] == {word: SETS}


def test_held_out_examples_are_healthy(world):
    assert set(world[1]["heldout"]) <= {HEALTHY, UNDECIDED}
    assert world[1]["heldout"][HEALTHY] >= SETS / 2


def test_samples_are_apart_as_counted(world):
    known = world[2]["yardsticks"]
    for name in ("fresh", "copies", "one fresh example", "much contrast"):
        result, examples = world[2][name]
        d = distances(examples, examples, "rms")
        expected = d.sum() / (len(d) * (len(d) - 1))
        assert Reading(result, known).spacing() == pytest.approx(expected, abs=1e-5), name
