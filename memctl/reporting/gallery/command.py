"""python -m memctl.samplers [SAMPLER ...]: any set of samplers in one figure and one table, before
choosing a grid.

A SAMPLER is
  interval:low=700,high=1000
      a sampler and its settings, with mode=, clip= and stratified= if wanted
  'interval:low=100|400|700,high=400|1000'
      a grid of them; pairs that are no interval are left out
  '{name: mixture, parts: [{name: fixed, t: 10}, {name: uniform}], weights: [1, 3]}'
      a nested one, YAML or JSON
  runs/mitdb208
      the folder of a sweep or run: the samplers of its records, and what they drew
Without one, every sampler is shown, your own too.
"""

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

import matplotlib as mpl
from matplotlib.figure import Figure

from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import atomic, path_of, said_plainly
from memctl.registry import closest
from memctl.reporting.gallery.entry import COLUMNS
from memctl.reporting.gallery.figure import figure
from memctl.reporting.gallery.selection import selection
from memctl.samplers.schedule import SCHEDULES

FORMATS = (".png", ".pdf", ".svg")
SHORT = {
    "mean": ("mean t", ".1f"),
    "sd": ("sd", ".1f"),
    "median": ("median", ".0f"),
    "share_below_100": ("t<=100", ".3f"),
    "share_below_300": ("t<=300", ".3f"),
    "kl_to_uniform": ("KL", "z.3f"),
    "mean_log_snr": ("E[log SNR]", "z.2f"),
    "ess": ("ess", ".3f"),
    "lambda": ("lambda", ".3f"),
    "draws": ("draws", ",d"),
    "tv": ("TV", ".4f"),
    "chi2_p": ("chi2 p", ".2g"),
}


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
        type=path_of,
        default=Path("samplers.png"),
        metavar="FILE",
        help="png, pdf or svg; the table is the .csv beside it",
    )
    return out


def run(arguments: argparse.Namespace, out: TextIO) -> None:
    """Do what the command line says, and print the table to `out`. Raises: UserError."""
    validate(arguments)
    entries, notes = selection(arguments)
    picture, table = arguments.out, arguments.out.with_suffix(".csv")
    rows = [entry.row for entry in entries]
    write_file(picture, image_bytes(figure(entries), picture.suffix[1:].lower()))
    write_file(table, csv_bytes(rows))
    lines = [f"\n{text_table(rows)}\n", *notes, f"picture: {picture}", f"table:   {table}"]
    print("\n".join(lines), file=out, flush=True)


def image_bytes(image: Figure, form: str) -> bytes:
    """The figure as a file, the same bytes every time."""
    metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form)
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "memctl"}):
        image.savefig(buffer, format=form, dpi=150, metadata=metadata)
    return buffer.getvalue()


def csv_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def validate(arguments: argparse.Namespace) -> None:
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


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all. Raises: UserError."""
    try:
        with atomic(path) as file:
            file.write(content)
    except UserError as error:
        reason = getattr(error.__context__, "strerror", None) or error
        raise UserError(
            f"cannot write {path}: {reason}; choose another place with --out=FILE"
        ) from None


def text_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for a terminal, without columns that are empty."""
    keys = [key for key in SHORT if any(row[key] is not None for row in rows)]
    lines = [["sampler", *(SHORT[key][0] for key in keys), ""]]
    for row in rows:
        cells = ["-" if row[key] is None else format(row[key], SHORT[key][1]) for key in keys]
        lines.append([row["sampler"], *cells, row["note"] or ""])
    widths = [max(len(line[i]) for line in lines) for i in range(len(keys) + 1)]
    return "\n".join(aligned(line, widths) for line in lines)


def aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    """A line of the table: the name to the left, numbers to the right, the note as it is."""
    name, *cells, note = line
    numbers = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *numbers, note]).rstrip()


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    with plain_exit(), said_plainly():
        run(parser().parse_args(argv), sys.stdout)


if __name__ == "__main__":
    main()
