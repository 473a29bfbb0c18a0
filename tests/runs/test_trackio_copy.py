"""Trackio: its project holds what W&B's run would, in the sweep's folder."""

import json
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing

import pytest

from memctl.config import ranges
from memctl.experiment import Experiment
from memctl.reporting import report, sweep_run
from memctl.runs import content
from memctl.stages import run as stages
from tests.conftest import BLANK, LONG


@LONG
@BLANK
def test_the_project_holds_every_number(
    finished_run: Callable[..., Experiment],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Once, however often a run is measured; with what the sweep's report has in a run of its
    own.
    """
    pytest.importorskip("trackio")
    for module in [m for m in sys.modules if m.partition(".")[0] == "trackio"]:
        monkeypatch.delitem(sys.modules, module)  # it reads its folder when it is imported
    for name in ("TRACKIO_DIR", "TRACKIO_SQLITE_JOURNAL_MODE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for repeats in (21, 22):
        e = finished_run("logger.mode=trackio", f"metrics.repeats={repeats}")
        record = stages.run(e)
    sweep = e.sweep_directory
    with (sweep / "out").open("w") as out:
        report.write(sweep, out)
    sweep_run.send(sweep, e.config.logger)
    shown = f"Trackio: `TRACKIO_DIR={sweep}/trackio trackio show --project {sweep.name}` shows"
    said = capfd.readouterr().err
    assert all(f"{shown} {name}\n" in said for name in (e.name, sweep.name))
    assert not list(sweep.rglob("wandb"))
    with closing(sqlite3.connect(sweep / "trackio" / f"{sweep.name}.db")) as base:
        logged = list(base.execute("select run_name, metrics from metrics"))
        configs = dict(base.execute("select run_name, config from configs"))
    assert {name for name, _ in logged} == {e.name, sweep.name}
    assert json.loads(configs[e.name])["ci.low"] == 700
    held: dict[str, list] = {}
    for row in (json.loads(metrics) for name, metrics in logged if name == e.name):
        for key, value in row.items():
            held.setdefault(key, []).append(value)
    for name, value in content.values(record).items():
        if value is not None:
            assert held[name] == [value], name
    assert held["control/step"] == [3, 6, 9]
    assert held["pictures/samples"][0]["_type"] == "trackio.image"
    assert held["tables/timesteps"][0]["_type"] == "trackio.table"


def test_where_it_is_not_installed_one_message_says_so(
    experiment: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "find_spec", lambda name: None)
    ranges.check_logger(experiment().config.logger)
    wanted = experiment("logger.mode=trackio").config.logger
    with pytest.raises(ranges.UserError, match=re.escape("pip install 'memctl[trackio]'")):
        ranges.check_logger(wanted)
