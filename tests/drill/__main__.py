"""make drill: a sweep of tiny runs is killed over and over, given again, and compared with one that
nobody disturbed.

Kills hit a run's process, the fork server, the launcher or the whole process group, with SIGKILL,
SIGTERM, one or two Ctrl-C or a stop that is undone, at random times of the work. Ends with 0 where
the two sweeps are equal bit for bit and nothing is left behind.
"""

import argparse
import os
import sys
from pathlib import Path

from memctl.exits import plain_exit
from tests.drill.drill import Drill

AT_ONCE = 2  # cores, and so runs


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.drill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=200, help="at least so many (200)")
    parser.add_argument("--kills", type=int, default=60, help="so many are delivered (60)")
    parser.add_argument("--seed", type=int, default=0, help="of what is killed, and when (0)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/drill"),
        help="folder of both sweeps, emptied first, and of the tables of figures (runs/drill)",
    )
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # elsewhere all cores work
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:AT_ONCE])
    with plain_exit():
        drill = Drill(arguments.out.resolve(), arguments.runs, arguments.kills, arguments.seed)
        sys.exit(drill.run())


if __name__ == "__main__":
    main()
