"""A sweep over the whole grid gets every answer, in its folder and on its page."""

import io
import json

import pandas as pd
import pytest

from memctl import report
from memctl.analysis.answers import answers


@pytest.fixture
def grid(swept):
    """A sweep of all cells, with the metrics that every report shows."""
    sweep = swept(
        lambda location, width: 1 - 1e-4 * location,
        lambda location, width, epoch: 10 / location,
        uniform=lambda t: 1 / (1 + t),
    )
    for name in sweep.records:
        path = sweep.directory / name / "record.json"
        record = json.loads(path.read_text())
        for group in (record["metrics"], *record["yardsticks"].values()):
            group |= dict.fromkeys(
                ("f_mem", "dcr_share", "energy_heldout"), group["distance_to_train"]
            )
        path.write_text(json.dumps(record))
    return sweep.directory


def test_tables_pictures_and_page(grid, recwarn):
    out = io.StringIO()
    report.write(grid, out)
    made = {path.name: path.stat().st_size for path in (grid / "report").iterdir()}
    for name in ("verdicts", "scorecard", "parity", "associations", "regressions", "mirror_pairs"):
        assert len(pd.read_csv(grid / "report" / f"{name}.csv")) > 0, name
    page = (grid / "report" / "index.html").read_text()
    for picture in ("overview.png", "boxes.png", "losses.png"):
        assert made[picture] > 10_000, picture
        assert f'src="{picture}"' in page
    assert "the paper's claims, on this sweep:" in out.getvalue()
    assert not [w for w in recwarn if issubclass(w.category, pd.errors.PerformanceWarning)]


def test_the_answers_are_those_of_what_the_sweep_holds(grid):
    found = answers(report.read(grid))
    assert set(found) == {
        "verdicts",
        "scorecard",
        "parity",
        "associations",
        "regressions",
        "mirror_pairs",
    }
    assert len(found["verdicts"]) == 46
    assert set(found["parity"].pooling) == {"raw", "within", "only d"}
