"""All metrics of one set of samples."""

import math
from dataclasses import replace

import numpy as np
import pytest

from memctl.config import Metrics
from memctl.data import Split, split
from memctl.data.base import Examples
from memctl.metrics import catalogue
from memctl.metrics.amplitude import amplitude_js
from memctl.metrics.coverage import prdc
from memctl.metrics.distance import distances, neighbours
from memctl.metrics.energy import under_relabelling
from memctl.metrics.sides import SUBSETS, equal_sides
from memctl.metrics.suite import UNDEFINED, Suite

LENGTH = 24
CONFIG = Metrics(repeats=40, bins=20)
NAMES = [
    "distance_to_train", "js_amplitude",
    "wasserstein_C1", "wasserstein_sd_C1", "js_divergence_C1", "js_distance_C1",
    "wasserstein_C2", "wasserstein_sd_C2", "js_divergence_C2", "js_distance_C2",
    "f_mem", "ratio_q01", "ratio_q10", "ratio_median",
    "dcr_share", "dcr_p", "delta_nn", "nn_train", "nn_heldout", "energy_train", "energy_heldout",
]  # fmt: skip
FULL = [
    "adaptive_share", "authpct", "corr_train",
    "precision", "recall", "density", "coverage", "kid", "mmd", "frechet", "vendi_ratio",
    "sliced_w2", "identifiability", "c_t",
]  # fmt: skip

IN_TIME = ["acf_distance", "spectrum_distance"]  # of signals; and of classes
LAST = ["shift_share", "dtw_share", "class_tv", "tstr"]


def drawn(n: int, seed: int) -> np.ndarray:
    """Signals of two channels, each of 5 factors."""
    rng = np.random.default_rng(seed)
    basis = np.sin(np.outer(np.arange(1, 6), np.linspace(0, np.pi, LENGTH)))
    return (rng.normal(size=(n, 2, 5)) @ basis + 0.05 * rng.normal(size=(n, 2, LENGTH))).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def sides() -> Split:
    return split(Examples(drawn(120, 0)))


@pytest.fixture(scope="module")
def uneven() -> Split:
    return split(Examples(drawn(120, 0)), n_train=80, n_heldout=30)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return drawn(50, 1)


def test_every_metric_has_a_finite_value_in_its_interval(sides: Split, samples: np.ndarray):
    found = Suite.of(sides, CONFIG).evaluate(samples)
    assert list(found) == NAMES + FULL
    assert list(Suite.of(sides, replace(CONFIG, full=False)).evaluate(samples)) == NAMES
    for measure in found.values():
        assert math.isfinite(measure.value)
        if measure.low is not None:
            assert measure.low <= measure.value <= measure.high
    assert found["distance_to_train"].low < found["distance_to_train"].high


def test_signals_with_classes_get_the_metrics_of_time_and_classes(samples: np.ndarray):
    values = drawn(120, 0)
    plain = split(Examples(values, values.sum(axis=(1, 2)) > 0))
    timed = replace(plain, temporal=True)
    found, without = (Suite.of(data, CONFIG).evaluate(samples) for data in (timed, plain))
    assert [name for name in found if name not in NAMES + FULL] == IN_TIME + LAST
    assert [name for name in without if name not in NAMES + FULL] == LAST[2:]
    assert {name: found[name] for name in without} == without  # the others know nothing of time
    assert all(math.isfinite(found[name].value) for name in IN_TIME + LAST)
    copied = Suite.of(timed, CONFIG).evaluate(timed.train)
    assert copied["shift_share"].value == copied["dtw_share"].value == 1
    right = timed.train_labels[
        neighbours(
            *(side.reshape(60, -1).astype(float) for side in (timed.heldout, timed.train))
        ).nearest
    ]
    assert copied["tstr"].value == np.mean(right == timed.heldout_labels)


@pytest.mark.parametrize("which", ["sides", "uneven"])
def test_it_is_deterministic(which: str, samples: np.ndarray, request: pytest.FixtureRequest):
    data = request.getfixturevalue(which)
    first = Suite.of(data, CONFIG).evaluate(samples)
    np.random.seed(99)  # noqa: NPY002 - the global generator must not matter
    suite = Suite.of(data, CONFIG)
    assert suite.evaluate(samples) == first
    assert suite.evaluate(samples) == first  # nor what was asked before


