"""A sweep's W&B run and workspace, offline and against a server of ours."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from memctl import dashboard
from memctl.analysis.sweep_results import read
from memctl.config import Logger
from memctl.experiment import Experiment
from memctl.reporting import dashboard as panels
from memctl.reporting import interactive, report, sweep_run
from memctl.reporting.anchor import Anchor
from memctl.reporting.heatmaps import Map
from tests.conftest import LONG
from tests.fake_wandb import KEY, FakeWandb
from tests.offline_log import read_back
from tests.page_sweep import page_sweep

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
def test_the_report_has_question_answer_scorecard_and_maps(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built with no server, for any entity; a sweep's name is no part of a filter's grammar."""
    pytest.importorskip("wandb_workspaces")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    known = read(page_sweep(finished, tmp_path / 'it\'s "s" and 1'))
    spec = panels.specification(panels.report(known, "me", "ours", "http://there"))["spec"]
    blocks = [block for block in spec["blocks"] if block["type"] != "panel-grid"]
    texts = [json.dumps(block["children"]) for block in blocks]
    assert "Does the interval of diffusion steps" in texts[2]
    assert "copy single training examples" in texts[3]
    assert any("http://there" in text for text in texts)
    (card,) = (block["content"] for block in blocks if block["type"] == "markdown-block")
    assert "| \u2713 reproduced | the distance" in card or "not reproduced | the distance" in card
    own, runs = (b["metadata"] for b in spec["blocks"] if b["type"] == "panel-grid")
    filters = [f["value"] for f in own["runSets"][0]["filters"]["filters"]]
    assert filters == [known.directory.name, "sweep"]
    assert [f["value"] for f in runs["runSets"][0]["filters"]["filters"]] == filters[:1]
    section = panels.specification(panels.workspace(known, "me", "ours"))["spec"]["section"]
    assert section["runSets"][0]["filters"]["filters"][0]["value"] == filters[0]
    shown = [p["config"].get("mediaKeys") for p in own["panelBankSectionConfig"]["panels"]]
    assert ["heatmaps/dcr_share"] in shown
    assert ["heatmaps/f_mem"] not in shown  # it is 0 in all cells


@LONG
def test_the_sweeps_run_holds_maps_tables_and_page(finished: Path, tmp_path: Path) -> None:
    """Read back from the offline log."""
    sweep = page_sweep(finished, tmp_path / "s")
    with (tmp_path / "out").open("w") as out:
        report.write(sweep, out)
    sweep_run.send(sweep, Logger(mode="offline"))
    records = read_back(sweep)
    rows = [r["history"]["item"] for r in records if r["type"] == "history"]
    items = {key: value for row in rows for key, value in row.items()}
    (folder,) = sweep.glob("wandb/offline-run-*/files")
    held = lambda name: json.loads((folder / items[f"{name}.path"]).read_text())
    assert items["heatmaps/dcr_share._type"] == "plotly-file"
    (cells,) = held("heatmaps/dcr_share")["data"]
    table = read(sweep).cells
    for row in table.to_dict("records"):
        at = cells["y"].index(f"{row['high']:g}"), cells["x"].index(f"{row['low']:g}")
        assert cells["z"][at[0]][at[1]] == row["metrics/dcr_share"]
    assert sum(v is not None for line in cells["z"] for v in line) == len(table) == 8
    assert len(held("tables/scorecard")["data"]) == len(
        (sweep / "report" / "scorecard.csv").read_text().splitlines()[1:]
    )
    assert "x" in held("front")["data"][0]
    assert len(held("tables/table")["data"]) == 9
    page = (sweep / "report" / "index.html").read_bytes()
    assert (folder / items["report.path"]).read_bytes() == page
    assert any("artifact" in record for record in records)


def test_an_interactive_map_has_the_pictures_colours_and_is_white_on_the_floor() -> None:
    cells = [(100, 300, 0.4), (100, 500, 0.52), (300, 500, 0.7), (300, 700, np.nan)]
    content = Map("m: t", cells, (0.45, 0.55), {"copies": 1.0})
    made = interactive.heatmap(content)
    (drawn,) = made["data"]
    assert drawn["z"] == [[0.4, None], [0.52, 0.7], [None, None]]
    assert "of 3 cells 1 above, 1 below, 1 as fresh data" in made["layout"]["title"]["text"]
    anchor = Anchor.of(content.values, content.floor)
    places = [place for place, _ in drawn["colorscale"]]
    assert (places[0], places[-1]) == (0, 1)
    assert places == sorted(places)
    for place, shade in drawn["colorscale"]:
        value = drawn["zmin"] + place * (drawn["zmax"] - drawn["zmin"])
        assert to_rgb(shade) == pytest.approx(anchor.shades(value)[:3], abs=1 / 255)
    white = [p for p, shade in drawn["colorscale"] if shade == "#ffffff"]
    span = drawn["zmax"] - drawn["zmin"]
    ends = [(end - drawn["zmin"]) / span for end in content.floor]
    assert (white[0], white[-1]) == pytest.approx(ends)


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
    said = capsys.readouterr().out
    assert f"the dashboard is at {server.url}/me/memctl?nw=" in said
    assert f"the report is at {server.url}/me/memctl/reports/sweep-{sweep.name}--r" in said
    view, text = server.views
    assert text["type"] == "runs"  # W&B's word for a report
    assert f"{server.url}/me/memctl?nw=" in text["spec"]
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
