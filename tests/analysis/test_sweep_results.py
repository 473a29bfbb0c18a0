"""A sweep's runs as one table: what they share, and what they do not."""

import json
from pathlib import Path

import pytest

from memctl.analysis.sweep_results import differing_settings, read
from tests import sweeps

FRESH = {"value": 1.0, "low": 0.9, "high": 1.1}


@pytest.mark.parametrize(
    ("differing", "shared"), [("metrics", False), ("generate", True), ("", True)]
)
def test_yardsticks_are_of_one_way_to_measure(tmp_path: Path, differing: str, shared: bool) -> None:
    """Runs that are measured in several ways have floors of their own, and none in common."""
    for k, row in enumerate(sweeps.triangle().to_dict("records")[:3]):
        measure = {"value": 1.0, "low": None, "high": None}
        known = sweeps.record(row, {"distance_to_train": measure}, {**FRESH, "high": 1.1 + k})
        known["science"] |= {"metrics": {"reduce": "rms"}}
        if differing:
            known["science"][differing] = {"setting": k}
        sweeps.put(tmp_path, json.loads(json.dumps(known)))
    sweep = read(tmp_path)
    assert differing_settings(sweep.records) == [differing] * bool(differing)
    assert bool(sweep.yardsticks) == shared
    ends = [sweep.floor(name, "distance_to_train") for name in sweep.records]
    assert ends == [(0.9, 1.1), (0.9, 2.1), (0.9, 3.1)]
