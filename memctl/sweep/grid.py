"""From swept overrides to the list of runs: the product, without cells that are no interval, with
the reference runs.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from hydra.core.override_parser.types import Override

from memctl.errors import UserError

Overrides = tuple[str, ...]  # what makes a run: `key=value` each
CELL_KEYS = ("ci.", "sampler")  # what a reference run replaces


@dataclass
class Axes:
    """The swept keys with their values, and the overrides that all runs share."""

    swept: dict[str, list[str]] = field(default_factory=dict)
    shared: list[str] = field(default_factory=list)


def axes(overrides: Iterable[Override]) -> Axes:
    """Sort overrides into swept and shared; of a key given twice (a template's and the command
    line's) the last holds.

    Raises:
        UserError: what cannot be listed, such as interval(0, 1), or lists nothing.
    """
    found: dict[str, list[str] | None] = {}
    text: dict[str, str] = {}
    for override in overrides:
        key = override.get_key_element()
        found.pop(key, None)
        if override.is_sweep_override():
            found[key] = listed(override, key)
        else:
            found[key] = None
            text[key] = f"{key}={override.get_value_element_as_str()}"
    return Axes(
        {k: v for k, v in found.items() if v is not None},
        [text[k] for k, v in found.items() if v is None],
    )


def listed(override: Override, key: str) -> list[str]:
    """The values that an override sweeps over. Raises: UserError where there are none."""
    if not override.is_discrete_sweep():
        raise UserError(
            f"{override.input_line}: a sweep needs values that can be listed; write them,"
            f" {key}=100,200,300, or {key}=range(100,400,100)"
        )
    values = [str(value) for value in override.sweep_string_iterator()]
    if not values:
        raise UserError(
            f"{override.input_line} lists no value; glob is for the choices of a group of conf/,"
            f" such as weighting=glob(*), and range ends before its second number; write the"
            f" values, {key}=100,200,300"
        )
    return values


def cells(axes: Axes) -> list[Overrides]:
    """Every combination of the swept values, in the order given."""
    keys = list(axes.swept)
    return [
        (*axes.shared, *(f"{k}={v}" for k, v in zip(keys, values, strict=True)))
        for values in product(*axes.swept.values())
    ]


def references(axes: Axes, wanted: Sequence[str]) -> list[Overrides]:
    """The reference runs, for each combination of what is swept besides the cell.

    Args:
        wanted: The overrides of each, as a shell would read them.
    """
    other = Axes(
        {k: v for k, v in axes.swept.items() if not k.startswith(CELL_KEYS)},
        [text for text in axes.shared if not text.startswith(CELL_KEYS)],
    )
    return [
        (*overrides, *shlex.split(reference)) for reference in wanted for overrides in cells(other)
    ]


def tag(axes: Axes, overrides: Overrides) -> str:
    """What tells this run's folder from others where more than the cell and the seed is swept:
    `control.lr-0.001`.
    """
    extra = [
        k for k, v in axes.swept.items() if not k.startswith((*CELL_KEYS, "seed")) and len(v) > 1
    ]
    parts = [text for text in overrides if text.partition("=")[0] in extra]
    return "_".join(re.sub(r"[^\w.+-]+", "-", part).strip("-") for part in parts)


def interval_fault(
    low: float | None, high: float | None, allow_degenerate: bool, timesteps: int
) -> str | None:
    """Why a cell of a product is no interval, or None.

    Bounds that are wrong in themselves, missing or none of the steps 0..T, are errors, not dropped:
    the sampler refuses them.
    """
    if low is None or high is None or not (0 <= low <= timesteps and 0 <= high <= timesteps):
        return None
    if low < high or (low == high and allow_degenerate):
        return None
    return "c_l = c_h" if low == high else "c_l > c_h"
