"""W&B online, against a server of ours: what a run has arrives; a server that refuses, dies or is
slow costs the run nothing, and what did not arrive can be sent later.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memctl.config import Logger
from memctl.experiment import Experiment
from memctl.runs import content, wandb_copy
from memctl.runs.wandb_copies import unsent
from memctl.runs.wandb_copy import Identity, WandbCopy
from memctl.stages import run as stages
from tests.conftest import LONG
from tests.fake_wandb import KEY, FakeWandb, Sent

NAMED = Identity(name="n", group="g", run_id="abc", job_type="control", config={"seed": 3})
ROWS = [{"stage": "control", "step": step, "loss": 1 / step} for step in range(1, 6)]
pytestmark = [
    LONG,
    pytest.mark.usefixtures("blank_pictures", "keyless"),
    # Of W&B's threads, whose process was ended; pytest has its own hook for them.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeWandb], None]:
    """Makes a server the user's, who has a key for it."""

    def use(server: FakeWandb) -> None:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)

    return use


def column(run: Sent, name: str) -> list[Any]:
    """What has arrived of one curve, in the order of its rows."""
    return [row[name] for row in run.history if name in row]


def sync(*paths: str) -> None:
    """The command that the user is told, in a shell of theirs."""
    command = [sys.executable, "-m", "wandb", "sync", *paths]
    environment = {**os.environ, "WANDB_DIR": str(Path(paths[-1]).parent)}  # else it logs into .
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)


