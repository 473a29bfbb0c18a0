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
from memctl.metrics.measure import Measure
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks


def draws(rng: np.random.Generator, *sizes: int) -> list[np.ndarray]:
    """Samples, training and held-out examples of one population."""
    return [rng.normal(size=(n, 8)) for n in sizes]


def beside_floors(
    drawn: list[np.ndarray], full: bool = False, only: tuple[str, ...] = ()
) -> tuple[Suite, dict[str, Measure], dict[str, Measure]]:
    """What is read (all, or these metrics), its floors, and the values of the samples."""
    both = user_examples.compare(*(number_examples(x.astype(np.float32)[:, None]) for x in drawn))
    suite = Suite.of(both.split, Metrics(full=full, repeats=60))
    if only:
        suite = replace(suite, metrics=tuple(m for m in suite.metrics if m.name in only))
    heldout = {"heldout": GENERATORS["heldout"]}
    floor = yardsticks(suite, both.split, len(drawn[0]), heldout)["floor"]
    return suite, floor, suite.evaluate(both.samples)


def test_the_distance_to_train_of_a_perfect_generator_is_within_its_floor() -> None:
    """Of five times as many training examples all are nearer: a floor by these holds none."""
    inside = 0
    for seed in range(8):
        drawn = draws(np.random.default_rng(seed), 60, 300, 60)
        _, floors, found = beside_floors(drawn, only=("nn_train",))
        floor = floors["nn_train"]
        assert floor.low is not None and floor.high is not None
        inside += floor.low <= found["nn_train"].value <= floor.high
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
    outside = 0
    for seed in range(30):
        drawn = draws(np.random.default_rng(seed), 90, 300, 150)
        _, floor, read = beside_floors(drawn, only=("energy_train", "energy_heldout"))
        assert len(read) == 2
        for name, found in read.items():
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
    trials, outside = 30, Counter[str]()
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        drawn = [draw(rng, k) for k in (200, 70, 70)]
        suite, floor, found = beside_floors(drawn, full)
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
