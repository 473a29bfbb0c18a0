"""Colours and line styles of the figure."""

from typing import Any

# Told apart by colour-blind readers too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9")
DRAWN, REFERENCE, WEIGHT = "#1b1f23", "#5f6a72", "#a3123a"
DOTTED, DASHED = (0, (1, 1.5)), (0, (5, 2))
STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,
}
