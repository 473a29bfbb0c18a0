"""What trials show: how often each generator is given each word, and whether the words are as good
as they should be.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from memctl.answers.answer import percent, span
from memctl.answers.shares import clopper_pearson
from memctl.answers.verdict import COPYING, HEALTHY, HELDOUT_SEEN, UNDECIDED, WORDS

PLACE = ["n", "m"]
Rows = pd.DataFrame
Flags = pd.Series


@dataclass(frozen=True)
class Bar:
    """A rate that the words should keep.

    Attributes:
        of: Which trials it is of.
        event: In which of these it happens.
        least: The rate, at least; or
        most: at most.
    """

    name: str
    of: Callable[[Rows], Flags]
    event: Callable[[Rows], Flags]
    least: float = 0.0
    most: float = 1.0

    @property
    def wanted(self) -> str:
        """The rate in words."""
        if self.least:
            return f"at least {100 * self.least:.0f} %"
        return f"at most {100 * self.most:.0f} %"


def near(rows: Rows) -> Flags:
    """Copies that differ from their examples by less than these from their nearest others."""
    return (rows.kind == "copies") & (rows.change < 1)


def covered(rows: Rows) -> Flags:
    """The interval of the share of copies holds it, to the digits that are written."""
    share = rows.copied / rows.samples
    return (rows.copies_low <= share + 1e-5) & (share - 1e-5 <= rows.copies_high)


BARS = (
    Bar(
        "a word of fault on fresh examples",
        lambda rows: rows.kind == "fresh",
        lambda rows: ~rows.word.isin([HEALTHY, UNDECIDED]),
        most=0.02,
    ),
    Bar(
        "HEALTHY on fresh examples",
        lambda rows: rows.kind == "fresh",
        lambda rows: rows.word == HEALTHY,
        least=0.85,
    ),
    Bar(
        "HEALTHY on near copies, a tenth and more",
        lambda rows: near(rows) & (rows.share >= 0.1),
        lambda rows: rows.word == HEALTHY,
        most=0.0,
    ),
    Bar(
        "COPYING on fitted densities",
        lambda rows: rows.kind == "fitted",
        lambda rows: rows.word == COPYING,
        most=0.02,
    ),
    Bar(
        "the interval holds the share of near copies",
        lambda rows: near(rows) & (rows.share < 1),
        covered,
        least=0.95,
    ),
    Bar(
        "HELD-OUT SEEN on copies of held-out examples",
        lambda rows: rows.kind == "swapped",
        lambda rows: rows.word == HELDOUT_SEEN,
        least=0.95,
    ),
    Bar(
        "HELD-OUT SEEN on copies of both sides",
        lambda rows: rows.kind == "both",
        lambda rows: rows.word == HELDOUT_SEEN,
        least=0.95,
    ),
)


def confusion(rows: Rows) -> pd.DataFrame:
    """Words by generator, data, n and m: count, of how many, rate, and its 95 % interval."""
    places = ["data", *PLACE, "generator"]
    out = [
        {**here[places].iloc[0].to_dict(), "word": word, **rate(here.word == word)}
        for _, here in rows.groupby(places, sort=False)
        for word in WORDS
    ]
    return pd.DataFrame(out)


def rate(event: Flags) -> dict[str, float]:
    """How often, of how many, and the rate with its exact 95 % interval."""
    count, of = int(event.sum()), len(event)
    low, high = clopper_pearson(count, of, 0.95)
    return {"count": count, "of": of, "rate": count / of, "low": low, "high": high}


def bars(rows: Rows) -> pd.DataFrame:
    """Each bar at each n and m: its rate and interval, whether it is kept, and where the rate is
    farthest from it.
    """
    return pd.DataFrame(list(readings(rows)))


def readings(rows: Rows) -> Iterator[dict[str, object]]:
    for bar in BARS:
        chosen = rows[bar.of(rows)]
        for _, here in chosen.groupby(PLACE):
            found = rate(bar.event(here))
            yield {
                "bar": bar.name,
                "wanted": bar.wanted,
                "n": here.n.iloc[0],
                "m": here.m.iloc[0],
                **found,
                "kept": bar.least <= found["rate"] <= bar.most,
                "worst": worst(bar, here),
            }


def worst(bar: Bar, rows: Rows) -> str:
    """The data and generator at which a bar is missed most, with how often; empty where it is
    kept everywhere.
    """
    event = bar.event(rows)
    missed = event if bar.most < 1 else ~event
    counts = missed.groupby([rows.data, rows.generator]).agg(["sum", "count"])
    shares = counts["sum"] / counts["count"]
    allowed = bar.most if bar.most < 1 else 1 - bar.least
    if shares.max() <= allowed:
        return ""
    at = int(shares.argmax())
    data, generator = counts.index.tolist()[at]
    missed_here, of = counts.iloc[at]
    return f"{data} {generator} {missed_here} of {of}"


def shown(rows: Rows) -> str:
    """Both tables for the terminal."""
    words = pd.crosstab(rows.generator, rows.word)
    words = words.reindex(index=rows.generator.unique(), columns=list(WORDS), fill_value=0)
    lines = ["Words by generator, over all data and sizes:", words.to_string(), ""]
    for name, here in bars(rows).groupby("bar", sort=False):
        lines.append(f"{name}: {here.wanted.iloc[0]}")
        lines += [
            f"    n {r['n']:5,} m {r['m']:5,}  {'yes' if r['kept'] else 'NO':3}"
            f"  {percent(r['rate']):>6} [{span(r['low'], r['high'])}] of {r['of']:,}"
            + (f"; {r['worst']}" if r["worst"] else "")
            for r in here.to_dict("records")
        ]
    return "\n".join(lines)
