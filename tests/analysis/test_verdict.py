"""Generators whose faults are known are given the right word, or none."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.reading import Reading
from memctl.analysis.rules import (
    COLLAPSED,
    COPYING,
    HEALTHY,
    NEEDED,
    OFF_MANIFOLD,
    RULES,
    UNDECIDED,
)
from memctl.analysis.verdict import summary, verdict, verdicts
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
    "copies": COPYING, "a tenth copies": COPYING, "copies with noise": COPYING, "one training example": COPYING,
    "blurred": COLLAPSED, "half the contrast": COLLAPSED, "one fresh example": COLLAPSED,
    "much contrast": OFF_MANIFOLD, "noise": OFF_MANIFOLD, "folded": COLLAPSED,  # which leaves out half of the data
}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    """Words by generator and by yardstick over several data sets; and one data set's readings."""
    words, owns, one = {}, {}, {}
    for seed in range(SETS):
        rng = np.random.default_rng(seed)
        sides = split(Examples(draw(rng, 2 * N)))
        suite = Suite.of(sides, Metrics(repeats=100, bins=20))
        known = {name: plain(found) for name, found in yardsticks(suite, sides, SAMPLES).items()}
        for name in known:
            owns.setdefault(name, Counter())[verdict(known[name], known).word] += 1
        for name, examples in generators(rng, sides.train).items():
            found = plain(suite.evaluate(examples))
            words.setdefault(name, Counter())[verdict(found, known).word] += 1
            one[name] = (found, suite.prepare(examples))
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
        found, examples = world[2][name]
        d = distances(examples, examples, "rms")
        expected = d.sum() / (len(d) * (len(d) - 1))
        assert Reading(found, known).spacing() == pytest.approx(expected, abs=1e-5), name


def interval(value, half=0.0):
    return {"value": value, "low": value - half, "high": value + half}


def readings(**changed):
    """A healthy run's metrics, and yardsticks that tell faults apart."""
    metrics = {
        "f_mem": {"value": 0.0, "low": 0.0, "high": 0.004}, "dcr_share": interval(0.5, 0.02), "dcr_p": interval(0.5),
        "delta_nn": interval(0.0, 0.01), "distance_to_train": interval(1.0, 0.005), "nn_train": interval(0.5, 0.01),
        "energy_train": interval(0.0), "energy_heldout": interval(0.0),
    }  # fmt: skip
    floor = {
        "f_mem": {"value": 0.0, "low": 0.0, "high": 0.006}, "dcr_share": interval(0.5, 0.05), "delta_nn": interval(0.0, 0.02),
        "distance_to_train": interval(1.0, 0.01), "nn_train": interval(0.5, 0.02),
        "energy_train": interval(0.0, 0.002), "energy_heldout": interval(0.0, 0.002),
    }  # fmt: skip
    real = {**floor, "energy_train": interval(0.0), "energy_heldout": interval(0.0)}
    flat = {
        "distance_to_train": interval(0.9, 0.005),
        "energy_train": interval(0.01),
        "energy_heldout": interval(0.01),
    }
    none = {
        "distance_to_train": interval(0.7),
        "energy_train": interval(0.4),
        "energy_heldout": interval(0.4),
    }
    copied = {"f_mem": interval(1.0), "dcr_share": interval(1.0), "delta_nn": interval(0.5, 0.01)}
    known = {
        "heldout": real,
        "copies": real | copied,
        "blurred": real | flat,
        "mean": real | none,
        "floor": floor,
    }
    return metrics | changed, known


def test_the_made_up_run_is_healthy():
    assert verdict(*readings()).word == HEALTHY


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"f_mem": {"value": 0.02, "low": 0.012, "high": 0.03}}, COPYING),
        ({"f_mem": {"value": 0.008, "low": 0.004, "high": 0.016}}, UNDECIDED),
        (
            {
                "dcr_share": interval(0.7, 0.02),
                "dcr_p": interval(0.005),
                "delta_nn": interval(0.05, 0.01),
            },
            COPYING,
        ),
        (
            {
                "dcr_share": interval(0.7, 0.02),
                "dcr_p": interval(0.04),
                "delta_nn": interval(0.05, 0.01),
            },
            UNDECIDED,
        ),
        (
            {
                "dcr_share": interval(0.7, 0.02),
                "dcr_p": interval(0.005),
                "delta_nn": interval(0.025, 0.01),
            },
            UNDECIDED,
        ),
        (
            {
                "dcr_share": interval(0.56, 0.02),
                "dcr_p": interval(0.005),
                "delta_nn": interval(0.05, 0.01),
            },
            UNDECIDED,
        ),
        ({"distance_to_train": interval(0.9, 0.005), "energy_heldout": interval(0.02)}, COLLAPSED),
        ({"distance_to_train": interval(0.97, 0.005), "energy_heldout": interval(0.02)}, UNDECIDED),
        ({"distance_to_train": interval(0.9, 0.005)}, UNDECIDED),
        (
            {"distance_to_train": interval(1.1, 0.005), "energy_heldout": interval(0.02)},
            OFF_MANIFOLD,
        ),
        ({"nn_train": interval(0.6, 0.01), "energy_heldout": interval(0.02)}, OFF_MANIFOLD),
        ({"nn_train": interval(0.6, 0.01)}, UNDECIDED),
        ({"energy_heldout": interval(0.02)}, UNDECIDED),
        ({"dcr_p": interval(0.005)}, UNDECIDED),
    ],
)
def test_rules_need_the_whole_interval_and_all_their_witnesses(changed, word):
    assert verdict(*readings(**changed)).word == word


