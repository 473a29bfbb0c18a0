"""What a sweep shows while it runs: each run as it ends, where those at work are, and how far the
whole is, with the time left. On a terminal in lines that are drawn in place, else a line every half
minute.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from memctl.runs.folder import RunFolder
from memctl.runs.pace import BASE, Pace, makespan
from memctl.runs.progress import duration
from memctl.sweep.board import Board, Line

STILL = 60.0  # seconds without a move that are said
EVERY = 30.0  # seconds between lines where there is no terminal
Status = Mapping[str, Any]


class Console:
    """Shows the progress of runs by their status.json.

    Args:
        directories: Of the runs, in launch order.
        slots: Runs at once.
        bases: Of bases that may be made before any run begins.
    """

    def __init__(self, directories: Sequence[Path], slots: int, bases: Sequence[Path] = ()) -> None:
        self.directories, self.slots = list(directories), slots
        self.bases = {str(place) for place in bases}
        self.shown = time.monotonic()
        self.ended: dict[Path, bool] = {}
        self.moved: dict[Path, tuple[Any, float]] = {}  # how far it was when it last moved
        self.stages: dict[Path, tuple[Any, float, float, float]] = {}  # see `speed`
        self.places: list[Path | None] = [None] * slots  # of the runs at work, on the board
        self.pace = Pace()
        self.seen: dict[Path, Status] = {}  # of runs in this command, the last that is known
        self.before: dict[Path, Status] = {}  # of runs that were begun in earlier commands
        for place in dict.fromkeys(directory.parent for directory in directories):
            for path in place.glob("*/status.json"):
                status = RunFolder(path.parent).status() or {}
                self.pace.learn(path.parent.name, status)
                self.before[path.parent] = status
        self.board = Board() if Board.fits() else None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """While runs are at work; leaves a clean terminal, however it ends."""
        if self.board is None:
            yield
            return
        self.board.open()
        try:
            yield
        finally:
            self.board.close()

    def finish(self, directory: Path, took: float, problem: str | None) -> None:
        """A run has ended: well, or with a problem."""
        self.ended[directory] = problem is None
        word = ""
        if problem is None:
            self.pace.learn(directory.name, RunFolder(directory).status() or {}, took)
            word = (RunFolder(directory).record() or {}).get("verdict", {}).get("word", "")
        said = problem or f"done in {duration(took)}{f', {word}' if word else ''}"
        self.say(f"[{len(self.ended)}/{len(self.directories)}] {directory.name}: {said}")

    def say(self, text: str) -> None:
        """A line that stays."""
        if self.board:
            self.board.say(text)
            return
        print(text, flush=True)

    def tick(self, running: Sequence[Path], queued: int = 0) -> None:
        """Show where the running ones are.

        Args:
            queued: Runs that wait in a cluster's queue.
        """
        now = time.monotonic()
        known = {d: RunFolder(d).status() or {} for d in running}
        base = self.base(list(known.values()))
        still = {d: self.still(d, status, now) for d, status in known.items()}
        for place, status in [*known.items(), *([(Path(base["place"]), base)] if base else [])]:
            self.speed(place, status, now)
        if not self.board and now - self.shown < EVERY:
            return
        self.shown = now
        left = self.time_left(known, base, now)
        if self.board:
            self.draw(known, base, still, left, now, queued)
            return
        parts = [stage_of(d, status) + still[d] for d, status in known.items()]
        if base:
            stopped = self.still(Path(base["place"]), base, now)
            parts = [f"base {base['done'] / base['total']:.0%} (runs wait for it){stopped}"]
        parts = [*([f"{queued} queued"] if queued else []), *parts]
        text = f"{len(self.ended)}/{len(self.directories)} ended; now {', '.join(parts)}"
        print(text + (f"; {left}" if left else ""), flush=True)

    def draw(
        self,
        known: Mapping[Path, Status],
        base: Status | None,
        still: Mapping[Path, str],
        left: str,
        now: float,
        queued: int,
    ) -> None:
        """The board's lines; a run keeps its place on it."""
        assert self.board is not None
        self.places = [place if place in known else None for place in self.places]
        for directory in known:
            if directory not in self.places:
                self.places[self.places.index(None)] = directory
        lines = [self.line(d, known[d], base, still[d], now) for d in self.places if d is not None]
        n, ended = len(self.directories), len(self.ended)
        failed = sum(not well for well in self.ended.values())
        bad = f", {failed} not done" if failed else ""
        bad += f", {queued} queued" if queued else ""
        part = sum(
            min(status["done"] / status["total"], 1.0)
            for d, status in known.items()
            if status and d not in self.ended
        )
        self.board.show(
            lines, Line(f"{ended} of {n} runs ended{bad}", "", (ended + part) / n, left)
        )

    def line(
        self, directory: Path, status: Status, base: Status | None, still: str, now: float
    ) -> Line:
        """A run at work."""
        stage = status.get("stage", "start")
        if base and stage in ("start", BASE):
            stopped = self.still(Path(base["place"]), base, now).removeprefix(", ")
            return Line(directory.name, "base", base["done"] / base["total"], stopped)
        if still or not status:
            return Line(directory.name, stage, None, still.removeprefix(", "))
        left = self.run_left(directory, status, now)
        note = f"{duration(left)} left" if left >= 1 else ""
        return Line(directory.name, stage, min(status["done"] / status["total"], 1.0), note)

    def still(self, directory: Path, status: Status, now: float) -> str:
        """`, nothing moved for 2 min 10 s`, where its work has been as far for a minute, by this
        process's clock.
        """
        at = [status.get(key) for key in ("attempt", "stage", "done")]
        before, since = self.moved.get(directory, (None, now))
        if before != at:
            self.moved[directory] = (at, since := now)
        return f", nothing moved for {duration(now - since)}" if now - since >= STILL else ""

    def speed(self, place: Path, status: Status, now: float) -> tuple[float, float | None]:
        """Seconds since its stage began, as far as it was seen, and its passes a second in it."""
        key = [status.get("attempt"), status.get("stage")]
        done = float(status.get("done", 0.0))
        before, began, first, since = self.stages.get(place, (None, now, done, now))
        if before != key:
            began, first, since = now, done, now
        elif first == status.get("at") and done > first:
            first, since = done, now  # from where it moves: it may have begun in the middle
        self.stages[place] = (key, began, first, since)
        rate = (done - first) / (now - since) if now > since and done > first else None
        return now - began, rate

    def run_left(
        self, directory: Path, status: Status, now: float, usual: float | None = None
    ) -> float:
        """Seconds that are left of a run at work, as far as its stages' pace is known.

        Args:
            usual: Passes a second, where its own speed is not known.
        """
        elapsed, rate = self.speed(directory, status, now)
        return self.pace.left(status, elapsed, rate or usual) if status else 0.0

    def time_left(self, known: Mapping[Path, Status], base: Status | None, now: float) -> str:
        """`about 3 min left`: of the runs at work and those that wait, each stage at its own pace;
        empty where nothing is known yet.

        Args:
            known: Of each run at work its status.
            base: That of a base that they wait for.
        """
        speeds = {d: self.speed(d, status, now)[1] for d, status in known.items()}
        usual, first = max((rate or 0.0 for rate in speeds.values()), default=0.0), 0.0
        if base:
            usual = self.speed(Path(base["place"]), base, now)[1] or 0.0
            first = (base["total"] - base["done"]) / usual if usual else 0.0
        for directory, status in known.items():
            self.pace.learn(directory.name, status)
            self.seen |= {directory: status} if status.get("left") else {}
        at_work = [self.run_left(d, status, now, usual) for d, status in known.items()]
        whole = [self.pace.whole(status, usual) for status in self.seen.values()]
        waiting = []
        for directory in self.directories:
            if directory not in self.ended and directory not in known:
                begun = self.before.get(directory, {})
                new = median(whole) if whole else 0.0
                waiting.append(self.pace.left(begun, 0.0, usual) if begun.get("left") else new)
        left = first + makespan(at_work, waiting, self.slots)
        return f"about {duration(left)} left" if left >= 1 and (usual or self.pace.seen) else ""

    def base(self, runs: Sequence[Status | None]) -> dict[str, Any] | None:
        """The status of a base that is being made for one of these runs."""
        folders = sorted(self.bases | {s["base"] for s in runs if s and s.get("base")})
        known = ((place, RunFolder(Path(place)).status()) for place in folders)
        found = ({**s, "place": place} for place, s in known if s and s["state"] == "running")
        return next(found, None)


def stage_of(directory: Path, current: Status) -> str:
    """`cl100_ch200_s0 generate 80%`."""
    stage = current.get("stage", "start")
    share = f" {current['done'] / current['total']:.0%}" if stage in ("control", "generate") else ""
    return f"{directory.name} {stage}{share}"
