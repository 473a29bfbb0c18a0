"""A metric and its floor are of as many examples, where train is larger than held-out too."""

from dataclasses import replace

import numpy as np

from memctl.config import Metrics
from memctl.data import user_examples
from memctl.data.user_files import number_examples
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
