"""The yardsticks rank on a small data set as their answers are known to."""

import numpy as np
import pytest

from memctl.config import Metrics
from memctl.data import Split, split
from memctl.data.base import Examples
from memctl.metrics.comparison import Comparison
from memctl.metrics.dcr import delta_over_halvings, share_over_halvings
from memctl.metrics.distance import distances
from memctl.metrics.generators import BLUR, GENERATORS, blur
from memctl.metrics.measure import Measure
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks

N, LENGTH, SAMPLES = 240, 48, 200
CONFIG = Metrics(repeats=60, bins=20)

Readings = dict[str, dict[str, Measure]]


@pytest.fixture(scope="module")
def sides() -> Split:
    """Signals of 14 factors, the fine ones weaker, and a little noise: 120 train, 120 held-out."""
    rng = np.random.default_rng(0)
    basis = (
        np.sin(np.outer(np.arange(1, 15), np.linspace(0, np.pi, LENGTH)))
        * np.arange(1, 15)[:, None] ** -0.4
    )
    signals = rng.normal(size=(N, 14)) @ basis + 0.02 * rng.normal(size=(N, LENGTH))
    return split(Examples(signals[:, None].astype(np.float32)))


@pytest.fixture(scope="module")
def readings(sides: Split) -> Readings:
    return yardsticks(Suite.of(sides, CONFIG), sides, SAMPLES)


def values(readings: Readings, metric: str) -> dict[str, float]:
    return {name: found[metric].value for name, found in readings.items() if metric in found}


def test_every_yardstick_reads_what_the_samples_are_read_by(sides: Split, readings: Readings):
    assert list(readings) == [*GENERATORS, "floor"]
    asked = set(Suite.of(sides, CONFIG).evaluate(sides.heldout))
    for name, found in readings.items():
        assert set(found) <= asked, name
        for measure in found.values():
            assert np.isfinite(measure.value)
            assert measure.low is None or measure.low <= measure.value <= measure.high
    for name in GENERATORS:
        assert asked - set(readings[name]) == {"nn_train", "nn_heldout", "dcr_p"}
    assert asked - set(readings["floor"]) == {
        "ratio_q01",
        "ratio_q10",
        "ratio_median",
        "nn_heldout",
        "dcr_p",
    }


def test_a_generator_that_copies_is_read_as_samples_are():
    """Sides of unequal size: a sample that copies an example which is not compared with is no
    nearer to train.
    """
    uneven = split(
        Examples(np.random.default_rng(0).normal(size=(220, 1, 12)).astype(np.float32)),
        n_train=180,
        n_heldout=40,
    )
    suite = Suite.of(uneven, CONFIG)
    copied = yardsticks(suite, uneven, 40)["copies"]["dcr_share"]
    as_samples = suite.evaluate(np.repeat(uneven.train, 3, axis=0))["dcr_share"].value
    assert as_samples < 0.8
    assert (
        abs(copied.value - as_samples) < 0.2
    )  # 40 copies: a standard error of 0.04 in a mean over 20 subsets


def test_the_floor_of_lost_classes_is_of_the_samples_number():
    """Two classes far apart, split in proportion: n draws of p = 0.7 are off by |N(0, 0.21/n)|."""
    rng, n = np.random.default_rng(0), 400
    labels = np.repeat([0, 1], [140, 60])
    apart = split(
        Examples(
            (10 * labels[:, None, None] + rng.normal(size=(200, 1, 12))).astype(np.float32), labels
        )
    )
    floor = yardsticks(Suite.of(apart, CONFIG), apart, n)["floor"]
    assert 0.6 * 1.96 * (0.21 / n) ** 0.5 < floor["class_tv"].high < 1.5 * 1.96 * (0.21 / n) ** 0.5
    assert floor["tstr"].value == 1


def test_they_are_deterministic(sides: Split, readings: Readings):
    assert yardsticks(Suite.of(sides, CONFIG), sides, SAMPLES) == readings


def test_the_papers_distance_is_a_meter_of_contrast(readings: Readings):
    found = values(readings, "distance_to_train")
    assert found["mean"] < found["blurred"] < found["heldout"]
    # Copies and fresh examples read alike: the mean over 120 examples has the relative error 0.01
    # (both spread by about 0.1).
    assert found["copies"] == pytest.approx(found["heldout"], rel=0.04)
    # The mean example is at one standard deviation, real ones at sqrt(2): 0.71, as the root of a
    # mean is a little above the mean of roots.
    assert found["mean"] / found["heldout"] == pytest.approx(0.71, abs=0.03)


def test_f_mem_calls_copies_alone(readings: Readings):
    assert values(readings, "f_mem") == {
        "heldout": 0,
        "copies": 1,
        "blurred": 0,
        "mean": 0,
        "floor": 0,
    }
    # A prediction for a number of samples, not an interval of the rate: no hit among 120 bounds the
    # rate by this.
    assert 0 < readings["floor"]["f_mem"].high < 1 - 0.025 ** (1 / 120)


def test_ratio_median(readings: Readings):
    found = values(readings, "ratio_median")
    assert found["copies"] == 0
    assert min(found["heldout"], found["blurred"], found["mean"]) > 0.8


def test_dcr_share_is_fair_but_to_copies(readings: Readings):
    for name in ("heldout", "blurred"):
        found = readings[name]["dcr_share"]
        assert found.low <= 0.5 <= found.high
    assert readings["copies"]["dcr_share"] == (1, 1, 1)
    assert readings["floor"]["dcr_share"] == readings["heldout"]["dcr_share"]