def test_the_seed_moves_intervals_and_not_values(sides: Split, samples: np.ndarray):
    first, second = (
        Suite.of(sides, replace(CONFIG, seed=seed, full=False)).evaluate(samples) for seed in (0, 1)
    )
    values = lambda found: {
        k: m.value for k, m in found.items() if k != "dcr_p"
    }  # a p from random splits
    assert values(first) == values(second)
    assert first["distance_to_train"] != second["distance_to_train"]
    assert first["f_mem"] == second["f_mem"]


@pytest.mark.parametrize("reduce", ["rms", "mse", "norm"])
def test_values_are_those_of_the_parts(sides: Split, samples: np.ndarray, reduce: str):
    found = Suite.of(sides, replace(CONFIG, reduce=reduce)).evaluate(samples)
    g, x, y = (
        examples.reshape(len(examples), -1).astype(float)
        for examples in (samples, sides.train, sides.heldout)
    )
    to_train, to_heldout = neighbours(g, x, reduce), neighbours(g, y, reduce)
    expected = {
        "distance_to_train": to_train.mean.mean(),
        "js_amplitude": amplitude_js(g, x, "pooled", 20).mean(),
        "f_mem": np.mean(to_train.first / to_train.second < 1 / 3),
        "ratio_median": np.median(to_train.first / to_train.second),
        "dcr_share": np.mean(to_train.first < to_heldout.first),
        "delta_nn": np.mean(to_heldout.first - to_train.first),
        "nn_train": to_train.first.mean(),
        "nn_heldout": to_heldout.first.mean(),
        "energy_train": under_relabelling(g, x, np.random.default_rng(0), 0, reduce)[0],
        "energy_heldout": under_relabelling(g, y, np.random.default_rng(0), 0, reduce)[0],
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value), name


def test_copies_are_called_copies(sides: Split):
    found = Suite.of(sides, CONFIG).evaluate(sides.train[::2])
    assert found["f_mem"].value == found["dcr_share"].value == found["dcr_share"].low == 1
    assert found["nn_train"].value == found["ratio_median"].value == 0
    assert found["delta_nn"].low > 0


def test_few_repeats_leave_dcr_p_as_small_as_a_verdict_asks(sides: Split):
    assert (
        Suite.of(sides, replace(CONFIG, repeats=20, full=False))
        .evaluate(sides.train)["dcr_p"]
        .value
        <= 0.01
    )


def test_fresh_examples_are_not(sides: Split):
    fresh = drawn(150, 2)
    found = Suite.of(sides, CONFIG).evaluate(fresh)
    assert found["f_mem"].value == 0
    assert found["f_mem"].high < 0.03  # 1 - 0.025^(1/150) = 0.024
    # 150 samples: a share of 0.5 has the standard error 0.041; the two sides of 60 examples add as
    # much again. 3 of both, 0.17.
    assert abs(found["dcr_share"].value - 0.5) < 0.17


def test_identical_samples_and_train_have_equal_projections(sides: Split):
    found = Suite.of(sides, CONFIG).evaluate(sides.train)
    assert max(found[name].value for name in NAMES if "_C" in name) < 1e-7


def test_sides_of_one_size_are_compared_whole(sides: Split):
    suite = Suite.of(sides, CONFIG)
    train, heldout = equal_sides(suite.sides)
    np.testing.assert_array_equal(suite.sides.pool[train], sides.train.reshape(60, -1))
    np.testing.assert_array_equal(suite.sides.pool[heldout], sides.heldout.reshape(60, -1))