@pytest.mark.parametrize("missing", NEEDED)
def test_what_is_not_measured_leaves_it_open(missing):
    metrics, known = readings()
    del metrics[missing]
    found = verdict(metrics, known)
    assert (found.word, missing in found.reason) == (UNDECIDED, True)
    assert verdict({}, {}).word == UNDECIDED


def test_metrics_that_cannot_tell_blur_call_nothing_healthy():
    metrics, known = readings()
    known["blurred"] = known["heldout"]
    found = verdict(metrics, known)
    assert found.word == UNDECIDED
    assert "blurred" in found.reason


def test_a_base_that_saw_the_held_out_examples_proves_nothing():
    found = verdict(*readings(), saw_heldout=True)
    assert found.word == UNDECIDED
    assert "may have been trained on" in found.reason


def test_copying_is_given_before_the_rest():
    found = verdict(
        *readings(
            f_mem=interval(0.9, 0.05),
            distance_to_train=interval(0.8, 0.01),
            energy_heldout=interval(0.1),
        )
    )
    assert (found.word, found.also) == (COPYING, (COLLAPSED,))
    assert "90% of the way from fresh data to copies" in found.reason
    assert found.degree == pytest.approx(0.9, abs=0.005)


def test_share_does_not_count_beyond_the_blur_that_was_tried():
    nearer = {
        "dcr_share": interval(0.7, 0.02),
        "dcr_p": interval(0.005),
        "delta_nn": interval(0.05, 0.01),
    }
    found = verdict(
        *readings(**nearer, distance_to_train=interval(0.75, 0.01), energy_heldout=interval(0.3))
    )
    assert (found.word, found.also) == (COLLAPSED, ())


def test_f_mem_does_not_count_where_blurred_or_mean_examples_have_it_too():
    metrics, known = readings(f_mem=interval(0.5, 0.05))
    known["mean"]["f_mem"] = interval(1.0)
    assert verdict(metrics, known).word == UNDECIDED


@pytest.mark.parametrize(
    ("metric", "word"),
    [
        ("recall", COLLAPSED),
        ("coverage", COLLAPSED),
        ("vendi_ratio", COLLAPSED),
        ("precision", UNDECIDED),
    ],
)
def test_metrics_to_come_are_read_when_they_are_there(metric, word):
    metrics, known = readings(**{metric: interval(0.4, 0.05), "energy_heldout": interval(0.02)})
    assert verdict(metrics, known).word == UNDECIDED  # without a floor it says nothing
    known["floor"][metric] = interval(0.8, 0.05)
    assert verdict(metrics, known).word == word
    metrics[metric], metrics["energy_heldout"] = interval(0.8, 0.05), interval(0.0)
    assert verdict(metrics, known).word == HEALTHY


def test_every_rule_has_a_reason_and_words_stand_in_their_order():
    assert all(len(rule.reason) > 20 for rule in RULES)
    assert list(dict.fromkeys(rule.word for rule in RULES)) == [
        COPYING,
        COLLAPSED,
        OFF_MANIFOLD,
        HEALTHY,
    ]


def test_a_sweep_has_a_verdict_a_run(swept):
    sweep = swept(
        lambda location, width: 1.0, lambda location, width, epoch: 0.1, uniform=lambda t: 0.1
    )
    found = verdicts(sweep)
    assert len(found) == 46
    assert set(found.verdict) == {UNDECIDED}
    assert "f_mem" in found.reason[0]
    assert math.isnan(found[found.kind == "uniform"].low.iloc[0])


def test_a_records_own_verdict_is_taken_and_others_are_computed(swept):
    sweep = swept(lambda *_: 1.0, lambda *_: 0.1, uniform=lambda t: 0.1)
    own, other = sorted(sweep.records)[:2]
    given = {"word": COPYING, "reason": "as it was written", "also": [COLLAPSED], "degree": 0.25}
    sweep.records[own]["verdict"] = given
    sweep.records["uniform_s0"]["verdict"] = {**given, "word": HEALTHY, "degree": None}
    table = verdicts(sweep).set_index("name")
    columns = ["verdict", "reason", "also", "degree"]
    assert list(table.loc[own, columns]) == [COPYING, "as it was written", COLLAPSED, 0.25]
    assert table.verdict["uniform_s0"] == HEALTHY
    assert math.isnan(table.degree["uniform_s0"])
    assert table.verdict[other] == UNDECIDED


def test_the_summary_says_how_far_copying_goes():
    rows = [
        ("a", "cell", COPYING, 0.31),
        ("b", "cell", COPYING, 0.38),
        ("c", "cell", HEALTHY, np.nan),
        ("base", "base", COPYING, 0.4),
    ]
    found = summary(pd.DataFrame(rows, columns=["name", "kind", "verdict", "degree"]))
    way = "of the way from fresh data to copies"
    assert found == f"cells: 2 COPYING (31% to 38% {way}), 1 HEALTHY; base COPYING (40% {way})"