def test_a_run_is_online_from_its_start_to_its_record(
    experiment: Callable[..., Experiment],
    ask: Callable[[FakeWandb], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    e = experiment("logger.mode=auto", "probe.examples=8", "probe.bins=4")
    with FakeWandb() as server:
        ask(server)
        record = stages.run(e)
    (run,) = (run for run in server.runs.values() if run.bucket.get("displayName") == e.name)
    assert run.complete
    assert run.bucket["groupName"] == e.config.sweep.name
    assert run.bucket["jobType"] == "control"
    for name, value in content.values(record).items():
        if value is not None:
            assert run.summary[name] == value, name
    assert column(run, "control/step") == [3, 6, 9]
    assert column(run, "probe/gap") == [row["gap"] for row in record["probe"]]
    assert run.config["split"] == record["split"]
    assert run.config["ci"]["low"] == 700
    assert {p.suffix for p in map(Path, run.files)} >= {".png", ".json"}
    out = capfd.readouterr()
    (line,) = [line for line in out.err.splitlines() if line.startswith("W&B: ")]
    assert re.fullmatch(rf"W&B: {e.name} is at {server.url}/me/memctl/runs/\w+", line)
    texts = [path.read_bytes() for path in e.runs.rglob("*") if path.is_file()]
    assert not [
        text for text in (*texts, out.out.encode(), out.err.encode()) if KEY.encode() in text
    ]


def test_a_run_that_goes_on_sends_what_the_server_lacks(
    ask: Callable[[FakeWandb], None], tmp_path: Path
) -> None:
    with FakeWandb() as server:
        ask(server)
        first = WandbCopy(Logger(), tmp_path / "n", NAMED)
        for row in ROWS[:2]:
            first.log(row)
        first.finish(failed=True)
        again = WandbCopy(Logger(), tmp_path / "n", NAMED, ROWS[:4])
        again.log(ROWS[4])
        again.finish()
    assert column(server.runs["abc"], "control/step") == [1, 2, 3, 4, 5]


def test_an_offline_sweep_is_sent_by_the_command_that_is_told(
    ask: Callable[[FakeWandb], None], tmp_path: Path
) -> None:
    """And once it is sent, nothing is told any more."""
    sweep = tmp_path / "my sweep"
    copy = WandbCopy(Logger(mode="offline"), sweep / "n", NAMED, ROWS)
    copy.add({"metrics/f_mem": 0.25, "verdict": "COPYING"}, {}, {"probe": [{"t_low": 1}]}, {})
    copy.finish()
    for folder, run_id in ((sweep / "m", "abd"), (sweep, "sss")):
        WandbCopy(Logger(mode="offline"), folder, replace(NAMED, run_id=run_id)).finish()
    told = unsent(sweep)
    assert told.startswith("W&B: 3 of 3 runs were not sent; `wandb sync ")
    (command,) = re.findall(r"`wandb (.*)`", told)
    with FakeWandb() as server:
        ask(server)
        run_it = f"{shlex.quote(sys.executable)} -m wandb {command}"
        subprocess.run(run_it, shell=True, check=True, capture_output=True, timeout=60)
    assert unsent(sweep) == ""
    assert {name for name, run in server.runs.items() if run.complete} == {"abc", "abd", "sss"}
    run = server.runs["abc"]
    assert run.config["seed"] == 3
    assert column(run, "control/loss") == [row["loss"] for row in ROWS]
    assert (run.summary["metrics/f_mem"], run.summary["verdict"]) == (0.25, "COPYING")
    (table,) = (text for name, text in run.files.items() if "tables/probe" in name)
    assert json.loads(table) == {"columns": ["t_low"], "data": [[1]]}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_server_that_refuses_costs_one_line(
    status: int,
    ask: Callable[[FakeWandb], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(wandb_copy, "PATIENCE", 2)
    with FakeWandb(status=status) as server:
        ask(server)
        for name in ("one", "two"):  # the second does not ask
            copy = WandbCopy(Logger(), tmp_path / name, NAMED, ROWS)
            copy.finish()
            assert copy.mode == "offline"
            assert len([*(tmp_path / name).glob("wandb/offline-run-*-abc")]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("W&B: ")]
    assert [re.findall(r"`wandb sync (.*)`", line) for line in lines] == [
        [],
        [str(next(tmp_path.glob("one/wandb/offline-run-*-abc")))],
        [str(next(tmp_path.glob("two/wandb/offline-run-*-abc")))],
    ]


@pytest.mark.parametrize("left", [2, 5, 9])
def test_a_server_that_dies_loses_nothing(
    left: int,
    ask: Callable[[FakeWandb], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """And the command that the user is told sends the rest."""
    monkeypatch.setattr(wandb_copy, "PATIENCE", 2)
    monkeypatch.setattr(wandb_copy, "LEAVE", 2)
    with FakeWandb(left=left) as server:
        ask(server)
        began = time.monotonic()
        copy = WandbCopy(Logger(), tmp_path / "n", NAMED)
        for row in ROWS:
            copy.log(row)
        time.sleep(0.5)
        copy.add({"metrics/f_mem": 0.25}, {}, {"probe": [{"t_low": 1}]}, {})
        copy.finish()
        assert time.monotonic() - began < 20
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("W&B: ")]
    assert copy.run is None
    (told,) = re.findall(r"`wandb sync (.*)`", lines[-1])
    with FakeWandb() as later:
        ask(later)
        sync(*told.split())
    assert column(later.runs["abc"], "control/loss") == [row["loss"] for row in ROWS]
    assert later.runs["abc"].summary["metrics/f_mem"] == 0.25


def test_a_slow_server_gets_everything(ask: Callable[[FakeWandb], None], tmp_path: Path) -> None:
    with FakeWandb(delay=0.3) as server:
        ask(server)
        copy = WandbCopy(Logger(), tmp_path / "n", NAMED)
        copy.log(ROWS[0])
        began = time.monotonic()
        for row in ROWS[1:]:
            copy.log(row)
        assert time.monotonic() - began < 0.3  # no step waits for an answer
        copy.add({"metrics/f_mem": 0.25}, {}, {}, {})
        copy.finish()
    assert column(server.runs["abc"], "control/loss") == [row["loss"] for row in ROWS]
    assert server.runs["abc"].summary["metrics/f_mem"] == 0.25