@pytest.mark.parametrize(("n_train", "n_heldout"), [(80, 30), (30, 80)], ids=str)
def test_the_larger_side_is_drawn_from(n_train: int, n_heldout: int):
    suite = Suite.of(split(Examples(drawn(120, 0)), n_train, n_heldout), CONFIG)
    sides = equal_sides(suite.sides)
    assert len(sides) == 2 * SUBSETS
    for train, heldout in zip(sides[::2], sides[1::2], strict=True):
        assert (
            len(set(train))
            == len(set(heldout))
            == len(train)
            == len(heldout)
            == min(n_train, n_heldout)
        )
        assert max(train) < n_train <= min(heldout)
    assert len({tuple(side) for side in sides}) == SUBSETS + 1  # the smaller side is always whole


@pytest.mark.parametrize(("n_train", "n_heldout"), [(90, 20), (20, 90)], ids=str)
def test_a_larger_side_is_no_advantage(n_train: int, n_heldout: int):
    fresh = drawn(150, 2)
    found = Suite.of(split(Examples(drawn(110, 0)), n_train, n_heldout), CONFIG).evaluate(fresh)
    # Whole, the larger side would hold the nearest of 90 of 110 samples, a share of 0.82 or 0.18.
    # Subsets of 20 leave 0.5, with an error by the 20 examples of the smaller side below
    # sqrt(0.25 / 20) = 0.11; 2 of them.
    assert abs(found["dcr_share"].value - 0.5) < 0.22


def test_samples_come_in_the_datas_own_units(samples: np.ndarray):
    examples = Examples(drawn(120, 0))
    config = replace(CONFIG, per_example="zscore")
    plain = Suite.of(split(examples), config).evaluate(samples)
    scaled = Suite.of(split(Examples(8 * examples.values + 64)), config).evaluate(8 * samples + 64)
    for name in NAMES:
        assert scaled[name].value == pytest.approx(plain[name].value, abs=1e-4), name


def test_quantisation_is_over_the_training_datas_range(sides: Split, samples: np.ndarray):
    suite = Suite.of(sides, replace(CONFIG, quantize=5))
    low, high = float(sides.train.min()), float(sides.train.max())
    assert suite.sides.value_range == (low, high)
    grid = np.linspace(low, high, 5)
    for x in (suite.sides.train, suite.sides.heldout, suite.prepare(samples)):
        assert np.abs(x[..., None] - grid).min(axis=-1).max() < 1e-12
    known = Suite.of(replace(sides, value_range=(-10.0, 10.0)), replace(CONFIG, quantize=5))
    assert known.sides.value_range == (-10.0, 10.0)
    assert set(np.unique(known.sides.train)) <= {-10, -5, 0, 5, 10}


def test_images_are_measured_too():
    images = np.random.default_rng(0).random((60, 3, 5, 4)).astype(np.float32)
    found = Suite.of(
        split(Examples(images[:40], value_range=(0.0, 1.0))),
        replace(CONFIG, quantize=256, full=False),
    ).evaluate(images[40:])
    assert list(found) == [name for name in NAMES if name != "js_amplitude"]  # which is for signals
    # The difference of two uniform values has the mean square 1/6; 60 values an example and 20 x 20
    # pairs leave an error below 3 %.
    assert found["distance_to_train"].value == pytest.approx(math.sqrt(1 / 6), rel=0.03)


def test_components_are_limited_by_the_data():
    few = split(Examples(np.random.default_rng(0).normal(size=(60, 1, 3)).astype(np.float32)))
    found = Suite.of(few, replace(CONFIG, components=10)).evaluate(few.heldout)
    assert [name for name in found if name.startswith("wasserstein_C")] == [
        "wasserstein_C1",
        "wasserstein_C2",
        "wasserstein_C3",
    ]


def test_mirror_images_are_one_identity_to_nearest_neighbour_metrics_alone():
    images = np.random.default_rng(0).uniform(-1, 1, (40, 3, 6, 6)).astype(np.float32)
    sides = split(Examples(images, value_range=(-1.0, 1.0), mirror=True))
    mirrored = np.ascontiguousarray(sides.train[..., ::-1])
    found = Suite.of(sides, CONFIG).evaluate(mirrored)
    blind = Suite.of(replace(sides, mirror=False), CONFIG).evaluate(mirrored)
    assert (found["f_mem"].value, found["dcr_share"].value, found["nn_train"].value) == (1, 1, 0)
    assert blind["f_mem"].value == 0
    assert found["distance_to_train"] == blind["distance_to_train"]
    assert (
        found["energy_train"]
        == blind["energy_train"]
        != Suite.of(sides, CONFIG).evaluate(sides.train)["energy_train"]
    )


