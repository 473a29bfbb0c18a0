"""Random numbers by name."""

import subprocess
import sys

import numpy as np
import pytest

from memctl.metrics import catalogue, streams
from memctl.metrics.generators import CALIBRATORS, IN_TIME
from memctl.paths import config_root

NAMES = [*streams.PINNED, *catalogue.METRICS, *(f"floor of {m}" for m in catalogue.METRICS)]


def first(seed: int, name: str) -> float:
    return float(streams.rng(seed, name).random())


def test_a_stream_starts_alike_each_time_and_in_every_process() -> None:
    code = "from memctl.metrics import streams; print(repr(float(streams.rng(3, 'kid').random())))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=config_root()
    )
    assert float(done.stdout) == first(3, "kid") == first(3, "kid")


def test_streams_differ_by_name_and_seed() -> None:
    """Two names share one stream on purpose: the sides of equal size and the halvings, whose keys
    were equal before they had names.
    """
    assert len({first(0, name) for name in NAMES}) == len(set(NAMES)) - 1
    assert first(0, "halvings") == first(0, "sides of equal size")
    assert len({first(seed, "kid") for seed in range(20)}) == 20


@pytest.mark.parametrize(("name", "key"), [("floors", [5]), ("generator late", [4, 13])])
def test_pinned_streams_keep_their_keys(name: str, key: list[int]) -> None:
    expected = np.random.default_rng([7, *key])
    np.testing.assert_array_equal(streams.rng(7, name).random(5), expected.random(5))


def test_every_generator_is_pinned_in_its_order() -> None:
    """A new one needs no pin: its name is its key."""
    assert (*CALIBRATORS, *IN_TIME) == streams.GENERATORS
