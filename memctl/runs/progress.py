"""How far a run is, in passes of one record through the network: written to status.json, shown on
the terminal.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from memctl.errors import UserError
from memctl.runs.folder import RunFolder
from memctl.runs.pace import Pace
from memctl.runs.status import Status


def duration(seconds: float) -> str:
    """`42 s`, `3 min 10 s`, `2 h 05 min`."""
    s = round(seconds)
    if s < 60:
        return f"{s} s"
    return (
        f"{s // 60} min {s % 60:02d} s" if s < 3600 else f"{s // 3600} h {s % 3600 // 60:02d} min"
    )


class Progress:
    """Counts work done against the work of the whole run.

    Args:
        folder: Where status.json is kept.
        status: Its content; `done` and `total` are in network passes.
        title: What the terminal calls it.
    """

    def __init__(self, folder: RunFolder, status: Status, title: str) -> None:
        self.folder, self.status, self.title = folder, status, title
        self.saved = self.shown = 0.0
        self.begun: tuple[float, float] | None = None
        self.pace = Pace()
        self.tty = sys.stderr.isatty()
        if self.tty:  # in a sweep nobody looks
            for path in folder.path.parent.glob("*/status.json"):
                self.pace.learn(path.parent.name, RunFolder(path.parent).status() or {})

    def stage(self, name: str, done: float | None = None) -> None:
        """Enter a stage; `done` sets the count where a stage was resumed or skipped."""
        self.status.stage = name
        self.begun = None
        if done is not None:
            self.status.done = done
        self.status.at = self.status.done
        self.save()
        if self.tty and self.shown:
            self.show(time.monotonic())

    def advance(self, work: float) -> None:
        """Count `work` as done; writes and shows it when enough time has passed."""
        now = time.monotonic()
        self.status.done += work
        # From the first call's end: it counts what an earlier attempt did, too.
        self.begun = self.begun or (now, self.status.done)
        if now - self.saved >= 0.5:
            self.save(sync=False)
        if now - self.shown >= (0.5 if self.tty else 15):
            self.show(now)

    def save(self, sync: bool = True) -> None:
        self.saved = time.monotonic()
        self.folder.save(self.status, sync)

    def show(self, now: float) -> None:
        self.shown = now
        text = (
            f"{self.title}: {self.status.stage},"
            f" {min(self.status.done / self.status.total, 1):.0%}{self.time_left(now)}"
        )
        if self.tty:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{text[:width]}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def time_left(self, now: float) -> str:
        """`, 3 min 10 s left`, where there is a speed to tell it by."""
        start, done = self.begun or (now, self.status.done)
        rate = (self.status.done - done) / max(now - start, 1e-9)
        if not rate or now - start <= 2:
            return ""
        return f", {duration(self.pace.left(asdict(self.status), now - start, rate))} left"

    def clear(self) -> None:
        """Leave a clean terminal line."""
        if self.tty and self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def witnessed(progress: Progress) -> Iterator[Progress]:
    """Work that ends as done or failed in status.json; one that is interrupted or killed stays
    `running` there.
    """
    status = progress.status
    try:
        progress.save()
        yield progress
    except Exception as error:
        status.state, status.message = "failed", str(error) or type(error).__name__
        with suppress(UserError):  # a full disk must not hide what went wrong first
            progress.save()
        raise
    else:
        status.state, status.done = "done", status.total
        progress.save()
    finally:
        progress.clear()
