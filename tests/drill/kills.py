"""Kills: what they hit, by which signal and when, drawn from a seeded generator."""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

HITS = ("run", "fork server", "launcher", "group")
SIGNALS = {
    "KILL": (signal.SIGKILL,),
    "TERM": (signal.SIGTERM,),
    "INT once": (signal.SIGINT,),
    "INT twice": (signal.SIGINT, signal.SIGINT),
    "STOP then CONT": (signal.SIGSTOP, signal.SIGCONT),
}
EARLY = 0.2  # of the kills that need no run's process come while the command starts
PAUSE = 2.0  # seconds at most between two signals of a kill


@dataclass(frozen=True)
class Kill:
    """A kill to come.

    Attributes:
        hit: One of HITS: a run's process, the fork server, the command's own process, or its whole
            process group, as a terminal's Ctrl-C does.
        signal: One of SIGNALS.
        early: Whether its time counts from the start of the command, and not from that of its
            first run or from the last kill.
        when: Its time, in shares of the longest that there is.
        which: Of several processes, in shares of their number.
        pause: Seconds between its signals.
    """

    hit: str
    signal: str
    early: bool
    when: float
    which: float
    pause: float

    def deliver(self, victims: Sequence[int]) -> bool:
        """Send it to one of these processes; False where there is none any more."""
        if not victims:
            return False
        send = os.killpg if self.hit == "group" else os.kill
        victim = victims[int(self.which * len(victims))]
        for count, number in enumerate(SIGNALS[self.signal]):
            if count:
                time.sleep(self.pause)
            try:
                send(victim, number)
            except ProcessLookupError:
                return count > 0  # the first of two has ended it
        return True


def drawn(count: int, seed: int) -> Iterator[Kill]:
    """So many kills, in rounds in which each kind meets each signal once."""
    rng = np.random.default_rng(seed)
    kinds = list(product(HITS, SIGNALS))
    for number in range(count):
        if number % len(kinds) == 0:
            order = rng.permutation(len(kinds))
        hit, name = kinds[order[number % len(kinds)]]
        early, when, which, pause = rng.random(4)
        yield Kill(hit, name, hit != "run" and early < EARLY, when, which, PAUSE * pause)


def counted(kills: Sequence[Kill]) -> Mapping[tuple[str, str], int]:
    """(hit, signal) -> how many there are."""
    return {
        kind: sum((kill.hit, kill.signal) == kind for kill in kills)
        for kind in product(HITS, SIGNALS)
    }
