"""memctl calibrate --verdicts: are the words right? Generators of known behaviour (copies of many
kinds, fitted densities, faults; memctl/trials/generators.py lists them) on data of several shapes,
each judged as a model's samples are.

Writes into RUNS/calibration/verdicts/ verdicts.csv, a row a trial; confusion.csv, the words of each
generator with their rates and 95 % intervals; bars.csv, the rates that should be kept. Prints both.
It can be stopped at any time: the same command goes on, and more splits go on from fewer.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import path_of
from memctl.registry import closest

if TYPE_CHECKING:
    from memctl.trials.rows import Rows
    from memctl.trials.trial import Key

DATA = ("beats", "digits", "smooth", "channels", "blobs")
SIZES = (70, 250, 1_000)
SMALLEST = 20  # examples a side, below which a twentieth of them is none


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m memctl.calibrate --verdicts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--verdicts", action="store_true", help=argparse.SUPPRESS)
    made.add_argument(
        "--splits",
        type=int,
        default=1,
        metavar="S",
        help="draws of the data (default: %(default)s, some 10 minutes on 2 cores; 40 for rates"
        " that can be told from the bars)",
    )
    made.add_argument(
        "--first",
        type=int,
        default=0,
        metavar="K",
        help="number of the first draw: rules that were chosen by some draws are to be tried on"
        " others (default: %(default)s)",
    )
    made.add_argument(
        "--data", default=",".join(DATA), metavar="NAME,...", help="(default: %(default)s)"
    )
    made.add_argument(
        "--sizes",
        default=",".join(map(str, SIZES)),
        metavar="N,...",
        help="examples a side (default: %(default)s)",
    )
    made.add_argument(
        "--generators", default="", metavar="NAME,...", help="such as fresh,exact_10 (default: all)"
    )
    made.add_argument(
        "--out",
        type=path_of,
        default=Path("runs/calibration/verdicts"),
        metavar="DIR",
        help="where to write (default: %(default)s)",
    )
    return made


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    with plain_exit("stopped; the same command goes on from here"):
        answer(parser().parse_args(argv))


def answer(arguments: argparse.Namespace) -> None:
    """Try what is not tried yet, write the tables and print them. Raises: UserError."""
    from memctl.trials import generators, tables  # after the help, which needs none of it
    from memctl.trials.rows import Rows
    from memctl.trials.trial import planned

    chosen = known("generators", arguments.generators, [*generators.GENERATORS])
    data = known("data", arguments.data, DATA)
    if arguments.splits < 1 or arguments.first < 0:
        raise UserError(
            f"--splits {arguments.splits} must be at least 1, --first {arguments.first} at least 0"
        )
    splits = range(arguments.first, arguments.first + arguments.splits)
    keys = list(planned(data, sizes(arguments.sizes), splits, chosen))
    if not keys:
        raise UserError(
            f"--data {arguments.data} holds too few examples for --sizes {arguments.sizes}, or has"
            f" none of --generators {arguments.generators}"
        )
    rows = Rows(arguments.out / "verdicts.csv")
    if rows.moved:
        print(f"memctl: rows of other rules are now in {rows.moved}", file=sys.stderr)
    try_all([key for key in keys if key not in rows.known], rows)
    table = rows.table()
    for name, frame in (("confusion", tables.confusion(table)), ("bars", tables.bars(table))):
        rows.write(arguments.out / f"{name}.csv", frame.to_csv(index=False, float_format="%.6g"))
    print(tables.shown(table))
    print(f"\ntables: {arguments.out}")


def known(what: str, text: str, names: Sequence[str]) -> list[str]:
    """The names in a list, or all of them. Raises: UserError."""
    chosen = text.split(",") if text else [*names]
    for name in chosen:
        if name not in names:
            raise UserError(
                f"--{what} {name} is unknown{closest(name, list(names))}; choose of"
                f" {', '.join(names)}"
            )
    return chosen


def sizes(text: str) -> list[int]:
    """Raises: UserError."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"--sizes {text} must be whole numbers, such as 70,250") from None
    if min(found) < SMALLEST:
        raise UserError(f"--sizes {min(found)} is too small: at least {SMALLEST} examples a side")
    return found


def try_all(keys: "Sequence[Key]", rows: "Rows") -> None:
    """Try them, a row at once written; says how far it is."""
    from memctl.runs.progress import duration
    from memctl.trials.trial import run, work

    total, done, began, shown = sum(map(work, keys)), 0.0, time.monotonic(), -1e9
    terminal = sys.stderr.isatty()
    for number, row in enumerate(run(keys)):
        rows.append(row)
        done += work(keys[number])
        now = time.monotonic()
        if now - shown < (0.5 if terminal else 15):
            continue
        shown, left = now, (now - began) * (total - done) / done
        place = f"{row['data']}, n {row['n']}, split {row['split']}"
        text = f"trial {number + 1:,} of {len(keys):,} ({place}), {duration(left)} left"
        print(f"\r\x1b[K{text}" if terminal else text, end="" if terminal else "\n",
              file=sys.stderr, flush=True)  # fmt: skip
    if terminal and keys:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
