"""A sweep's W&B run and workspace, offline and against a server of ours."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from memctl import dashboard
from memctl.analysis.sweep_results import read
from memctl.config import Logger
from memctl.experiment import Experiment
from memctl.reporting import dashboard as panels
from memctl.reporting import report, sweep_run
from tests.conftest import LONG
from tests.fake_wandb import KEY, FakeWandb

pytestmark = [
    pytest.mark.usefixtures("blank_pictures", "keyless"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of wandb-workspaces, when imported
]


@pytest.fixture
def sweep(finished_run: Callable[..., Experiment]) -> Path:
    """A sweep of one finished run."""
    return finished_run().sweep_directory


@LONG
def test_the_workspace_is_of_the_sweeps_runs_and_metrics(sweep: Path) -> None:
    pytest.importorskip("wandb_workspaces")
    found = panels.specification(panels.workspace(read(sweep), "me", "ours"))
    section = found["spec"]["section"]
    (filtered,) = section["runSets"][0]["filters"]["filters"]
    assert filtered["key"] == {"section": "run", "name": "group"}
    assert filtered["value"] == sweep.name
    shown = {s["name"]: s["panels"] for s in section["panelBankConfig"]["sections"]}
    triangle = [panel["config"] for panel in shown["Triangle"]]
    assert {(c["xAxis"], c["yAxis"]) for c in triangle} == {
        ("config:ci.value.low", "config:ci.value.high")
    }
    assert "summary:metrics/f_mem" in [c["zAxis"] for c in triangle]
    over_t = [panel["config"] for panel in shown["Over t"]]
    assert ("probe/t", ["probe/gap"]) in [(c["xAxis"], c["metrics"]) for c in over_t]
    assert {c["groupBy"] for c in over_t} == {"location.value"}


@LONG
def test_the_sweeps_run_and_its_workspace_are_saved(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And every yardstick is in the sweep's run once."""
    pytest.importorskip("wandb_workspaces")
    with (sweep / "out").open("w") as out:
        report.write(sweep, out)
    with FakeWandb() as server:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setattr("sys.argv", ["dashboard", str(sweep)])
        dashboard.main()
    assert f"the dashboard is at {server.url}/me/memctl?nw=" in capsys.readouterr().out
    (view,) = server.views
    assert (view["entityName"], view["projectName"]) == ("me", "memctl")
    assert json.loads(view["spec"])["section"]["panelBankConfig"]["sections"]
    (run,) = (run for run in server.runs.values() if run.bucket.get("jobType") == "sweep")
    assert run.complete
    assert run.bucket["groupName"] == sweep.name
    tables = {
        name.split("/")[-1].rpartition("_")[0]: json.loads(text)
        for name, text in run.files.items()
        if name.startswith("media/table/")
    }
    (yardsticks,) = (t for name, t in tables.items() if name.startswith("yardsticks"))
    (record,) = read(sweep).records.values()
    known = {(y, m): v for _, y, m, v, *_ in yardsticks["data"]}
    for name, readings in record["yardsticks"].items():
        for metric, measure in readings.items():
            assert known[name, metric] == measure["value"]
    page = (sweep / "report" / "index.html").read_bytes()
    assert page in [text for sent in server.runs.values() for text in sent.files.values()]


def test_without_a_key_it_says_how_to_get_one(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["dashboard", str(sweep)])
    with pytest.raises(SystemExit, match="`wandb login` leaves a key"):
        dashboard.main()


def test_a_sweep_without_a_copy_has_none(sweep: Path) -> None:
    assert sweep_run.send(sweep, Logger(mode="disabled")).run is None
    assert not (sweep / "wandb").exists()
