"""What checkpoints along the training say: does the interval shift when memorization sets in?

Of several seeds of a cell the middle one is told, and the widest interval that theirs span.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from memctl.analysis.along import LEVEL, NAN, Onset

WHAT = f"memorization (f_mem above {100 * LEVEL:g} %)"
Runs = dict[str, pd.DataFrame]  # of a cell, by its label


def lines(table: pd.DataFrame) -> list[str]:
    """`along.times` in sentences."""
    parts = dict(list(table.groupby(table.kind == "uniform")))
    cells = {str(label): rows for label, rows in parts.get(False, table[:0]).groupby("label")}
    said = [*memorization(table, cells, parts.get(True)), generation(cells, parts.get(True))]
    return [f"{text[0].upper()}{text[1:]}." for text in said]


def memorization(table: pd.DataFrame, cells: Runs, uniform: pd.DataFrame | None) -> Iterator[str]:
    """When it sets in, and what the interval does to that."""
    if table.tau_mem.isna().all():
        yield f"along the training {WHAT} is not seen within {table.steps.max():,} steps in any run"
        return
    mem = {name: together(runs, "tau_mem") for name, runs in cells.items()}
    first, last = ends(mem) if mem else ("", "")
    if uniform is not None:
        yield f"with uniform t {WHAT} sets in at {when(together(uniform, 'tau_mem'))}"
    elif len(mem) == 1:
        yield f"{WHAT} sets in at {when(mem[first])} at {first}"
    if len(mem) > 1:
        apart = mem[first].high <= mem[last].low
        shift = "the interval shifts that" if apart else "no shift by the interval is told apart:"
        yield f"{shift} from {when(mem[first])} at {first} to {when(mem[last])} at {last}"
    if uniform is not None and cells:
        yield beside_uniform(cells)


def beside_uniform(cells: Runs) -> str:
    """Which cells are earlier and later than the uniform run of their seed."""
    ratios = {name: together(runs, "ratio") for name, runs in cells.items()}
    found = {
        "earlier": [name for name, ratio in ratios.items() if ratio.high <= 1],
        "later": [name for name, ratio in ratios.items() if ratio.low >= 1],
    }
    known = [f"{', '.join(names)} {word}" for word, names in found.items() if names]
    left = len(cells) - sum(map(len, found.values()))
    others = [f"{left} of {len(cells)} not told apart"] if left else []
    return f"beside uniform t: {'; '.join([*known, *others])}"


def generation(cells: Runs, uniform: pd.DataFrame | None) -> str:
    """When it becomes good."""
    gen = {name: together(runs, "tau_gen") for name, runs in cells.items()}
    parts = [] if uniform is None else [f"{when(together(uniform, 'tau_gen'))} with uniform t"]
    if gen:
        first, last = ends(gen)
        to = f" to {when(gen[last])} at {last}" if first != last else ""
        parts.append(f"{when(gen[first])} at {first}{to}")
    return f"generation becomes good at {', at '.join(parts)}"


def together(runs: pd.DataFrame, name: str) -> Onset:
    """An onset of runs that differ in their seed alone; not seen where half of them do not."""
    middle = float(np.quantile(runs[name].fillna(np.inf), 0.5, method="higher"))
    low = float(runs[f"{name}_low"].min(skipna=False))
    high = float(runs[f"{name}_high"].max(skipna=False))
    return Onset(middle if np.isfinite(middle) else NAN, low, high)


def when(onset: Onset) -> str:
    """When it was, to three digits, and between which checkpoints."""
    if np.isnan(onset.step):
        return f"a step later than {onset.low:,.0f}" if onset.low else "an unknown step"
    until = f"to {onset.high:,.0f}" if onset.high == onset.high else "or later"
    return f"step {float(f'{onset.step:.3g}'):,.0f} ({onset.low:,.0f} {until})"


def ends(onsets: dict[str, Onset]) -> tuple[str, str]:
    """Where it is earliest and where latest."""
    order = sorted(onsets, key=lambda k: (np.nan_to_num(onsets[k].step, nan=np.inf), onsets[k].low))
    return order[0], order[-1]
