"""What the splices say, in a sentence. Free of torch."""

import numpy as np
import pandas as pd

from memctl.metrics.measure import Floats


def sentence(table: pd.DataFrame) -> str:
    """Where the copies come from; a caution where the first model does not copy more.

    Args:
        table: One row a cut: kind, low, high, f_mem with f_mem_low and f_mem_high.
    """
    above, below = (table[table.kind == kind] for kind in ("above", "below"))
    first, second = above.iloc[0], above.iloc[-1]  # acting at all steps, and at none
    gap = first.f_mem - second.f_mem
    if first.f_mem_low <= second.f_mem_high:
        return (
            f"the first run is not seen to copy more than the second: f_mem {reading(first)}"
            f" against {reading(second)}; no band can be said to carry the difference"
        )
    inside, outside = (table[table.kind == kind] for kind in ("inside", "outside"))
    most = inside.iloc[int(inside.f_mem.argmax())]
    least = outside.iloc[int(outside.f_mem.argmin())]
    return (
        f"f_mem {reading(first)} against {reading(second)}: the memorising weights bring most of"
        f" it in {band(most)}, where they alone have f_mem {reading(most)}"
        f" ({share((most.f_mem - second.f_mem) / gap)} of the difference), and need {band(least)}"
        f" most, without which f_mem is {reading(least)}"
        f" ({share((first.f_mem - least.f_mem) / gap)} of it gone); half of it is there when they"
        f" act from T down to t = {half(above.low, above.f_mem)}, or from t ="
        f" {half(below.high, below.f_mem)} down to 1"
    )


def share(x: float) -> str:
    """A part of the difference; what is beyond all or nothing of it is chance."""
    return f"{100 * min(max(x, 0), 1):.0f} %"


def reading(row: pd.Series) -> str:
    return f"{row.f_mem:.3f} [{row.f_mem_low:.3f}, {row.f_mem_high:.3f}]"


def band(row: pd.Series) -> str:
    return f"({row.low:.0f}, {row.high:.0f}]"


def half(t: pd.Series, f_mem: pd.Series) -> str:
    """The t at which f_mem crosses the middle of its ends, between edges by a line: where it does
    so several times, the range of them.
    """
    x, y = t.to_numpy(float), f_mem.to_numpy(float)
    y = y - (y[0] + y[-1]) / 2
    found = crossings(x, y)
    return " to ".join(f"{v:.0f}" for v in dict.fromkeys((found.min(), found.max())))


def crossings(x: Floats, y: Floats) -> Floats:
    """Where the line through the points crosses 0."""
    k = np.flatnonzero((y[:-1] > 0) != (y[1:] > 0))
    return x[k] + (x[k + 1] - x[k]) * y[k] / (y[k] - y[k + 1])