def test_full_metrics_are_those_of_the_functions(sides: Split, samples: np.ndarray):
    """Against the functions themselves, whose own tests have the references."""
    suite = Suite.of(sides, CONFIG)
    found = suite.evaluate(samples)
    g, x, y = suite.prepare(samples), suite.sides.train, suite.sides.heldout
    to_train, within = neighbours(g, x), neighbours(x, x, own=np.arange(len(x))).first
    assert found["authpct"].value == pytest.approx(
        100 * np.mean(within[to_train.nearest] < to_train.first)
    )
    closest = np.sort(distances(g, x), axis=1)[:, :3]  # a twentieth of 60 training examples
    assert found["adaptive_share"].value == np.mean(closest[:, 0] < 0.5 * closest.mean(axis=1))
    chosen = suite.sides.rng("sets of equal size").choice(60, 50, replace=False)
    expected = prdc(g, y[np.sort(chosen)])
    for name, values in expected._asdict().items():
        assert found[name].low <= found[name].value <= found[name].high
        assert found[name].value == np.mean(values)


def test_copies_expose_train_and_are_not_authentic(sides: Split):
    copies = Suite.of(sides, CONFIG).evaluate(sides.train)
    assert copies["authpct"].value == 0
    assert copies["adaptive_share"].value == copies["identifiability"].value == 1
    assert copies["c_t"].value < -3
    fresh = Suite.of(sides, CONFIG).evaluate(drawn(60, 2))
    assert abs(fresh["c_t"].value) < 4  # standard normal, of 60 and 60
    # m/(m + n - 1) = 0.504 in expectation; a share of 60 examples has at most the standard error
    # 0.065, neighbours depend: 4 of them
    assert abs(fresh["identifiability"].value - 0.504) < 0.26


def test_too_few_examples_leave_the_metrics_of_variety_out():
    few = split(Examples(drawn(40, 0)[:, :, :8]), n_train=8, n_heldout=8)
    found = Suite.of(few, CONFIG).evaluate(few.heldout)
    assert "authpct" in found
    assert "precision" not in found


@pytest.mark.parametrize("count", [8, 40])
def test_what_is_not_defined_is_missing_and_says_why(count: int) -> None:
    """Of too few samples, of constant ones, and of data of another kind; never 0 or NaN."""
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(60, 1, 20)), axis=2).astype(np.float32)
    suite = Suite.of(split(Examples(smooth, temporal=True)), Metrics(repeats=20))
    found = suite.evaluate(np.zeros((count, 1, 20), dtype=np.float32))
    absent = suite.absent(found)
    assert not found.keys() & absent.keys()
    assert {*found, *absent} == {*catalogue.known()}
    assert absent["corr_train"] == UNDEFINED
    assert "two or more classes" in absent["class_tv"]
    assert ("kid" in absent) == (count == 8)
    assert all(np.isfinite(measure.value) for measure in found.values())
    plain = Suite.of(split(Examples(smooth)), Metrics(repeats=20, full=False))
    assert plain.absent([])["acf_distance"] == "it is of signals"
    assert plain.absent([])["kid"] == "metrics.full=false leaves it out"


@pytest.mark.parametrize("labels", [np.arange(60), np.zeros(60, int)], ids=["own", "one"])
def test_classes_that_tell_nothing_are_no_classes(labels: np.ndarray) -> None:
    """Where each example has its own, no classifier is right; where all have one, any is."""
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(60, 1, 20)), axis=2).astype(np.float32)
    of = lambda labels: Suite.of(split(Examples(smooth, labels)), Metrics(repeats=20))
    for name in ("tstr", "class_tv"):
        assert "two or more classes" in of(labels).absent([])[name]
        assert name not in of(np.arange(60) % 3).without
