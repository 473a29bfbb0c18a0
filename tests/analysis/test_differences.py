"""What one sweep reads less another, setting by setting."""

import json

import numpy as np
import pytest

from memctl.analysis.differences import differences, lines
from memctl.analysis.joined import joined
from memctl.analysis.sweep_results import read
from tests.rivals import all_runs, written
from tests.sweeps import swept


def changed(sweep, lr):
    """The sweep, trained otherwise."""
    for name in sweep.records:
        path = sweep.folder(name).path / "record.json"
        record = json.loads(path.read_text())
        record["fingerprint"] += str(lr)
        record["science"]["control"] = {"lr": lr}
        path.write_text(json.dumps(record))
    return read(sweep.directory)


@pytest.fixture
def two(tmp_path):
    make = lambda name, by, lr: changed(
        swept(
            tmp_path / name,
            lambda location, width: by * location,
            lambda *_: 1.0,
            uniform=lambda t: 1.0,
        ),
        lr,
    )
    return make("a", 1e-4, 1e-4), make("b", 3e-4, 1e-3)


def test_a_difference_and_the_interval_that_both_runs_have(two):
    found = differences(*two)
    rows = found.table[found.table.metric == "distance_to_train"].set_index("setting")
    assert found.settings == len(rows) == 46
    assert rows.change["[700, 1000]"] == pytest.approx(2e-4 * 850)
    half = np.hypot(0.1, 0.1)  # the sides of the floor, for there is no interval of its own
    assert rows.change_high["[700, 1000]"] == pytest.approx(2e-4 * 850 + half)
    assert rows.change_low["[700, 1000]"] == pytest.approx(2e-4 * 850 - half)
    assert found.between == {"control.lr": ("lr 0.0001", "lr 0.001")}
    said = lines(found)
    assert said[0] == ("b less a (they differ in lr 0.0001 and lr 0.001): 46 settings in both.")
    assert "9 of 46 differ by more than their 95 % interval; most [900, 1000]" in said[1]


def test_the_other_way_round_it_is_the_negative(two):
    there, back = (differences(*pair).table for pair in (two, two[::-1]))
    assert np.allclose(there.change, -back.change)
    assert np.allclose(there.change_low, -back.change_high)


def test_seeds_are_paired_where_both_have_them(tmp_path):
    first = written(tmp_path / "a", all_runs(3))
    written(tmp_path / "b", all_runs(3))
    for k, name in enumerate(first.records):
        path = tmp_path / "b" / name / "record.json"
        record = json.loads(path.read_text())
        record["keys"]["generate"] += "b"
        record["metrics"]["dcr_share"]["value"] -= 0.1 + 1e-4 * (k % 3)
        path.write_text(json.dumps(record))
    rows = differences(first, read(tmp_path / "b")).table
    rows = rows[rows.metric == "dcr_share"]
    assert set(rows.seeds) == {3}
    assert np.allclose(rows.change, -0.1, atol=3e-4)
    assert (rows.change_high < -0.05).all()
    assert (rows.change_high - rows.change_low).max() < 0.15


def test_a_run_is_the_same_one_by_whatever_versions_of_the_metrics(tmp_path):
    def measured(name, versions):
        records = all_runs(1)
        for one in records:
            metrics = {"repeats": 100, "versions": versions}
            one["science"] = {**one["science"], "metrics": metrics}
            one["fingerprint"] += str(versions)
        return written(tmp_path / name, records)

    once, again = measured("a", {"kid": 1}), measured("b", {"kid": 2})
    found = differences(once, again)
    assert (len(found.table), found.same > 0) == (0, True)
    assert len(joined([once, again]).records) == len(once.records)


def test_a_run_that_both_have_is_not_compared_with_itself(two):
    found = differences(two[0], two[0])
    assert len(found.table) == 0
    assert found.same == 46
