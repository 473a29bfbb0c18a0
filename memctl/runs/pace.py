"""How long the rest of runs takes, from what the stages of others took.

A stage's seconds a network pass differ: of training, of generation, of measuring, which has none.
So each stage has the weight that was measured of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from statistics import median
from typing import Any

RECENT = 6  # runs, the last: the first ones also make what the others share
BASE = "base"  # of a run: the time in which it waits for its base, or makes it


@dataclass
class Pace:
    """What stages took so far.

    Attributes:
        seen: Of each stage: seconds and network passes, by run.
        beside: Seconds of whole runs beside their stages, as of starting a process, by run.
    """

    seen: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    beside: dict[str, float] = field(default_factory=dict)

    def learn(self, name: str, status: Mapping[str, Any], took: float | None = None) -> None:
        """Take in the stages that a run has ended; of a first attempt alone, for later ones did
        only what was left.

        Args:
            status: Its status.json.
            took: Seconds of the whole run, where it has ended.
        """
        if status.get("attempt") != 1:
            return
        for stage, seconds in status.get("seconds", {}).items():
            if stage != BASE and stage in status.get("left", {}):
                self.seen.setdefault(stage, {})[name] = (seconds, status["left"][stage])
        if took is not None:
            self.beside[name] = max(took - sum(status["seconds"].values()), 0.0)

    def expected(self, stage: str, work: float) -> float | None:
        """Seconds of a whole stage of so many passes; None where none was seen."""
        seen = [*self.seen.get(stage, {}).values()][-RECENT:]
        if not seen:
            return None
        if work and all(passes for _, passes in seen):
            return work * median(seconds / passes for seconds, passes in seen)
        return median(seconds for seconds, _ in seen)

    def left(self, status: Mapping[str, Any], elapsed: float, rate: float | None) -> float:
        """Seconds that are left of a run.

        Args:
            elapsed: Seconds since its stage began.
            rate: Passes a second in its stage so far, for stages that nobody has ended yet.
        """
        stages: dict[str, float] = status.get("left") or {
            status["stage"]: status["total"] - status.get("at", 0.0)
        }
        names = [*stages]
        now = names.index(status["stage"]) if status["stage"] in names else 0
        total = 0.0
        for name in names[now:]:
            work, current = stages[name], name == status["stage"]
            share = (
                min((status["done"] - status.get("at", 0.0)) / work, 1.0)
                if current and work
                else 0.0
            )
            in_stage = elapsed if current and not work else 0.0
            total += max(self._seconds(name, work, rate) * (1 - share) - in_stage, 0.0)
        return total

    def whole(self, status: Mapping[str, Any], rate: float | None) -> float:
        """Seconds of a whole run with the stages of this one; arguments as `left` has them."""
        stages = status.get("left", {}).items()
        beside = median([*self.beside.values()][-RECENT:]) if self.beside else 0.0
        return beside + sum(self._seconds(name, work, rate) for name, work in stages)

    def _seconds(self, stage: str, work: float, rate: float | None) -> float:
        expected = self.expected(stage, work)
        if expected is None:
            return work / rate if rate else 0.0
        return expected


def makespan(running: Iterable[float], waiting: Sequence[float], slots: int) -> float:
    """Seconds until all runs have ended.

    Args:
        running: Of each run at work: seconds left.
        waiting: Of each run that is to be started, in that order: its seconds.
        slots: Runs at once.
    """
    free = [*running]
    free += [0.0] * (slots - len(free))
    heapify(free)
    for seconds in waiting:
        heappush(free, heappop(free) + seconds)
    return max(free)
