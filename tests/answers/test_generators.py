"""Generators whose faults are known are given the right word; the whole bench is
`python -m memctl.calibrate --verdicts`.
"""

import re
from collections import Counter

import numpy as np
import pytest

from memctl.answers.judge import judge
from memctl.answers.verdict import (
    COLLAPSED,
    COPYING,
    FOLLOWS,
    HEALTHY,
    HELDOUT_SEEN,
    OFF_MANIFOLD,
    verdict,
)
from memctl.config import Metrics
from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics.comparison import Comparison
from memctl.metrics.generators import blur
from memctl.metrics.sides import Sides

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


def generators(rng, train, heldout):
    fresh, copied, mean = (
        draw(rng, SAMPLES),
        train[rng.integers(len(train), size=SAMPLES)],
        train.mean(axis=0),
    )
    other = train[rng.integers(len(train), size=SAMPLES)]
    late = np.roll(copied, 2, axis=-1)
    some = SAMPLES // 5
    return {
        "fresh": fresh,
        "copies": copied,
        "a tenth copies": np.concatenate([fresh[SAMPLES // 10 :], copied[: SAMPLES // 10]]),
        "a fifth late copies": np.concatenate([fresh[some:], late[:some]]),
        "a fifth bright copies": np.concatenate([fresh[some:], 0.5 + 1.2 * copied[:some]]),
        "copies with noise": copied + 0.2 * draw(rng, SAMPLES),
        "one training example": np.repeat(copied[:1], SAMPLES, 0),
        "averages": (copied + other) / 2,
        "held-out copies": heldout[rng.integers(len(heldout), size=SAMPLES)],
        "copies of both": np.concatenate([train[:100], heldout[:100]]),
        "blurred": blur(fresh),
        "half the contrast": mean + 0.5 * (fresh - mean),
        "one fresh example": np.repeat(fresh[:1], SAMPLES, 0),
        "much contrast": 1.5 * fresh,
        "noise": 3 * rng.normal(size=fresh.shape).astype(np.float32),
    }


EXPECTED = {
    "copies": {COPYING},
    "a tenth copies": {COPYING},
    "a fifth late copies": {COPYING},
    "a fifth bright copies": {COPYING},
    "copies with noise": {COPYING},
    "one training example": {COPYING},
    "averages": {FOLLOWS, COPYING},
    "held-out copies": {HELDOUT_SEEN},
    "copies of both": {HELDOUT_SEEN},
    "blurred": {COLLAPSED},
    "half the contrast": {COLLAPSED},
    "one fresh example": {COLLAPSED},
    "much contrast": {OFF_MANIFOLD},
    "noise": {OFF_MANIFOLD},
}


SAID = {}


@pytest.fixture(scope="module")
def words():
    """Words by generator over several data sets; of the last of them the answers as well."""
    out = {}
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        both = split(Examples(draw(rng, 2 * N), temporal=True))
        sides = Sides.of(both, Metrics())
        for name, x in generators(rng, both.train, both.heldout).items():
            answers = judge(Comparison.of_samples(sides, sides.prepare(x)))
            out.setdefault(name, Counter())[verdict(answers, N).word] += 1
            SAID[name] = answers
    return out


@pytest.mark.parametrize("name", EXPECTED)
def test_faults_are_called_by_their_name(words, name):
    assert set(words[name]) <= EXPECTED[name]


def test_fresh_data_are_healthy(words):
    assert words["fresh"] == {HEALTHY: SETS}


def test_what_is_left_out_says_nothing_of_samples_that_could_not_be_real(words):
    """Noise leaves all out: that is not called a yes."""
    noise, fresh, one = (SAID[name]["variety"] for name in ("noise", "fresh", "one fresh example"))
    assert noise.yes is None
    assert re.match(
        "can't be told: left out are [89][0-9] %|can't be told: left out are 100 %", noise.text
    )
    assert fresh.yes is True
    assert re.match("yes, but for .* that are left out", fresh.text)
    assert one.yes is False
    assert one.text.startswith("no: left out are")
