"""What is to be known of a metric beside its formula: a value that stands next to the function and
once in the list (`memctl.metrics.catalogue`).

Whatever needs to know the metrics loops over that list: what is measured and for which data, the
yardsticks, calibration, the verdict, the report, and the documentation's table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

UP, DOWN = 1, -1

Need = Literal["full", "time", "labels", "unbounded"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric's name and use.

    Attributes:
        name: In records, tables and on the command line.
        title: What it reads, in the few words that a figure has room for.
        about: The same as a line of the documentation's table.
        range: Its range, and what is fair.
        needs: What it is left out without: `full` (metrics.full), `time` (the last axis is time),
            `labels` (examples have classes), `unbounded` (data without a range of its own).
        bad: On which side of fresh examples' readings it is bad.
        claims: The generators of known behaviour (memctl.metrics.generators) that it claims to
            tell from fresh examples: read above (UP) or below (DOWN) its floor.
        verdict: Whether the verdict (memctl.analysis.verdict) reads it.
        needed: Whether HEALTHY cannot be said without it.
        variety: Of a metric that is bad when low: whether it reads how much of the data the samples
            reach, rather than whether they lie among the data.
        main: Whether it stands wherever there is room for a few.
        brief: Whether it stands in what `memctl.evaluate` prints; main metrics do.
        studied: Whether its trends over a sweep are tested, and corrected for being so many; one of
            each kind, for duplicates would count twice.
        version: Raised when it would read other numbers, so that runs are measured again.
        source: Of a user's own metric: a digest of its file.
    """

    name: str
    title: str
    about: str
    range: str
    needs: tuple[Need, ...] = ()
    bad: Literal["high", "low", "both"]
    claims: Mapping[str, int] = field(default_factory=dict)
    verdict: bool = False
    needed: bool = False
    variety: bool = False
    main: bool = False
    brief: bool = False
    studied: bool = False
    version: int = 1
    source: str = ""
