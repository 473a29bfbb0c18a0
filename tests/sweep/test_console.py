"""What a sweep shows of runs at work."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyte
import pytest

from memctl.runs.folder import RunFolder
from memctl.runs.pace import makespan
from memctl.runs.status import Status
from memctl.sweep import console
from memctl.sweep.console import Console


def test_where_nothing_moves_for_a_minute_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of runs, and of the base that runs wait for."""
    clock = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    runs = [tmp_path / "a", tmp_path / "b"]
    a, b, base = (RunFolder(tmp_path / name) for name in ("a", "b", "base"))
    shown = Console(runs, 2)

    def after(seconds: float, *moved: RunFolder, base_of: str = "", done: float = 1) -> str:
        clock[0] += seconds
        for folder in moved:
            status = Status({}, {}, stage="control", done=done, total=100, base=base_of)
            folder.save(status)
        shown.tick(runs)
        return capsys.readouterr().out

    assert after(31, a, b) == "0/2 ended; now a control 1%, b control 1%\n"
    assert "nothing moved" not in after(59, a, done=2)
    out = after(31, a, done=3)
    assert out.startswith(
        "0/2 ended; now a control 3%, b control 1%, nothing moved for 1 min 30 s;"
    )
    assert "nothing moved" not in after(31, b, a, done=4)
    after(31, a, base, base_of=str(base.path), done=5)
    assert "base 5% (runs wait for it), nothing moved for 1 min 02 s" in after(62)


SECONDS = {"base": 1, "control": 20, "generate": 9, "probe": 2, "measure": 7}
PASSES = {"base": 0, "control": 9_000, "generate": 30_000, "probe": 500, "measure": 0}


class Sweep:
    """A sweep on a clock of its own: runs that go through their stages, each at its own pace."""

    def __init__(self, folder: Path, runs: int, slots: int) -> None:
        self.now, self.waiting = 0.0, [folder / f"run{k}" for k in range(runs)]
        self.every, self.slots = list(self.waiting), slots
        self.running: dict[Path, float] = {}
        rng = np.random.default_rng(0)
        self.factor = {run: 1 + 0.08 * float(rng.uniform(-1, 1)) for run in self.every}

    def seconds(self, run: Path) -> dict[str, float]:
        return {stage: s * self.factor[run] for stage, s in SECONDS.items()}

    def save(self, run: Path, elapsed: float, state: str = "running") -> None:
        status, begun, at = Status({}, {}, state=state, total=sum(PASSES.values())), 0.0, 0
        status.left = {stage: float(passes) for stage, passes in PASSES.items()}
        for stage, seconds in self.seconds(run).items():
            status.stage, status.at = stage, at
            share = min((elapsed - begun) / seconds, 1)
            status.done = at + share * PASSES[stage]
            if elapsed < begun + seconds:
                break
            status.seconds[stage] = seconds
            begun, at = begun + seconds, at + PASSES[stage]
        RunFolder(run).save(status, sync=False)

    def step(self, seconds: float, shown: Console) -> None:
        self.now += seconds
        for run, began in [*self.running.items()]:
            whole = sum(self.seconds(run).values()) + 1  # a second beside its stages
            self.save(run, self.now - began, "done" if self.now - began >= whole else "running")
            if self.now - began >= whole:
                del self.running[run]
                shown.finish(run, self.now - began, None)
        while self.waiting and len(self.running) < self.slots:
            run = self.waiting.pop(0)
            self.running[run] = self.now
            self.save(run, 0.0)

    def left(self) -> float:
        """What is left in truth."""
        whole = {run: sum(self.seconds(run).values()) + 1 for run in self.every}
        at_work = [began + whole[run] - self.now for run, began in self.running.items()]
        return makespan(at_work, [whole[run] for run in self.waiting], self.slots)


def test_the_time_left_is_right_after_the_first_runs_and_does_not_rise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though passes of training take three times those of generation, and measuring has none."""
    sweep = Sweep(tmp_path, 14, 2)
    monkeypatch.setattr(console.time, "monotonic", lambda: sweep.now)
    monkeypatch.setattr(console, "duration", str)
    shown = Console(sweep.every, 2)
    sweep.step(0, shown)
    told: list[tuple[int, float, float]] = []
    while sweep.running:
        known = {run: RunFolder(run).status() or {} for run in sweep.running}
        for run, status in known.items():
            shown.speed(run, status, sweep.now)
        text = shown.time_left(known, None, sweep.now)
        if text:
            told.append((len(shown.ended), float(text.split()[1]), sweep.left()))
        sweep.step(2, shown)
    after = [(said, true) for ended, said, true in told if ended >= 2]
    assert len(after) > 100
    assert all(abs(said - true) <= max(0.2 * true, 3) for said, true in after)
    # It rises by what was learnt alone: of a stage that ended, a little.
    assert all(said <= 1.01 * before for (before, _), (said, _) in pairwise(after))


class Terminal(io.StringIO):
    """What a terminal of 80 columns and 24 lines shows of what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.Stream(self.screen)

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard output; not a fixture, since pytest puts its own there after these."""
    for name, value in (("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    made = Terminal()
    monkeypatch.setattr("sys.stdout", made)
    return made


def test_at_80_columns_there_is_a_line_a_slot_and_one_for_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wrapped, none is left behind, and ended runs stay above."""
    sweep = Sweep(tmp_path / ("deep" * 30), 5, 2)
    sweep.every[1] = sweep.waiting[1] = sweep.every[1].with_name("cl100_ch1000_s0_" + "long-" * 30)
    sweep.factor[sweep.every[1]] = 1.3
    monkeypatch.setattr(console.time, "monotonic", lambda: sweep.now)
    terminal, shown = open_terminal(monkeypatch), Console(sweep.every, 2)
    with shown.opened():
        sweep.step(0, shown)
        for _ in range(40):
            shown.tick([*sweep.running])
            sweep.step(2, shown)
            assert not terminal.screen.cursor.hidden
        shown.tick([*sweep.running])
        lines = terminal.lines()
        assert sum("ended" in line for line in lines) == 1
        assert sum(" left" in line for line in lines) == 3
        assert lines[0] == "[1/5] run0: done in 42 s"
        assert lines[-3][:3] == lines[-2][:3] == "run"
        assert lines[-1].startswith(f"{len(shown.ended)} of 5 runs ended")
        assert max(map(len, lines)) <= 80
        print("a word meanwhile")
    assert terminal.lines() == [*lines[:-3], "a word meanwhile"]
    assert not terminal.screen.cursor.hidden


def test_more_slots_than_lines_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(tmp_path, 64, 64)
    monkeypatch.setattr(console.time, "monotonic", lambda: sweep.now)
    terminal, shown = open_terminal(monkeypatch), Console(sweep.every, 64)
    with shown.opened():
        sweep.step(0, shown)
        for _ in range(3):
            shown.tick([*sweep.running])
        lines = terminal.lines()
    assert len(lines) == 22
    assert lines[-2] == "and 44 more at work"
