"""The local launcher: one run a device, fresh processes, no failure stops the rest; Ctrl-C drains,
and SIGTERM stops.

No torch needed.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LONG
from tests.tiny_task import alive, parent, until

pytestmark = LONG

ROOT = Path(__file__).resolve().parents[2]
INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL


class Sweep:
    """A sweep of the tiny app into a folder, in a process group of its own."""

    def __init__(self, folder: Path, *overrides: str, sigint: str = "heard") -> None:
        self.folder = folder
        self.log = (folder / "out.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tiny_app", "-m", *overrides],
            cwd=ROOT,
            env={**os.environ, "TINY": str(folder), "TINY_SIGINT": sigint},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def notes(self, name: str = "ended") -> dict[str, Any]:
        """What the runs noted, by their number."""
        files = sorted(self.folder.glob(f"*/{name}.json"))
        return {path.parent.name: json.loads(path.read_text()) for path in files}

    def until_begun(self, runs: int) -> None:
        until(lambda: len(self.notes("began")) == runs or self.process.poll() is not None)
        assert len(self.notes("began")) == runs, self.out

    @property
    def out(self) -> str:
        return (self.folder / "out.txt").read_text()

    def end(self) -> int:
        """Its exit code; no run of it is left."""
        code = self.process.wait()
        self.log.close()
        until(lambda: not any(alive(note) for note in self.notes("began").values()))
        return code


def test_one_run_a_device_in_a_fresh_process(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "n=0,1,2,3,4", "what=wait", "hydra.launcher.devices=[7,GPU-8a]")
    sweep.until_begun(2)
    (tmp_path / "go").touch()
    assert sweep.end() == 0, sweep.out
    ran, begun = sweep.notes(), sweep.notes("began").values()
    assert {r["device"] for r in ran.values()} == {"7", "GPU-8a"}
    device = {r["pid"]: r["device"] for r in ran.values()}
    assert len(device) == len(ran) == 5
    assert [r for r in begun if r["device"] in [device[pid] for pid in r["beside"]]] == []
    assert "2 at once (GPU 7, GPU-8a)" in sweep.out
    assert "[5/5]" in sweep.out


def test_two_runs_share_a_device_when_told(tmp_path: Path) -> None:
    share = ["hydra.launcher.devices=[3]", "hydra.launcher.per_device=2"]
    sweep = Sweep(tmp_path, "n=0,1", "what=meet", *share)
    assert sweep.end() == 0, sweep.out
    assert [r["device"] for r in sweep.notes().values()] == ["3", "3"]


def test_a_run_that_fails_never_stops_the_others(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "what=ok,raise,kill,busy", "n=0,1", "hydra.launcher.devices=[0]")
    assert sweep.end() == 1
    assert len(sweep.notes("began")) == 8
    assert len(sweep.notes()) == 2
    assert sweep.out.count("FAILED: exit code 1 (see") == 2
    assert sweep.out.count("killed by SIGKILL, as by a machine that is out of memory: run") == 2
    assert sweep.out.count(": at work in another process\n") == 2
    for number, what in ((2, "raise"), (4, "kill")):
        log = (tmp_path / str(number) / "log.txt").read_text()
        assert "a line for the log" in log
        assert ("RuntimeError: as told" in log) == (what == "raise")


def test_ctrl_c_lets_the_running_finish_and_starts_no_more(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "n=0,1,2,3", "what=wait", "hydra.launcher.devices=[0]")
    sweep.until_begun(1)
    sweep.process.send_signal(INT)
    until(lambda: "Ctrl-C" in sweep.out)
    (tmp_path / "go").touch()
    assert sweep.end() != 0
    assert len(sweep.notes()) == len(sweep.notes("began")) == 1


def test_a_ctrl_c_while_the_fork_server_starts_is_heard_by_the_launcher_alone(
    tmp_path: Path,
) -> None:
    sweep = Sweep(tmp_path, "n=0,1,2", "what=ok", "hydra.launcher.devices=[0]", sigint="early")
    assert sweep.end() != 0
    assert len(sweep.notes()) <= 1
    assert "Ctrl-C: the running ones finish" in sweep.out
    assert "KeyboardInterrupt" not in sweep.out


@pytest.mark.parametrize(
    ("signals", "sigint", "what", "code"),
    [
        ([INT, INT], "heard", "wait", 130),
        ([INT, INT, INT], "heard", "deaf", 130),
        ([TERM], "heard", "wait", 143),
        ([INT, TERM], "ignored", "wait", 143),
        ([TERM, TERM], "ignored", "deaf", 143),
        ([KILL], "heard", "wait", -9),
    ],
    ids=["Ctrl-C twice", "three times", "SIGTERM", "in the background", "deaf runs", "SIGKILL"],
)
def test_no_run_outlives_the_launcher(
    tmp_path: Path, signals: list[int], sigint: str, what: str, code: int
) -> None:
    """At a stop the runs may save; those that do not listen are killed."""
    sweep = Sweep(
        tmp_path, "n=0,1,2", f"what={what}", "hydra.launcher.devices=[0,1]", sigint=sigint
    )
    sweep.until_begun(2)
    for count, number in enumerate(signals, 1):
        sweep.process.send_signal(number)
        if count < len(signals) and not (sigint == "ignored" and number == INT):
            until(lambda count=count: sweep.out.count("Again: ") == count)
    assert sweep.end() == code, sweep.out
    assert len(sweep.notes("began")) == 2
    assert sweep.notes() == {}
    assert len(sweep.notes("saved")) == (2 if what == "wait" and number != KILL else 0)
    assert "Traceback" not in sweep.out
    assert sweep.out.count("Ctrl-C:") == (sigint == "heard" and INT in signals)


@pytest.mark.slow
def test_runs_outlive_their_fork_server_and_are_not_started_twice(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "n=0,1,2", "what=wait", "hydra.launcher.devices=[0,1]")
    sweep.until_begun(2)
    os.kill(parent(sweep.notes("began")["0"]["pid"]), KILL)
    time.sleep(0.5)
    assert len(sweep.notes("began")) == 2
    (tmp_path / "go").touch()
    assert sweep.end() == 0, sweep.out
    assert len(sweep.notes()) == 3
    assert sweep.out.count(": done in") == 3


@pytest.mark.slow
def test_a_run_whose_time_is_up_saves_and_ends_or_is_killed(tmp_path: Path) -> None:
    how = ["hydra.launcher.devices=[0,1]", "hydra.launcher.limit_minutes=0.01"]
    sweep = Sweep(tmp_path, "n=0,1", "what=wait,deaf", *how)
    assert sweep.end() == 1
    assert sweep.out.count(": stopped after 0.01 min, hydra.launcher.limit_minutes (see") == 4
    assert (len(sweep.notes("began")), len(sweep.notes("saved"))) == (4, 2)
