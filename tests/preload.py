"""What the fork servers of the tests import: what those of sweeps do; and pictures are a pixel."""

from matplotlib.figure import Figure

import memctl.sweep.preload
from tests.children import save_blank

__all__ = ["memctl"]

Figure.savefig = save_blank
