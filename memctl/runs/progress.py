"""How far a run is, in passes of one record through the network: written to status.json, shown on
the terminal.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from memctl.errors import UserError
from memctl.runs.folder import RunFolder, Status


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

    def stage(self, name: str, done: float | None = None) -> None:
        """Enter a stage; `done` sets the count where a stage was resumed or skipped."""
        self.status.stage = name
        if done is not None:
            self.status.done = done
            self.begun = None
        self.save()

    def advance(self, work: float) -> None:
        """Count `work` as done; writes and shows it when enough time has passed."""
        now = time.monotonic()
        self.begun = self.begun or (now, self.status.done)
        self.status.done += work
        if now - self.saved >= 0.5:
            self.save(sync=False)
        if now - self.shown >= (0.5 if sys.stderr.isatty() else 15):
            self.show(now)

    def save(self, sync: bool = True) -> None:
        self.saved = time.monotonic()
        self.folder.save(self.status, sync)

    def show(self, now: float) -> None:
        self.shown = now
        assert self.begun is not None
        start, done = self.begun
        rate = (self.status.done - done) / max(now - start, 1e-9)
        left = (
            f", {duration((self.status.total - self.status.done) / rate)} left"
            if rate > 0 and now - start > 2
            else ""
        )
        text = (
            f"{self.title}: {self.status.stage},"
            f" {min(self.status.done / self.status.total, 1):.0%}{left}"
        )
        print(
            f"\r\x1b[K{text}" if sys.stderr.isatty() else text,
            end="" if sys.stderr.isatty() else "\n",
            file=sys.stderr,
            flush=True,
        )

    def clear(self) -> None:
        """Leave a clean terminal line."""
        if sys.stderr.isatty() and self.shown:
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
