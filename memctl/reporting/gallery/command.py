"""python -m memctl.samplers [SAMPLER ...]: any set of samplers in one figure and one table, before
choosing a grid.

A SAMPLER is
  interval:low=700,high=1000                a sampler and its settings, with mode=, clip= and stratified= if wanted
  'interval:low=100|400|700,high=400|1000'  a grid of them; pairs that are no interval are left out
  '{name: mixture, parts: [{name: fixed, t: 10}, {name: uniform}], weights: [1, 3]}'    a nested one, YAML or JSON
  runs/mitdb208                             the folder of a sweep or run: the samplers of its records, and what they drew
Without one, every sampler is shown, your own too.
"""

import argparse
import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TextIO

import matplotlib as mpl

from memctl import samplers
from memctl.errors import UserError
from memctl.files import atomic
from memctl.registry import closest
from memctl.reporting.gallery import specs
from memctl.reporting.gallery.figure import figure
from memctl.reporting.gallery.shown import COLUMNS, Shown, drawn, pooled, recorded, typed
from memctl.runs.folder import RunFolder
from memctl.samplers import NoiseSchedule
from memctl.samplers.schedule import SCHEDULES

FORMATS = (".png", ".pdf", ".svg")
SHORT = {
    "mean": ("mean t", ".1f"), "sd": ("sd", ".1f"), "median": ("median", ".0f"), "share_below_100": ("t<=100", ".3f"),
    "kl_to_uniform": ("KL", "z.3f"), "mean_log_snr": ("E[log SNR]", "z.2f"), "ess": ("ess", ".3f"), "lambda": ("lambda", ".3f"),
    "draws": ("draws", ",d"), "tv": ("TV", ".4f"), "chi2_p": ("chi2 p", ".2g"),
}  # fmt: skip
Record = Mapping[str, Any]


