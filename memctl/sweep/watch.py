"""What becomes of runs on a cluster, from their folders and their seats in its queue."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.runs import queue
from memctl.runs.folder import RunFolder
from memctl.runs.queue import Seat
from memctl.sweep.console import Console

UNSEEN = 60.0  # seconds until a shared folder shows to one machine what another has written
ENDS = {
    "TIMEOUT": "stopped by the time limit, hydra.launcher.time",
    "CANCELLED": "cancelled",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node failed",
    "PREEMPTED": "preempted, and not put back into the queue",
    "OUT_OF_MEMORY": "out of memory: ask for more (hydra.launcher.mem=16G), or take a smaller"
    " generate.batch_size",
}
Seats = Callable[[Sequence[Path]], Mapping[Path, Seat]]


class Watch:
    """Shows runs on a cluster until they have ended.

    Args:
        runs: By their folders.
        seats: Asks for the seats of folders, and raises UserError where the engine does not answer.
        poll: Seconds between looks.
    """

    def __init__(self, runs: Mapping[Path, Experiment], seats: Seats, poll: float) -> None:
        self.runs, self.seats, self.poll = runs, seats, poll
        self.bases = sorted({e.base_folder.path for e in runs.values() if e.base_place})
        self.ended: dict[Path, str | None] = {}
        self.gone: dict[Path, float] = {}  # since when a run that ended well is not seen as done
        self.silent = False

    def until(self, stopped: Callable[[], bool]) -> dict[Path, str | None]:
        """Watch until all have ended or it is to stop; gives what went wrong with each that has
        ended, or None.
        """
        console, looked = Console(list(self.runs), len(self.runs), self.bases), 0.0
        with console.opened():
            while len(self.ended) < len(self.runs) and not stopped():
                if time.monotonic() - looked >= self.poll:
                    looked = time.monotonic()
                    self._look(console)
                time.sleep(min(0.2, self.poll))
        return self.ended

    def _look(self, console: Console) -> None:
        left = [run for run in self.runs if run not in self.ended]
        try:
            seats = self.seats(left)
        except UserError as error:
            if not self.silent:
                console.say(f"{error}; it is asked again")
            self.silent = True
            return
        self.silent = False
        for run in left:
            if self._has_ended(run, seats.get(run)):
                done = self._is_done(run)
                self.ended[run] = None if done else problem(self.runs[run], seats.get(run))
                status = RunFolder(run).status() or {}
                took = status.get("updated", 0.0) - status.get("started", 0.0)
                console.finish(run, took, self.ended[run])
        at_work = [r for r in left if r not in self.ended and is_running(r, seats.get(r))]
        console.slots = max(1, len(at_work))
        console.tick(at_work, queued=len(self.runs) - len(self.ended) - len(at_work))

    def _has_ended(self, run: Path, seat: Seat | None) -> bool:
        if self._is_done(run):
            return True
        if seat.is_taken if seat else RunFolder(run).is_held():
            self.gone.pop(run, None)
            return False
        note = queue.read_note(run) or {}
        well = note.get("ended") == "" or (seat is not None and seat.state == "COMPLETED")
        now = time.monotonic()
        return not well or now - self.gone.setdefault(run, now) >= UNSEEN

    def _is_done(self, run: Path) -> bool:
        """Not `state` alone, which tries the lock of a run that is not."""
        folder = RunFolder(run)
        status = folder.status() or {}
        return status.get("state") == "done" and folder.state(self.runs[run].keys) == "done"


def is_running(run: Path, seat: Seat | None) -> bool:
    return seat.state == "running" if seat else RunFolder(run).is_held()


def problem(experiment: Experiment, seat: Seat | None) -> str:
    """Why a run that has left the queue is not done."""
    folder, base = experiment.folder, experiment.base_folder
    status, note = folder.status() or {}, queue.read_note(folder.path) or {}
    begun = bool(status) and status["started"] >= note.get("submitted", 0.0)
    if begun and status["state"] == "failed":
        why = f"FAILED: {str(status['message']).splitlines()[0]}"
    elif not begun and experiment.lacks_base:
        ended = (queue.read_note(base.path) or {}).get("ended")
        said = (base.status() or {}).get("message") or ended
        said = said or ("see there" if base.log.exists() else "its job never began")
        return f"not started: its base was not made: {said} ({base.log})"
    elif seat and seat.state in ENDS:
        why = ENDS[seat.state]
    elif note.get("ended"):
        why = str(note["ended"])
    else:
        why = f"its job is gone{f' ({seat.state}, {seat.reason})' if seat else ''}"
    if not folder.log.exists() and seat and seat.state == "CANCELLED":
        return f"{why}, before it began"
    if not folder.log.exists():
        return f"{why}, before it began: are {folder.path} and this Python there on its nodes?"
    return f"{why} (see {folder.log})"
