"""A sweep's lines at the foot of a terminal: one for each run at work, one for the sweep."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

MARGIN = 3  # columns that stay free: a Ctrl-C writes ^C there
BAR = 16
TIMES = 22  # the longest: `nothing for 1 h 05 min`


class Line(NamedTuple):
    """A line: what it is of, where that is, how far (0..1; None where there is no knowing), and a
    last word, such as the time that is left.
    """

    name: str
    stage: str
    share: float | None
    note: str


class Board:
    """Draws lines in place, and what is printed meanwhile above them."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)

    @staticmethod
    def fits() -> bool:
        """Whether there is a terminal that lines can be drawn in place on."""
        console = Console(file=sys.stdout)
        return console.is_terminal and not console.is_dumb_terminal

    def open(self) -> None:
        self.live.start()
        self.console.show_cursor(True)  # so that a kill leaves none hidden

    def close(self) -> None:
        self.live.stop()

    def say(self, text: str) -> None:
        """Print above the lines, where it stays."""
        self.console.print(Text(text))

    def show(self, lines: Sequence[Line], last: Line) -> None:
        """Draw as many lines as the terminal has room for, and the last."""
        room = max(self.console.height - 3, 1)
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(width=8, no_wrap=True, overflow="ellipsis")
        table.add_column(width=BAR)
        table.add_column(width=4, justify="right")
        table.add_column(width=TIMES, no_wrap=True, overflow="ellipsis")
        shown = lines if len(lines) <= room else lines[: room - 1]
        for line in shown:
            self._add(table, line)
        if len(shown) < len(lines):
            table.add_row(f"and {len(lines) - len(shown)} more at work")
        self._add(table, last, style="bold")
        table.width = max(self.console.width - MARGIN, BAR + TIMES + 20)
        self.live.update(Group(table), refresh=True)

    def _add(self, table: Table, line: Line, style: str = "") -> None:
        share = line.share
        bar = "" if share is None else ProgressBar(total=1.0, completed=share, width=BAR)
        percent = "" if share is None else f"{share:.0%}"
        table.add_row(Text(line.name), Text(line.stage), bar, percent, Text(line.note), style=style)
