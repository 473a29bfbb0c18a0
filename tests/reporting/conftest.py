"""A sweep over the whole grid that has every metric a report shows first."""

import json
import shutil

import pytest

from memctl.analysis.studied import MAIN
from tests.sweeps import swept


@pytest.fixture(scope="session")
def whole_grid(tmp_path_factory):
    """The folder of a sweep of 45 cells and a uniform run, to be copied."""
    sweep = swept(
        tmp_path_factory.mktemp("grid") / "s",
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


@pytest.fixture
def grid(whole_grid, tmp_path):
    """The folder of a sweep of 45 cells and a uniform run."""
    return shutil.copytree(whole_grid, tmp_path / "s")
