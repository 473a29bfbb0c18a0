"""What the fork servers of the tests import: what those of sweeps do; and pictures are a pixel."""

from matplotlib.figure import Figure

import memctl.sweep.preload
from memctl.reporting import figures
from tests.children import FIGURES, draw_blank, save_blank

__all__ = ["memctl"]

Figure.savefig = save_blank
for name in FIGURES:
    setattr(figures, name, draw_blank)
