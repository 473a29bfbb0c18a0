"""A sweep of two cells as a user starts it on a cluster, and what it leaves."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
RUNS = ("cl100_ch1000_s0", "cl900_ch1000_s0")
# Long enough to be interrupted, seconds.
LONG = ("control.epochs=100", "trainer.checkpoint_seconds=0.5", "hydra.sweeper.references=[]")
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
        code = self.process.wait(timeout=240)
        self.out.close()
        text = (self.runs / "out.txt").read_text()
        assert "Traceback" not in text, text
        return code, text

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()


def until_both_can_go_on(command: Command) -> None:
    """Wait until both runs have saved something, or the command has ended, which it must not."""
    places = [place(command.runs, run) / "resume.ckpt" for run in RUNS]
    end = time.monotonic() + 240
    while not all(path.exists() for path in places):
        assert command.process.poll() is None, (command.runs / "out.txt").read_text()
        assert time.monotonic() < end, (command.runs / "out.txt").read_text()
        time.sleep(0.05)


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
