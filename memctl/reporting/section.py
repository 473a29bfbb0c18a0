"""A part of a sweep's report: a table, a figure or both, from one value.

on disk         NAME.csv and NAME.png in the sweep's report/
on the page     title, figure, table, note
in a terminal   what `text` makes of the table; the lead comes last there, where it is seen
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.figures import optional

LEAST = 8  # cells from which a trend is worth a test


def columns() -> int | None:
    """How wide what is printed may be; None where there is no terminal."""
    return shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else None


def any_sweep(sweep: SweepResults) -> bool:
    """Whether there is anything to report on: `read` has made sure of it."""
    return True


def over_cells(sweep: SweepResults) -> bool:
    """Whether the sweep is over cells, each used in one way, and enough of them for a trend."""
    return sweep.plain and len(sweep.cells.drop_duplicates(["low", "high"])) >= LEAST


@dataclass(frozen=True)
class Section:
    """A table, a figure or both, and what a reader must know of them.

    Attributes:
        name: Of its files.
        title, note: What stands above and below it on the page.
        table: Makes the table; an empty one leaves the section out.
        figure: Draws, from the sweep and the table (an empty one where the section has none).
        text: What a terminal shows of the table; nothing unless given.
        needs: Whether the section applies to a sweep.
        lead: Whether its text stands on the page too, and comes last in a terminal.
    """

    name: str
    title: str
    note: str = ""
    table: Callable[[SweepResults], pd.DataFrame] | None = None
    figure: Callable[[SweepResults, pd.DataFrame], Figure] | None = None
    text: Callable[[pd.DataFrame], str] | None = None
    needs: Callable[[SweepResults], bool] = any_sweep
    lead: bool = False

    def fill(self, sweep: SweepResults) -> "Part | None":
        """The section of this sweep; None where it does not apply or has nothing to say."""
        if not self.needs(sweep):
            return None
        table = self.table(sweep) if self.table else pd.DataFrame()
        if self.table and not len(table):
            return None
        figure = None
        with optional(f"{self.name}.png"):
            figure = self.figure(sweep, table) if self.figure else None
        return Part(self, table, figure)


@dataclass(frozen=True)
class Part:
    """A section, filled with a sweep's numbers."""

    section: Section
    table: pd.DataFrame
    figure: Figure | None

    @property
    def said(self) -> str:
        """What a terminal shows of it."""
        return self.section.text(self.table) if self.section.text else ""
