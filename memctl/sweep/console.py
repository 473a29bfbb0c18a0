"""What a sweep shows while it runs: each run as it ends, and how far the whole is, with the time
left.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memctl.runs.folder import RunFolder
from memctl.runs.progress import duration

STILL = 60.0  # seconds without a move that are said
EVERY = 30.0  # seconds between lines where there is no terminal


class Console:
    """Shows the progress of runs by their status.json.

    Args:
        directories: Of the runs, in launch order.
        slots: Runs at once.
    """

    def __init__(self, directories: Sequence[Path], slots: int) -> None:
        self.directories, self.slots = list(directories), slots
        self.shown = self.ticked = time.monotonic()
        self.busy = 0.0  # seconds of work, added up over the slots
        self.first: float | None = None
        self.ended: dict[Path, bool] = {}
        self.moved: dict[Path, tuple[Any, float]] = {}  # how far it was when it last moved
        self.tty = sys.stdout.isatty()

    def finish(self, directory: Path, took: float, problem: str | None) -> None:
        """A run has ended: well, or with a problem."""
        self.ended[directory] = problem is None
        text = f"[{len(self.ended)}/{len(self.directories)}] {directory.name}: " + (
            problem or f"done in {duration(took)}"
        )
        print(("\r\x1b[K" if self.tty else "") + text + self.time_left(), flush=True)
        self.shown = time.monotonic()

    def tick(self, running: Sequence[Path]) -> None:
        """Show where the running ones are."""
        now = time.monotonic()
        now_at = {d: RunFolder(d).status() or {} for d in running}
        base = self.base(list(now_at.values()))
        # While a base is made one process works and the others wait for it.
        self.busy += (now - self.ticked) * (1 if base else len(running))
        self.ticked = now
        if self.first is None:
            self.first = sum(self.work()[::2])  # what earlier commands did is not this one's speed
        still = {d: self.still(d, status, now) for d, status in now_at.items()}
        if not self.tty and now - self.shown < EVERY:
            return
        self.shown = now
        parts = [stage_of(d, status) + still[d] for d, status in now_at.items()]
        if base:
            place = Path(base["place"])
            parts = [
                f"base {base['done'] / base['total']:.0%} (runs wait for it)"
                + self.still(place, base, now)
            ]
        text = (
            f"{len(self.ended)}/{len(self.directories)} ended; now"
            f" {', '.join(parts)}{self.time_left()}"
        )
        print(
            f"\r\x1b[K{text[:150]}" if self.tty else text, end="" if self.tty else "\n", flush=True
        )

    def still(self, directory: Path, status: Mapping[str, Any], now: float) -> str:
        """`, nothing moved for 2 min 10 s`, where its work has been as far for a minute, by this
        process's clock.
        """
        at = [status.get(key) for key in ("attempt", "stage", "done")]
        before, since = self.moved.get(directory, (None, now))
        if before != at:
            self.moved[directory] = (at, since := now)
        return f", nothing moved for {duration(now - since)}" if now - since >= STILL else ""

    def time_left(self) -> str:
        """`; about 3 min left`: the work that is left at the speed of one slot so far, the runs'
        share over all slots.
        """
        runs_done, runs_total, base_done, base_total = self.work()
        done = runs_done + base_done - (self.first or 0)
        if done <= 0 or self.busy < 5 or len(self.ended) == len(self.directories):
            return ""
        left = (base_total - base_done) + (runs_total - runs_done) / self.slots
        return f"; about {duration(left * self.busy / done)} left"

    def work(self) -> tuple[float, float, float, float]:
        """Runs' work done and in all, bases' work done and in all; a run not yet started counts as
        the mean of the known.
        """
        known = [
            RunFolder(d).status() if self.ended.get(d, True) else None for d in self.directories
        ]
        totals = [s["total"] for s in known if s]
        mean = sum(totals) / len(totals) if totals else 1.0
        total = sum(
            s["total"] if s else (0.0 if d in self.ended else mean)
            for d, s in zip(self.directories, known, strict=True)
        )
        bases = self.bases(known)
        return (
            sum(s["done"] for s in known if s),
            total,
            sum(s["done"] for s in bases),
            sum(s["total"] for s in bases),
        )

    def base(self, runs: Sequence[dict[str, Any] | None]) -> dict[str, Any] | None:
        """The status of a base that is being made for one of these runs."""
        return next((status for status in self.bases(runs) if status["state"] == "running"), None)

    def bases(self, runs: Sequence[dict[str, Any] | None]) -> list[dict[str, Any]]:
        """The status of each base that some of these runs start from and that is or was trained
        here.
        """
        folders = sorted({s["base"] for s in runs if s and s.get("base")})
        known = ((place, RunFolder(Path(place)).status()) for place in folders)
        return [{**status, "place": place} for place, status in known if status]


def stage_of(directory: Path, current: Mapping[str, Any]) -> str:
    """`cl100_ch200_s0 generate 80%`."""
    stage = current.get("stage", "start")
    share = f" {current['done'] / current['total']:.0%}" if stage in ("control", "generate") else ""
    return f"{directory.name} {stage}{share}"
