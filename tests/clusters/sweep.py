"""A sweep of two cells as a user starts it on a cluster, and what it leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
RUNS = ("cl100_ch1000_s0", "cl900_ch1000_s0")
# Long enough to be interrupted, seconds.
LONG = ("control.epochs=150", "trainer.checkpoint_seconds=0.5", "hydra.sweeper.references=[]")
PATIENCE = 600  # seconds for what takes a few where nothing else is at work
CELLS = ("ci.low=100,900", "ci.high=1000", "sweep.name=s", "trainer.accelerator=cpu")


class Command:
    """The sweep's command in a process of its own, which `env` tells where the cluster is."""

    def __init__(self, runs: Path, *overrides: str, env: dict[str, str] | None = None) -> None:
        self.runs = runs
        runs.mkdir(exist_ok=True)
        self.out = (runs / "out.txt").open("a+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "memctl.train", "-m", *TINY, *CELLS, *LONG, *overrides],
            cwd=ROOT,
            env={**os.environ, **(env or {}), "MEMCTL_RUNS": str(runs), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def end(self) -> tuple[int, str]:
        """Its exit code, and all that was printed into the folder so far."""
        code = self.process.wait(timeout=PATIENCE)
        self.out.close()
        text = (self.runs / "out.txt").read_text()
        assert "Traceback" not in text, text
        return code, text

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until it is so, or the command has ended, which it must not."""
        end = time.monotonic() + PATIENCE
        while not so():
            assert self.process.poll() is None, (self.runs / "out.txt").read_text()
            assert time.monotonic() < end, (self.runs / "out.txt").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()


def until_both_can_go_on(command: Command) -> None:
    """Wait until both runs have saved something."""
    places = [place(command.runs, run) / "resume.ckpt" for run in RUNS]
    command.until(lambda: all(path.exists() for path in places))


def numbers(runs: Path) -> dict[str, Any]:
    """All that a sweep measured and generated."""
    found = {}
    for name in RUNS:
        folder = runs / "s" / name
        record = json.loads((folder / "record.json").read_text())
        found[name] = record["metrics"], (folder / "samples.npy").read_bytes()
    return found


def place(runs: Path, run: str) -> Path:
    return runs / "s" / run


def status(runs: Path, run: str) -> dict[str, Any]:
    return json.loads((place(runs, run) / "status.json").read_text())


def attempts(runs: Path) -> list[int]:
    """How often each run was begun; 0 where it was not."""
    paths = [place(runs, run) / "status.json" for run in RUNS]
    return [json.loads(path.read_text())["attempt"] if path.exists() else 0 for path in paths]


def end_all(mark: str) -> None:
    """Kill what still runs with this text, a folder of ours, in its environment: whatever became of
    a test, nothing of its cluster outlives it.
    """
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                os.kill(int(path.parent.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):  # another user's, or gone
            continue
