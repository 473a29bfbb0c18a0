"""What a sweep shows while it runs: each run as it ends, and how far the whole is, with the time left."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memctl.results import run as folder
from memctl.results.progress import duration

EVERY = 30.0  # seconds between lines where there is no terminal


class Console:
    """Shows the progress of runs by their status.json.

    Args:
        directories: Of the runs, in launch order.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self.directories = list(directories)
        self.started = time.monotonic()
        self.first: float | None = None
        self.shown = self.started
        self.ended: dict[Path, bool] = {}
        self.tty = sys.stdout.isatty()

    def finish(self, directory: Path, took: float, problem: str | None) -> None:
        """A run has ended: well, or with a problem."""
        self.ended[directory] = problem is None
        text = f"[{len(self.ended)}/{len(self.directories)}] {directory.name}: " + (problem or f"done in {duration(took)}")
        print(("\r\x1b[K" if self.tty else "") + text + self.remaining(), flush=True)
        self.shown = time.monotonic()

    def tick(self, running: Sequence[Path]) -> None:
        """Show where the running ones are."""
        if not self.tty and time.monotonic() - self.shown < EVERY:
            return
        self.shown = time.monotonic()
        parts = []
        for directory in running:
            current = folder.status(directory) or {}
            stage, done, total = current.get("stage", "start"), current.get("done", 0), current.get("total", 1)
            parts.append(f"{directory.name} {stage}" + (f" {done / total:.0%}" if stage not in ("base", "start") else ""))
        for current in self.bases([folder.status(d) for d in running]):
            if current["state"] == "running":
                parts = [f"base {current['done'] / current['total']:.0%}, runs wait for it"]
        text = f"{len(self.ended)}/{len(self.directories)} ended; now {', '.join(parts)}{self.remaining()}"
        print(f"\r\x1b[K{text[:150]}" if self.tty else text, end="" if self.tty else "\n", flush=True)

    def remaining(self) -> str:
        """`; about 3 min left`, from the work done so far and the work of all, in network passes."""
        done, total = self.work()
        if self.first is None:
            self.first = done  # what earlier commands did is not this one's speed
        elapsed = time.monotonic() - self.started
        rate = (done - self.first) / max(elapsed, 1e-9)
        if rate <= 0 or elapsed < 5 or len(self.ended) == len(self.directories):
            return ""
        return f"; about {duration((total - done) / rate)} left"

    def work(self) -> tuple[float, float]:
        """Work done and work of all; a run not yet started counts as the mean of the known ones."""
        known = [folder.status(d) if d not in self.ended or self.ended[d] else None for d in self.directories]
        totals = [s["total"] for s in known if s]
        mean = sum(totals) / len(totals) if totals else 1.0
        done = sum(s["done"] for s in known if s)
        total = sum(s["total"] if s else (0.0 if d in self.ended else mean) for d, s in zip(self.directories, known, strict=True))
        for status in self.bases(known):
            done, total = done + status["done"], total + status["total"]
        return done, max(total, done)

    def bases(self, runs: Sequence[dict[str, Any] | None]) -> list[dict[str, Any]]:
        """The status of each base that some of these runs start from and that is or was trained here."""
        folders = sorted({s["base"] for s in runs if s and s.get("base")})
        return [status for status in map(folder.status, map(Path, folders)) if status]
