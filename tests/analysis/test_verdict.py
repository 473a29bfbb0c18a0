"""The rules: which readings give which word, and what is said with it."""

import math

import numpy as np
import pandas as pd
import pytest

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


def interval(value, half=0.0):
    return {"value": value, "low": value - half, "high": value + half}


def readings(**changed):
    """A healthy run's metrics, and yardsticks that tell faults apart."""
    metrics = {
        "f_mem": {"value": 0.0, "low": 0.0, "high": 0.004},
        "dcr_share": interval(0.5, 0.02),
        "dcr_p": interval(0.5),
        "delta_nn": interval(0.0, 0.01),
        "distance_to_train": interval(1.0, 0.005),
        "nn_train": interval(0.5, 0.01),
        "energy_train": interval(0.0),
        "energy_heldout": interval(0.0),
    }
    floor = {
        "f_mem": {"value": 0.0, "low": 0.0, "high": 0.006},
        "dcr_share": interval(0.5, 0.05),
        "delta_nn": interval(0.0, 0.02),
        "distance_to_train": interval(1.0, 0.01),
        "nn_train": interval(0.5, 0.02),
        "energy_train": interval(0.0, 0.002),
        "energy_heldout": interval(0.0, 0.002),
    }
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
    result = verdict(metrics, known)
    assert (result.word, missing in result.reason) == (UNDECIDED, True)
    assert verdict({}, {}).word == UNDECIDED


def test_metrics_that_cannot_tell_blur_call_nothing_healthy():
    metrics, known = readings()
    known["blurred"] = known["heldout"]
    result = verdict(metrics, known)
    assert result.word == UNDECIDED
    assert "blurred" in result.reason


def test_a_base_that_saw_the_held_out_examples_proves_nothing():
    result = verdict(*readings(), saw_heldout=True)
    assert result.word == UNDECIDED
    assert "may have been trained on" in result.reason


def test_copying_is_given_before_the_rest():
    result = verdict(
        *readings(
            f_mem=interval(0.9, 0.05),
            distance_to_train=interval(0.8, 0.01),
            energy_heldout=interval(0.1),
        )
    )
    assert (result.word, result.also) == (COPYING, (COLLAPSED,))
    assert "90% of the way from fresh data to copies" in result.reason
    assert result.degree == pytest.approx(0.9, abs=0.005)


def test_share_does_not_count_beyond_the_blur_that_was_tried():
    nearer = {
        "dcr_share": interval(0.7, 0.02),
        "dcr_p": interval(0.005),
        "delta_nn": interval(0.05, 0.01),
    }
    result = verdict(
        *readings(**nearer, distance_to_train=interval(0.75, 0.01), energy_heldout=interval(0.3))
    )
    assert (result.word, result.also) == (COLLAPSED, ())


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
    result = verdicts(sweep)
    assert len(result) == 46
    assert set(result.verdict) == {UNDECIDED}
    assert "f_mem" in result.reason[0]
    assert math.isnan(result[result.kind == "uniform"].low.iloc[0])


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
    result = summary(pd.DataFrame(rows, columns=["name", "kind", "verdict", "degree"]))
    way = "of the way from fresh data to copies"
    assert result == f"cells: 2 COPYING (31% to 38% {way}), 1 HEALTHY; base COPYING (40% {way})"
