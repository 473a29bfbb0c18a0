"""python -m docs.numbers collect RUNS | cost DATA | fill | time COMMAND: the numbers and pictures
of the documentation.

collect  read the finished sweeps in RUNS into docs/tables and docs/images
cost     count what the paper's grid takes at 64 px on Pokemon and Flowers-102, which lie in DATA,
         into docs/tables/cost.csv
time     run COMMAND, and write into docs/tables/times.csv how long it took here
fill     write the generated blocks of the README and the pages from docs/tables

A test compares blocks and tables, so that no number is typed by hand.
"""

import argparse
from pathlib import Path

from docs.numbers import collect, cost, fill, times
from memctl.exits import plain_exit


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.numbers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("collect").add_argument("runs", type=Path, help="such as runs")
    parts.add_parser("cost").add_argument("data", type=Path, help="such as data")
    parts.add_parser("time").add_argument("command", help='one argument: "make test"')
    parts.add_parser("fill")
    arguments = parser.parse_args()
    with plain_exit():
        if arguments.part == "collect":
            collect.collect(arguments.runs)
        if arguments.part == "cost":
            cost.take(arguments.data)
        if arguments.part == "time":
            times.take(arguments.command)
        fill.write()


if __name__ == "__main__":
    main()
