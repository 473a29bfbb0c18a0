"""The drill: an undisturbed sweep, a disturbed one, and what they differ in."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from memctl.runs.progress import duration
from tests.drill import figures
from tests.drill.comparison import left_behind, unequal
from tests.drill.kills import Kill, drawn
from tests.drill.sweep import Sweep

POLL = 0.02  # seconds between looks at the processes
HUNG = 300.0  # seconds without a run's end or the command's own mean that it hangs
SHARE = 0.8  # of the undisturbed work's time is shared by the kills: none comes when all is done
EVERY = 15.0  # seconds between lines of the undisturbed sweep
GONE = 15.0  # seconds in which what belongs to a command that was killed ends


class Drill:
    """Two sweeps of the same command in `out`, one under `kills` kills.

    Attributes:
        faults: What must not be, each in a line.
    """

    def __init__(self, out: Path, runs: int, kills: int, seed: int) -> None:
        self.out, self.seed, self.wanted = out, seed, kills
        for name in ("undisturbed", "disturbed"):
            shutil.rmtree(out / name, ignore_errors=True)
        self.whole = Sweep(out / "undisturbed", runs)
        self.sweep = Sweep(out / "disturbed", runs)
        self.left = list(drawn(kills, seed))
        self.delivered: list[Kill] = []
        self.faults: list[str] = []
        self.done: set[str] = set()
        self.planned: set[str] = set()
        self.commands = self.lost = 0
        self.began = time.monotonic()
        self.starting = self.working = 0.0  # seconds of the undisturbed sweep

    def run(self) -> int:
        """Do it all. Returns: the exit code, 0 where all is as it should be."""
        try:
            self.undisturbed()
            while not self.faults and (self.left or self.sweep.done() < self.planned):
                self.disturbed()
            self.wait_for_the_end()
            return self.judge()
        finally:
            for sweep in (self.whole, self.sweep):
                shutil.rmtree(sweep.temporary, ignore_errors=True)

    def judge(self) -> int:
        """Compare, write the figures, and say the result. Returns: the exit code."""
        differing = list(unequal(self.whole.runs, self.sweep.runs))
        behind = left_behind(self.whole, self.sweep)
        for line in [*self.faults, *(line for _, line in differing), *behind]:
            print(f"  {line}")
        equal = len(self.planned - {Path(folder).name for folder, _ in differing})
        figures.write(
            self.out,
            self.delivered,
            runs=len(self.planned),
            commands=self.commands,
            equal=equal,
            lost=self.lost,
            left_behind=len(behind),
            minutes=round((time.monotonic() - self.began) / 60, 1),
            seed=self.seed,
        )
        good = not (self.faults or differing or behind)
        print(
            f"{'PASSED' if good else 'FAILED'}: {equal} of {len(self.planned)} runs are equal after"
            f" {len(self.delivered)} kills and {self.commands} commands, {self.lost} lost,"
            f" {len(behind)} left behind, {len(self.faults)} other faults;"
            f" {duration(time.monotonic() - self.began)}"
        )
        return 0 if good else 1

    def undisturbed(self) -> None:
        """The sweep that the other is compared with. Raises: SystemExit where it fails."""
        with self.command(self.whole) as process:
            while process.poll() is None and not self.whole.victims(process.pid)["run"]:
                time.sleep(POLL)
            assert process.poll() is None, f"no process of a run was seen: {self.whole.log}"
            self.starting, shown = time.monotonic() - self.began, time.monotonic()
            while process.poll() is None:
                time.sleep(POLL)
                if time.monotonic() - shown > EVERY:
                    shown = time.monotonic()
                    print(f"undisturbed: {len(self.whole.done())} runs are done", flush=True)
        if process.returncode:
            sys.exit(f"the undisturbed sweep failed with {process.returncode}: {self.whole.log}")
        self.planned = self.whole.done()
        self.working = time.monotonic() - self.began - self.starting
        print(f"undisturbed: {len(self.planned)} runs in {duration(self.working)}", flush=True)

    def disturbed(self) -> None:
        """One command, and the kills that meet it."""
        self.commands += 1
        before = len(self.delivered)
        with self.command(self.sweep) as process:
            self.disturb(process)
        code, done = process.returncode, self.sweep.done()
        if lost := self.done - done:
            self.lost += len(lost)
            self.faults.append(f"runs were done and are not: {', '.join(sorted(lost))}")
        self.done = done
        if code == 0 and done < self.planned:
            missing = ", ".join(sorted(self.planned - done))
            self.faults.append(f"command {self.commands} ended with 0 without {missing}")
        if code != 0 and len(self.delivered) == before:
            self.faults.append(
                f"command {self.commands}, which nothing hit, ended with {code}: {self.sweep.log}"
            )
        if self.left and done >= self.planned:  # no run is left to be hit
            self.left[0] = replace(self.left[0], hit="launcher", early=True)

    def disturb(self, process: "subprocess.Popen[bytes]") -> None:
        """Deliver kills until the command ends, and end one that hangs."""
        began = moved = looked = time.monotonic()
        working: float | None = None
        longest = 2 * SHARE * self.working / max(self.wanted, 1)
        while process.poll() is None:
            time.sleep(POLL)
            now = time.monotonic()
            if now - looked > 1:
                looked, known = now, self.done
                self.done = known | self.sweep.done()
                moved = now if self.done > known else moved
            if now - moved > HUNG:
                self.faults.append(f"command {self.commands} hangs")
                return
            if not self.left:
                continue
            kill, victims = self.left[0], self.sweep.victims(process.pid)
            if working is None and victims["run"]:
                working = moved = now
            start, span = (began, self.starting) if kill.early else (working, longest)
            if start is None or now < start + kill.when * span:
                continue
            if kill.deliver(victims[kill.hit]):
                working = moved = time.monotonic()
                self.delivered.append(self.left.pop(0))
                self.show(kill)

    @contextmanager
    def command(self, sweep: Sweep) -> "Iterator[subprocess.Popen[bytes]]":
        """The command, which has ended when the block has."""
        process = sweep.start(dict(os.environ))
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def show(self, kill: Kill) -> None:
        """A line a kill, with how far it all is."""
        share = (len(self.delivered) + len(self.done)) / (self.wanted + len(self.planned))
        spent = time.monotonic() - self.began - self.starting - self.working
        print(
            f"[{len(self.delivered)}/{self.wanted}] {kill.signal} to the {kill.hit};"
            f" {len(self.done)} of {len(self.planned)} runs done,"
            f" about {duration(spent / share - spent)} left",
            flush=True,
        )

    def wait_for_the_end(self) -> None:
        """What belongs to a command may end a moment after it."""
        end = time.monotonic() + GONE
        while self.sweep.processes() and time.monotonic() < end:
            time.sleep(POLL)
