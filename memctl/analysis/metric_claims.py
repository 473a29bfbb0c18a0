"""The paper's claims on how metrics go with location and width (5.1 and 5.2)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from memctl.analysis.claim import TREND, Claim, Trend, contains, readings
from memctl.analysis.inference import Yardsticks, floor_width
from memctl.analysis.statistics import Floats, columns
from memctl.metrics.amplitude import JS_AMPLITUDE
from memctl.metrics.distance_to_train import DISTANCE_TO_TRAIN
from memctl.metrics.f_mem import F_MEM

# metric, axis, sign, the paper's r (None where it gives none), source, claim
TRENDS = (
    (
        DISTANCE_TO_TRAIN.name,
        "location",
        -1,
        -0.7388,
        "5.1, Fig. 3 a-c",
        "the distance to train falls as the interval moves right",
    ),
    (
        DISTANCE_TO_TRAIN.name,
        "width",
        1,
        0.316,
        "5.1, Fig. 3 d",
        "the distance to train grows with the interval's width",
    ),
    (
        JS_AMPLITUDE.name,
        "location",
        -1,
        None,
        "5.2, Fig. 6",
        "signals: the JS distance to train falls as the interval moves right",
    ),
    (
        F_MEM.name,
        "location",
        -1,
        None,
        "3 and 6: small t is the memorization regime, and the location dominates",
        "copying (f_mem) falls as the interval moves right",
    ),
)
# metric, the paper's values at means 100 and 1000: Pokemon, Flowers
COMPONENTS = (
    ("wasserstein_C1", (7.21, 0.42), (6.79, 0.84)),
    ("wasserstein_C2", (2.82, 0.17), (6.43, 0.73)),
    ("js_divergence_C1", (0.168, 0.011), (0.111, 0.013)),
    ("js_divergence_C2", (0.109, 0.007), (0.157, 0.015)),
)


def metric_claims(cells: pd.DataFrame, yardsticks: Yardsticks) -> list[Claim]:
    """The claims on metrics that the cells have.

    Args:
        cells: One row a cell: location, width and `metrics/NAME`.
    """
    return [
        *(trend(cells, yardsticks, *d) for d in TRENDS if f"metrics/{d[0]}" in cells),
        *(component(cells, yardsticks, *c) for c in COMPONENTS if f"metrics/{c[0]}" in cells),
    ]


def trend(
    cells: pd.DataFrame,
    yardsticks: Yardsticks,
    metric: str,
    axis: str,
    sign: int,
    paper: float | None,
    source: str,
    claim: str,
) -> Claim:
    """A metric against an axis, by r."""
    x, y = columns(cells, axis, f"metrics/{metric}")
    fitted = Trend.of(x, y, floor_width(yardsticks, metric))
    low, high = fitted.r["low"], fitted.r["high"]
    return Claim(
        claim=claim,
        source=source,
        number=f"r of {metric} with {axis}",
        paper="sign only" if paper is None else f"{paper:+.4g}",
        value=fitted.r["pearson"],
        low=low,
        high=high,
        **fitted.change,
        yardstick=readings(yardsticks, metric),
        verdict=fitted.verdict(sign),
        same_size="unknown" if paper is None else contains(low, high, (paper, paper)),
        rule=TREND,
        note=range_note(y, yardsticks.get("floor", {}).get(metric)),
    )


def component(
    cells: pd.DataFrame,
    yardsticks: Yardsticks,
    metric: str,
    pokemon: tuple[float, float],
    flowers: tuple[float, float],
) -> Claim:
    """A distance between distributions on a principal component, by its fall."""
    x, y = columns(cells, "location", f"metrics/{metric}")
    fitted = Trend.of(x, y, floor_width(yardsticks, metric))
    falls = {"Pokemon": pokemon, "Flowers": flowers}
    shares = [1 - end / start for start, end in falls.values()]
    listed = [
        f"{share:.0%} ({name}, {start:g} to {end:g})"
        for share, (name, (start, end)) in zip(shares, falls.items(), strict=True)
    ]
    return Claim(
        claim=f"{metric} falls as the mean of the interval grows",
        source="5.1, Fig. 5",
        number="fall along the line, leftmost to rightmost cell",
        paper=", ".join(listed),
        **fitted.fall,
        **fitted.change,
        yardstick=readings(yardsticks, metric),
        verdict=fitted.verdict(-1),
        same_size=contains(fitted.fall["low"], fitted.fall["high"], (min(shares), max(shares))),
        rule=TREND,
        note=(
            "the paper: means 100 to 1000, perhaps at one width (Fig. 4); here: all cells, means"
            f" 150 to 950. {range_note(y, yardsticks.get('floor', {}).get(metric))}"
        ),
    )


def range_note(y: Floats, floor: Mapping[str, float | None] | None) -> str:
    """What all cells span, and whether it is less than chance makes of fresh data."""
    if not len(y) or not floor or floor.get("low") is None or floor.get("high") is None:
        return "no floor"
    width = float(floor["high"] or 0) - float(floor["low"] or 0)
    side = "less" if np.ptp(y) < width else "more"
    return (
        f"cells span {y.min():.4g} to {y.max():.4g}, {side} than the range of fresh data"
        f" ({width:.3g})"
    )
