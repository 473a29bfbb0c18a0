"""A sweep over the whole grid that has every metric a report shows first."""

import json

import pytest

from memctl.analysis.studied import MAIN
from tests.sweeps import swept


@pytest.fixture
def grid(tmp_path):
    """The folder of a sweep of 45 cells and a uniform run."""
    sweep = swept(
        tmp_path / "s",
        lambda location, width: 1 - 1e-4 * location,
        lambda location, width, epoch: 10 / location,
        uniform=lambda t: 1 / (1 + t),
    )
    for name in sweep.records:
        path = sweep.directory / name / "record.json"
        record = json.loads(path.read_text())
        for group in (record["metrics"], *record["yardsticks"].values()):
            group |= dict.fromkeys(MAIN, group["distance_to_train"])
        path.write_text(json.dumps(record))
    return sweep.directory
