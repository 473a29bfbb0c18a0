"""A whole sweep of 12 cells, a shell loop over its runs, and the same sweep of an earlier commit,
each from nothing, on the clock on the wall, one after another: `--rounds` does not repeat them.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.timing import Rows, Size, found, gather, say

FORMER = "bc6b594"
ROOT = Path(__file__).resolve().parents[2]
REFERENCES = (["sampler=none"], ["sampler=uniform"])  # runs that every sweep has
SMOKE = ["experiment=smoke"]

Grid = tuple[Sequence[int], Sequence[int]]
WHOLE: Grid = (100, 200, 400), (500, 700, 900, 1000)


def sweep(size: Size) -> Rows:
    """All three; the former commit is left out where git has no history of it."""
    grid: Grid = ((100,), (500, 1000)) if size.quick else WHOLE
    more = SMOKE if size.quick else []
    cells = len(grid[0]) * len(grid[1])
    of = f"sweep of {cells} cells, on the wall"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        say(f"{of}: memctl.train -m")
        spent = {"memctl, a sweep": timed([swept(grid, more)], folder / "sweep")}
        loop = [[*run, *more] for run in (*runs(grid), *REFERENCES)]
        spent["memctl, a shell loop over its runs"] = timed(loop, folder / "loop")
        former = folder / "former"
        git = ["git", "-C", str(ROOT), "worktree"]
        made = subprocess.run(
            [*git, "add", "-q", "--detach", str(former), FORMER], capture_output=True
        )
        if made.returncode:
            print(f"left out: commit {FORMER} is not in the history here", file=sys.stderr)
        else:
            try:
                say(f"{of}: commit {FORMER}")
                then = timed([swept(grid, more)], folder / "then", former)
                spent[f"commit {FORMER}, a sweep"] = then
            finally:
                subprocess.run([*git, "remove", "--force", str(former)], check=True)
    first = spent["memctl, a sweep"]
    return [{**found(of, by, each, "s"), "ratio": each / first} for by, each in spent.items()]


def runs(grid: Grid) -> list[list[str]]:
    return [[f"ci.low={low}", f"ci.high={high}"] for low in grid[0] for high in grid[1]]


def swept(grid: Grid, more: Sequence[str]) -> list[str]:
    """The arguments of a sweep over a grid."""
    ends = zip(("low", "high"), grid, strict=True)
    return ["-m", *(f"ci.{end}={','.join(map(str, cuts))}" for end, cuts in ends), *more]


def timed(
    commands: Sequence[Sequence[str]], folder: Path, code: Path = ROOT, cores: int | None = None
) -> float:
    """Seconds on the wall that `python -m memctl.train` takes for commands, one after another.

    Args:
        folder: For the results.
        code: The checkout whose memctl runs.
        cores: Use so many of this process's cores alone.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(code),
        "MEMCTL_RUNS": str(folder),
        "WANDB_MODE": "disabled",
    }
    here = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    began = time.perf_counter()
    for k, command in enumerate(commands, 1):
        if len(commands) > 1:
            say(f"run {k} of {len(commands)}: {' '.join(command)}")
        if cores:
            os.sched_setaffinity(0, here[:cores])
        try:
            run([sys.executable, "-m", "memctl.train", *command], code, environment)
        finally:
            if cores:
                os.sched_setaffinity(0, here)
    return time.perf_counter() - began


def run(command: Sequence[str], code: Path, environment: dict[str, str]) -> None:
    """Run a command; whatever stops this asks it to stop, and waits for it.

    Raises: SystemExit where it fails.
    """
    process = subprocess.Popen(
        command,
        cwd=code,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, said = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        raise
    gather()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}:\n{said[-2000:]}")