class Parser(argparse.ArgumentParser):
    """One whose mistakes look like all others of memctl."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see python -m memctl.samplers --help)")


def parser() -> Parser:
    out = Parser(
        prog="python -m memctl.samplers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    out.add_argument("samplers", nargs="*", metavar="SAMPLER", help="see above")
    schedule = out.add_argument_group("noise schedule (default: the records', else memctl's)")
    schedule.add_argument("--schedule", metavar="NAME", help=", ".join(SCHEDULES))
    schedule.add_argument(
        "--zero-terminal-snr",
        action="store_true",
        default=None,
        help="rescale it so that no signal is left at t = T",
    )
    schedule.add_argument("--beta-start", type=float, metavar="B")
    schedule.add_argument("--beta-end", type=float, metavar="B")
    schedule.add_argument("--timesteps", type=int, metavar="T")
    out.add_argument(
        "--draws",
        type=int,
        default=100_000,
        metavar="N",
        help="draws of each sampler, 0 for none (default: 100,000)",
    )
    out.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    out.add_argument(
        "--batch", type=int, default=32, metavar="N", help="batch of stratified draws (default: 32)"
    )
    out.add_argument(
        "--out",
        type=Path,
        default=Path("samplers.png"),
        metavar="FILE",
        help="png, pdf or svg; the table is the .csv beside it",
    )
    return out


def show(arguments: argparse.Namespace, out: TextIO) -> None:
    """Do what the command line says, and print the table to `out`. Raises: UserError."""
    check(arguments)
    found, notes = read(arguments)
    picture, table = arguments.out, arguments.out.with_suffix(".csv")
    rows = [one.row for one in found]
    image = figure(found)
    metadata = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(
        picture.suffix.lower()
    )  # the same bytes every time
    whole = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "memctl"}):
        image.savefig(whole, format=picture.suffix[1:].lower(), dpi=150, metadata=metadata)
    put(picture, whole.getvalue())
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    put(table, text.getvalue().encode())
    print(f"\n{printed(rows)}\n", file=out)
    for note in notes:
        print(note, file=out)
    print(f"picture: {picture}\ntable:   {table}", file=out, flush=True)


def check(arguments: argparse.Namespace) -> None:
    """Raises: UserError for an option out of its range."""
    if arguments.out.suffix.lower() not in FORMATS:
        raise UserError(
            f"--out={arguments.out} must end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        )
    if arguments.out.parent.exists() and not arguments.out.parent.is_dir():
        raise UserError(f"--out={arguments.out}: {arguments.out.parent} is not a folder")
    if arguments.schedule not in (None, *SCHEDULES):
        name = arguments.schedule
        raise UserError(
            f"--schedule={name} is unknown{closest(name, list(SCHEDULES))}; choose one of"
            f" {', '.join(SCHEDULES)}"
        )
    for key, least in (("draws", 0), ("seed", 0), ("batch", 1), ("timesteps", 1)):
        value = getattr(arguments, key)
        if value is not None and not least <= value < 2**63:
            raise UserError(f"--{key}={value} must be at least {least}, and below 2^63")


def read(arguments: argparse.Namespace) -> tuple[list[Shown], list[str]]:
    """The samplers that are asked for, and what the user must be told. Raises: UserError."""
    asked: list[specs.Spec | list[Record]] = []
    notes: list[str] = []
    for text in arguments.samplers:
        if is_folder(text):
            asked.append(records(Path(text)))
            continue
        found, dropped = specs.parse(text)
        asked += found
        if dropped:
            some = "; ".join(dropped[:4]) + ("; ..." if len(dropped) > 4 else "")
            notes.append(
                f"{text}: {len(dropped)} of {len(dropped) + len(found)} pairs are no interval and"
                f" left out ({some})"
            )
    first = next((record for item in asked if isinstance(item, list) for record in item), None)
    schedule = chosen(arguments, first)
    shown: list[Shown] = []
    for item in asked:
        if isinstance(item, list):
            shown += pooled(
                [recorded(record, chosen(arguments, record)) for record in item],
                [str(record.get("name")) for record in item],
            )
        else:
            shown.append(typed(item, schedule))
    if not asked:
        shown, notes = gallery(schedule)
    steps = sorted({one.schedule.timesteps for one in shown})
    if len(steps) > 1:
        raise UserError(
            f"one figure needs one T; these samplers have {', '.join(map(str, steps))} steps"
        )
    return [
        one if one.record else drawn(one, arguments.draws, arguments.batch, arguments.seed)
        for one in shown
    ], notes


def gallery(schedule: NoiseSchedule) -> tuple[list[Shown], list[str]]:
    """Every sampler that needs no more than a schedule, and which do. Raises: UserError."""
    shown, notes = [], ["left out: table, whose distribution is a file: table:path=FILE"]
    for spec in specs.gallery(schedule.timesteps):
        try:
            shown.append(typed(spec, schedule))
        except UserError as error:
            if spec["name"] in samplers.SAMPLERS:
                raise
            notes.append(
                f"left out: {spec['name']}, your own: {error}"
            )  # it may have settings without defaults
    return shown, notes


def is_folder(text: str) -> bool:
    """Whether an argument means a folder; a sampler of the same name goes before.

    Raises: UserError for one that is missing.
    """
    if text.lstrip().startswith(("{", "[")) or text.partition(":")[0] in samplers.known():
        return False
    if Path(text).is_dir():
        return True
    if "/" in text.partition("=")[0]:
        raise UserError(f"{text} is neither a folder nor a sampler")
    return False


def records(directory: Path) -> list[Record]:
    """The records of runs with a sampler: of a sweep's folder, or of a run's.

    Raises: UserError where there are none.
    """
    number = lambda path: [
        int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)
    ]  # cl200 before cl1000
    runs = sorted((path.parent for path in directory.glob("*/record.json")), key=number)
    every = [record for path in (directory, *runs) if (record := RunFolder(path).record())]
    found: list[Record] = [record for record in every if isinstance(record.get("sampler"), dict)]
    if not found:
        sweeps = sorted({str(path.parents[1]) for path in directory.glob("*/*/record.json")})
        hint = f" (did you mean {sweeps[0]}?)" if sweeps else ""
        raise UserError(
            f"{directory} holds no record of a finished run with a sampler{hint}; give a sweep's"
            " folder, such as runs/mitdb208"
        )
    return found


def chosen(arguments: argparse.Namespace, record: Record | None) -> NoiseSchedule:
    """The noise schedule: as the options say, then as the record's run had it, then memctl's
    default. Raises: UserError.
    """
    own = (record or {}).get("science", {}).get("diffusion", {})
    names = [f.name for f in fields(NoiseSchedule)]
    given = {k: v for k in names if (v := getattr(arguments, k, None)) is not None}
    return NoiseSchedule(**{**{k: v for k, v in own.items() if k in names}, **given})


def put(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all. Raises: UserError."""
    try:
        with atomic(path) as file:
            file.write(content)
    except UserError as error:
        reason = getattr(error.__context__, "strerror", None) or error
        raise UserError(
            f"cannot write {path}: {reason}; choose another place with --out=FILE"
        ) from None


def printed(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for a terminal, without columns that are empty."""
    keys = [key for key in SHORT if any(row[key] is not None for row in rows)]
    lines = [["sampler", *(SHORT[key][0] for key in keys), ""]]
    for row in rows:
        cells = ["-" if row[key] is None else format(row[key], SHORT[key][1]) for key in keys]
        lines.append([row["sampler"], *cells, row["note"] or ""])
    widths = [max(len(line[i]) for line in lines) for i in range(len(keys) + 1)]
    return "\n".join(
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(line[1:-1], widths[1:], strict=True)),
                line[-1],
            ]
        ).rstrip()
        for line in lines
    )


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    try:
        show(parser().parse_args(argv), sys.stdout)
    except UserError as error:
        sys.exit(f"memctl: {error}")


if __name__ == "__main__":
    main()
