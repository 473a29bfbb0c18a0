"""Works timed in turn, so that all of them see the same machine, and rows of what was found."""

import ctypes
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

Work = Callable[[], object]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: Turns of each work that are counted.
        quick: Tiny sizes, to see that everything works.
    """

    rounds: int = 9
    quick: bool = False

    def times(self, share: float = 1.0) -> int:
        """Rounds of a work that has only a share of them, at least 2."""
        return max(2, round(self.rounds * share))


def say(text: str) -> None:
    """Progress, which is no result."""
    print(f"  ... {text}", file=sys.stderr, flush=True)


def in_turn(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds of the processor that each took, round by round, after a round that is not counted.

    Not of the clock on the wall: neighbours on a machine stretch that, and this much less.
    """
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = time.process_time()
            work()
            spent[name].append(time.process_time() - began)
    return {name: each[1:] for name, each in spent.items()}


def summed_up(of: str, spent: Mapping[str, Sequence[float]], unit: str = "s") -> Rows:
    """A row for each work: median, least and largest of its rounds, and how many times the first
    one's median that is; printed as well.
    """
    rows: Rows = []
    first = statistics.median(next(iter(spent.values())))
    for name, each in spent.items():
        value = statistics.median(each)
        row = {"of": of, "by": name, "value": value, "low": min(each), "high": max(each)}
        rows.append({**row, "unit": unit, "rounds": len(each), "ratio": value / first})
        print(shown(rows[-1]), flush=True)
    return rows


def compared(of: str, works: Mapping[str, Work], rounds: int) -> Rows:
    """`in_turn`, summed up."""
    say(f"{of}: {len(works)} works, {rounds + 1} rounds")
    return summed_up(of, in_turn(works, rounds))


def found(of: str, by: str, value: float, unit: str) -> dict[str, Any]:
    """A row of one measurement; printed as well."""
    row = {"of": of, "by": by, "value": value, "low": value, "high": value}
    row |= {"unit": unit, "rounds": 1, "ratio": None}
    print(shown(row), flush=True)
    return row


def shown(row: Mapping[str, Any]) -> str:
    """A row as a line."""
    low, value, high = (f"{row[key]:.4g}" for key in ("low", "value", "high"))
    spread = f" [{low}, {high}]" if row["rounds"] > 1 else ""
    times = "" if row["ratio"] is None else f"{row['ratio']:8.2f} x"
    return f"{row['of']:44s} {row['by']:44s} {value + ' ' + row['unit'] + spread:30s}{times}"


class Others:
    """How many cores other processes keep busy, on average since it was made."""

    def __init__(self) -> None:
        self.began, self.before = time.monotonic(), self.now()

    def now(self) -> float:
        """Seconds of the processor that other processes have used."""
        of_all, here = psutil.cpu_times(), psutil.Process().cpu_times()
        busy = of_all.user + of_all.system + getattr(of_all, "nice", 0.0)
        return float(busy - here.user - here.system - here.children_user - here.children_system)

    def cores(self) -> float:
        spent = time.monotonic() - self.began
        return float(np.clip((self.now() - self.before) / max(spent, 1e-9), 0, None))


def adopt() -> None:
    """What outlives its parent among this process's offspring becomes its own child, which `gather`
    waits for: else a sweep's workers would be taken for `Others`. Under Linux; elsewhere they are.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def gather(seconds: float = 10.0) -> None:
    """Wait, at most so long, for all children: their time is this process's own from then on."""
    end = time.monotonic() + seconds
    with suppress(ChildProcessError):
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
