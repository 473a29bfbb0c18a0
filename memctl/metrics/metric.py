"""What is to be known of a metric beside its formula: a value that stands next to the function and
once in the list (`memctl.metrics.catalogue`).

Whatever needs to know the metrics loops over that list: what is measured and for which data, the
yardsticks, calibration, the report, and the documentation's table.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from memctl.metrics.comparison import Comparison
from memctl.metrics.equal_sets import EqualSets, Value
from memctl.metrics.measure import Measure
from memctl.plugins import errors_of

UP, DOWN = 1, -1
NAN = float("nan")

Need = Literal["full", "time", "labels", "unbounded"]
Bad = Literal["high", "low", "both"]
Reader = Callable[[Comparison], Measure | float | None]
Floor = Callable[[str, Comparison], Measure | None]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric: its name, how it is read, and its use.

    Attributes:
        name: In records, tables and on the command line.
        read: Its value of a comparison; None or NaN where it is not defined, as for too few
            examples.
        over_halvings: How a generator is read that makes fresh examples out of held-out ones, over
            random halves of these; as other samples are unless given.
        floor: From its name and the held-out examples read as samples: what 95 % of as many fresh
            examples would read.
        of_sets: Instead of a floor: the value for two sets of as many examples. The floor is then
            its spread over train and held-out labelled anew by chance.
        yardsticks: Whether it is read for the generators of known behaviour too.
        title: What it reads, in the few words that a figure has room for.
        about: The same as a line of the documentation's table.
        range: Its range, and what is fair.
        needs: What it is left out without: `full` (metrics.full), `time` (the last axis is time),
            `labels` (both sides have two or more of the same classes), `unbounded` (data without a
            range of its own).
        bad: On which side of fresh examples' readings it is bad.
        claims: The generators of known behaviour (memctl.metrics.generators) that it claims to
            tell from fresh examples: read above (UP) or below (DOWN) its floor.
        main: Whether it stands wherever there is room for a few.
        brief: Whether it stands in what `memctl.evaluate` prints; main metrics do.
        studied: Whether its trends over a sweep are tested, and corrected for being so many; one of
            each kind, for duplicates would count twice.
        version: Raised when it would read other numbers, so that runs are measured again.
        file, source: Of a user's own metric: where it was found, and a digest of that file.

    Raises:
        ValueError: a name that is no word, or a need or side that there is not.
    """

    name: str
    read: Reader
    over_halvings: Reader | None = None
    floor: Floor | None = None
    of_sets: Value | None = None
    yardsticks: bool = True
    title: str
    about: str
    range: str
    needs: tuple[Need, ...] = ()
    bad: Bad
    claims: Mapping[str, int] = field(default_factory=dict)
    main: bool = False
    brief: bool = False
    studied: bool = False
    version: int = 1
    file: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name.endswith(("_low", "_high")):
            raise ValueError(
                f"name={self.name!r} must be a word that ends in neither _low nor _high"
            )
        if self.bad not in get_args(Bad):
            raise ValueError(f"bad={self.bad!r} must be one of {', '.join(get_args(Bad))}")
        if unknown := sorted(set(self.needs) - set(get_args(Need))):
            raise ValueError(f"needs {unknown[0]!r}; there are {', '.join(get_args(Need))}")

    def measure(self, c: Comparison) -> Measure | None:
        """Its reading of a comparison. Raises: UserError where a user's own metric fails."""
        over_halvings = self.over_halvings if c.has_halvings else None
        return self._measure(over_halvings or self.read, c)

    def fresh(self, c: Comparison) -> Measure | None:
        """Its floor, from the held-out examples. Raises: as `measure`."""
        return self._measure(self.floor, self.name, c) if self.floor else None

    def value(self, sets: EqualSets) -> float:
        """Its value for two sets of as many examples. Raises: as `measure`."""
        assert self.of_sets is not None
        measure = self._measure(self.of_sets, sets)
        return NAN if measure is None else measure.value

    def _measure(self, function: Callable[..., Any], *arguments: Any) -> Measure | None:
        with errors_of(self.file) if self.file else nullcontext():
            value = function(*arguments)
            if isinstance(value, float | int | np.floating):
                value = Measure(float(value))
            if value is not None and not isinstance(value, Measure):
                raise TypeError(f"{self.name} gave a {type(value).__name__}, no number or Measure")
            return value if value is not None and np.isfinite(value.value) else None
