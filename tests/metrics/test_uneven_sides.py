"""A metric and its floor are of as many examples, where train is larger than held-out too: perfect
generators lie within.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from memctl.config import Metrics
from memctl.data import user_examples
from memctl.data.user_files import number_examples
from memctl.metrics import energy, subsample
from memctl.metrics.generators import GENERATORS
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks


def test_the_distance_to_train_of_a_perfect_generator_is_within_its_floor() -> None:
    """Of five times as many training examples all are nearer: a floor by these holds none."""
    inside = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        sides = (
            number_examples(rng.normal(size=(n, 1, 8)).astype(np.float32)) for n in (60, 300, 60)
        )
        both = user_examples.compare(*sides)
        suite = Suite.of(both.split, Metrics(full=False, repeats=60))
        suite = replace(suite, metrics=tuple(m for m in suite.metrics if m.name == "nn_train"))
        heldout = {"heldout": GENERATORS["heldout"]}
        floor = yardsticks(suite, both.split, 60, heldout)["floor"]["nn_train"]
        assert floor.low is not None and floor.high is not None
        inside += floor.low <= suite.evaluate(both.samples)["nn_train"].value <= floor.high
    assert inside >= 6


def test_the_energy_of_more_examples_than_are_read_is_within_its_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its terms are of the same examples: what they know of these does not cancel otherwise, and
    half of all perfect generators lie outside. Of 60 readings 3 are expected there, and more than 8
    once in 200 times.
    """
    monkeypatch.setattr(subsample, "LIMIT", 40)
    monkeypatch.setattr(energy, "LIMIT", 40)
    outside, heldout = 0, {"heldout": GENERATORS["heldout"]}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        sides = (
            number_examples(rng.normal(size=(n, 1, 8)).astype(np.float32)) for n in (90, 300, 150)
        )
        both = user_examples.compare(*sides)
        suite = Suite.of(both.split, Metrics(full=False, repeats=60))
        suite = replace(suite, metrics=(energy.ENERGY_TRAIN, energy.ENERGY_HELDOUT))
        floor = yardsticks(suite, both.split, 90, heldout)["floor"]
        for name, found in suite.evaluate(both.samples).items():
            low, high = floor[name].low, floor[name].high
            assert low is not None and high is not None
            outside += not low <= found.value <= high
    assert outside <= 8


def waves(rng: np.random.Generator, n: int) -> np.ndarray:
    """Signals of eight factors, the fine ones weaker."""
    shapes = np.sin(np.outer(np.arange(1, 9), np.linspace(0, 6, 24))) / np.arange(1, 9)[:, None]
    return rng.normal(size=(n, 8)) @ shapes + 0.03 * rng.normal(size=(n, 24))


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """As many values as there are examples, and no axis of most variance."""
    return rng.normal(size=(n, 64))


ALL = pytest.param(True, marks=pytest.mark.slow, id="all")  # two minutes
FEW = pytest.param(False, marks=pytest.mark.long, id="few")


@pytest.mark.parametrize("full", [FEW, ALL])
@pytest.mark.parametrize("draw", [waves, noise])
def test_perfect_generators_read_as_bad_in_no_more_than_chance(draw, full) -> None:
    """On the bad side of a 95 % floor lie 2.5 %, of metrics that are bad on both 5 %."""
    trials, outside, heldout = 30, Counter[str](), {"heldout": GENERATORS["heldout"]}
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        sides = [number_examples(draw(rng, k).astype(np.float32)[:, None]) for k in (200, 70, 70)]
        both = user_examples.compare(*sides)
        suite = Suite.of(both.split, Metrics(full=full, repeats=60))
        floor = yardsticks(suite, both.split, 200, heldout)["floor"]
        found = suite.evaluate(both.samples)
        for metric in suite.metrics:
            if metric.name in floor and metric.name in found and floor[metric.name].low is not None:
                value, (_, low, high) = found[metric.name].value, floor[metric.name]
                high_is_bad, low_is_bad = metric.bad != "low", metric.bad != "high"
                outside[metric.name] += (high_is_bad and value > high) or (
                    low_is_bad and value < low
                )
    most = binom.ppf(1 - 1e-4, trials, 0.055)  # half of 5 % (+-3) a side, and chance of n
    assert {name: count for name, count in outside.items() if count > most} == {}
    assert outside.total() / trials / len(outside) < 0.055