def test_delta_nn_is_fair_but_to_copies(readings: Readings):
    for name in ("heldout", "blurred"):
        found = readings[name]["delta_nn"]
        assert found.low <= 0 <= found.high
    assert readings["copies"]["delta_nn"].low > readings["heldout"]["delta_nn"].high
    assert readings["floor"]["delta_nn"] == readings["heldout"]["delta_nn"]


def test_energy_sees_what_is_no_data_and_not_copies(readings: Readings):
    found, floor = values(readings, "energy_heldout"), readings["floor"]["energy_heldout"]
    assert floor.low < 0 < floor.high
    assert floor.low <= found["heldout"] <= floor.high
    assert abs(found["copies"]) < 4 * floor.high  # drawn with replacement, copies repeat examples
    assert floor.high < found["blurred"] < found["mean"]


def test_distributions_of_the_components(readings: Readings):
    for metric in (
        "wasserstein_C1",
        "wasserstein_sd_C1",
        "js_divergence_C1",
        "js_distance_C1",
        "js_amplitude",
    ):
        found = values(readings, metric)
        assert found["mean"] > 1.5 * max(found["heldout"], found["copies"]), metric


def test_fresh_examples_lie_within_the_floor(readings: Readings):
    for metric in (
        "distance_to_train",
        "js_amplitude",
        "energy_heldout",
        "wasserstein_C1",
        "js_divergence_C1",
    ):
        floor, found = readings["floor"][metric], readings["heldout"][metric].value
        assert floor.low < floor.high
        assert floor.low <= found <= floor.high, metric


def test_more_samples_narrow_the_floor(sides: Split):
    few, many = (yardsticks(Suite.of(sides, CONFIG), sides, n)["floor"] for n in (20, 2000))
    for metric in ("distance_to_train", "js_amplitude", "nn_train"):
        # The width goes with sqrt(1/n + 1/120), the held-out examples being a sample too: 2.6
        # times; 60 repeats know it to a quarter.
        assert (
            1.5 < (few[metric].high - few[metric].low) / (many[metric].high - many[metric].low) < 4
        ), metric
    # (bins - 1) (1/n + 1/120)/8: 0.139 of 20 samples and 0.021 of 2000, 6.6 times; the mean of 60
    # repeats is good to a tenth.
    assert few["js_divergence_C1"].value > 4 * many["js_divergence_C1"].value


def test_copies_are_of_the_examples_at_hand_and_mean_is_their_mean(sides: Split):
    rng = np.random.default_rng(0)
    made = {name: generator(sides, SAMPLES, rng).examples for name, generator in GENERATORS.items()}
    assert all(examples.shape == sides.heldout.shape for examples in made.values())
    np.testing.assert_array_equal(made["heldout"], sides.heldout)
    assert {row.tobytes() for row in made["copies"]} <= {row.tobytes() for row in sides.train}
    np.testing.assert_allclose(
        made["mean"], np.broadcast_to(sides.train.mean(axis=0), sides.heldout.shape), atol=1e-6
    )
    np.testing.assert_array_equal(made["blurred"], blur(sides.heldout))


@pytest.mark.parametrize("name", GENERATORS)
def test_what_was_made_from_a_example_names_it(sides: Split, name: str):
    pool = np.concatenate([sides.train, sides.heldout])
    examples, source = GENERATORS[name](sides, 30, np.random.default_rng(1))
    assert len(examples) == len(source) == 30
    assert examples.dtype.kind == "f"
    if name == "mean":
        assert (source == -1).all()
    else:
        assert len(set(source)) == 30 or name == "copies"
        np.testing.assert_array_equal(
            examples, (blur if name == "blurred" else np.asarray)(pool[source])
        )


def test_the_halvings_are_those_of_the_definition(sides: Split):
    """A generator of fresh examples, half by half: only the half that is not the held-out side
    plays the generator.
    """
    suite = Suite.of(sides, CONFIG)
    made = GENERATORS["heldout"](sides, SAMPLES, np.random.default_rng(0))
    comparison = Comparison.of_generator(suite.sides, made, SAMPLES)
    pool, n_train = suite.sides.pool, suite.sides.n_train
    shares, deltas = [], []
    for x, y in zip(comparison.pairs[::2], comparison.pairs[1::2], strict=True):
        assert (len(x), len(y), len(set(x)), len(set(y))) == (60, 60, 60, 60)
        assert x.max() < n_train <= y.min()
        fresh = np.setdiff1d(np.arange(n_train, len(pool)), y)
        d_train, d_heldout = (distances(pool[fresh], pool[side]).min(axis=1) for side in (x, y))
        shares.append(np.mean(d_train < d_heldout))
        deltas.append(np.mean(d_heldout - d_train))
    assert len(shares) == 39
    assert share_over_halvings(comparison).value == pytest.approx(np.mean(shares))
    assert delta_over_halvings(comparison).value == pytest.approx(np.mean(deltas))


def test_blur_smooths_each_example_along_its_own_axes():
    examples = np.zeros((3, 2, 41))
    examples[1, 0, 20] = 1
    found = blur(examples)
    assert not found[[0, 2]].any()
    assert not found[1, 1].any()
    width = BLUR * 41
    bell = np.exp(-0.5 * ((np.arange(41) - 20) / width) ** 2)
    np.testing.assert_allclose(
        found[1, 0], bell / bell.sum(), atol=1e-4
    )  # cut at 4 standard deviations
    flat = np.full((2, 3, 8, 6), 5.0)
    np.testing.assert_allclose(blur(flat), flat)
