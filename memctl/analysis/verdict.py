"""One word for a run, from several metrics, by stated rules.

    COPYING        it returns training examples, or examples nearer to them than fresh data are;
                   `degree` says how far
    COLLAPSED      its examples are as blurred, or as alike, as data that were made so
    OFF-MANIFOLD   its examples are farther from the data than fresh data are
    HEALTHY        nothing that is measured tells it from fresh real data, and these measures would
                   have told
    UNDECIDED      anything else

Every limit is a yardstick's reading on the same data: what real, blurred, mean and copied examples
read, and the range (floor) in which as many fresh real examples fall by chance. A metric counts by
the end of its interval that speaks against the rule; one without an interval is held against the
floor, which is the range of chance of that very number. What is not measured never fires a rule,
and HEALTHY needs all that NEEDED names. The first word of the table that has a rule that fires is
given; words of later rules stand in `also`.

ratio_median has no floor, and the Wasserstein distances repeat the JS divergences; neither is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from memctl.analysis.reading import NAN, Reading
from memctl.analysis.rules import (
    COPYING,
    DCR_P,
    FAULTY,
    HEALTHY,
    NEEDED,
    RULES,
    UNDECIDED,
    P,
    Rule,
    comparable,
    like_fresh,
    passes,
)
from memctl.analysis.sweep_results import SweepResults
from memctl.runs.record import Measures


@dataclass(frozen=True)
class Verdict:
    """The word, why it was given with the numbers, and the other words that a rule would give.

    Attributes:
        degree: Of COPYING: how far the metric that says so is on the way from fresh data, 0, to
            copies, 1; NaN if that is not known.
    """

    word: str
    reason: str
    also: tuple[str, ...] = ()
    degree: float = NAN


def verdict(
    metrics: Measures, yardsticks: Mapping[str, Measures], saw_heldout: bool = False
) -> Verdict:
    """The verdict on one run.

    Args:
        metrics: metric -> {value, low, high}, as in a record.
        yardsticks: heldout, copies, blurred, mean, floor -> metric -> {value, low, high}.
        saw_heldout: Whether the model may have been trained on held-out examples; their fairness
            then proves nothing, so the word is never HEALTHY.
    """
    reading = Reading(metrics, yardsticks)
    fired = [
        rule for rule in RULES if rule.when(reading) and not (saw_heldout and rule.word == HEALTHY)
    ]
    if not fired:
        return Verdict(UNDECIDED, "; ".join(obstacles(reading, saw_heldout)))
    word = fired[0].word
    rules = [rule for rule in fired if rule.word == word]
    degrees = [degree(reading, rule) for rule in rules]
    extents = [f"; {d:.0%} of the way from fresh data to copies" if d == d else "" for d in degrees]
    reason = "; ".join(
        f"{rule.reason} ({numbers(reading, rule.metrics)}{extent})"
        for rule, extent in zip(rules, extents, strict=True)
    )
    others = tuple(dict.fromkeys(rule.word for rule in fired if rule.word != word))
    return Verdict(word, reason, others, max((d for d in degrees if d == d), default=NAN))


def degree(r: Reading, rule: Rule) -> float:
    """How far a copying metric is on the way from fresh data to copies; NaN of other metrics."""
    fresh, full = (r.number(rule.metrics[0], of=of) for of in ("floor", "copies"))
    if rule.word != COPYING or not full > fresh:
        return NAN
    return (r.number(rule.metrics[0]) - fresh) / (full - fresh)


def obstacles(r: Reading, saw_heldout: bool) -> Iterator[str]:
    """What stands in the way of a word."""
    missing = [m for m in NEEDED if not (r.known(m) and r.known(m, "floor"))]
    if missing:
        yield f"not measured, or without a floor: {', '.join(missing)}"
    unlike = [metric.name for metric in comparable(r) if not like_fresh(r, metric)]
    if unlike:
        yield (
            "not like fresh real examples, or not surely so, but no rule says what else:"
            f" {numbers(r, unlike)}"
        )
    if r.number(DCR_P) <= P:
        yield f"dcr_p {r.number(DCR_P):.2g} hints at copying"
    if not missing and not unlike:
        blind = [name for name in FAULTY if passes(r.of_yardstick(name))]
        if blind:
            yield f"like fresh real examples, but so would {' and '.join(blind)} be on this data"
        if saw_heldout:
            yield "like held-out examples, which the base may have been trained on"


def numbers(r: Reading, metrics: Sequence[str]) -> str:
    """The metrics' numbers, with the range of fresh real data."""
    parts = []
    for m in metrics:
        value, low, high = (r.number(m, end) for end in ("value", "low", "high"))
        floor_low, floor_high = (r.number(m, end, "floor") for end in ("low", "high"))
        if value == value:
            interval = f" [{low:.3g}, {high:.3g}]" if low < high else ""
            fresh = f", fresh {floor_low:.3g} to {floor_high:.3g}" if floor_low == floor_low else ""
            parts.append(f"{m} {value:.3g}{interval}{fresh}")
    return "; ".join(parts)


def of_record(record: Mapping[str, Any]) -> Verdict:
    """A record's own verdict or, where it has none, the one that its numbers give."""
    if known := record.get("verdict"):
        degree = known.get("degree")
        also = tuple(known.get("also") or ())
        return Verdict(
            known["word"], known["reason"], also, NAN if degree is None else float(degree)
        )
    saw_heldout = bool(record.get("base", {}).get("saw_heldout"))
    return verdict(record["metrics"], record["yardsticks"], saw_heldout)


def verdicts(sweep: SweepResults) -> pd.DataFrame:
    """One row a finished run: name, kind, low, high, seed, verdict, degree, also, reason."""
    given = {name: of_record(record) for name, record in sweep.records.items()}
    rows = [
        {
            "name": name,
            "verdict": v.word,
            "degree": v.degree,
            "also": ", ".join(v.also),
            "reason": v.reason,
        }
        for name, v in given.items()
    ]
    return sweep.table[["name", "kind", "low", "high", "seed"]].merge(pd.DataFrame(rows), on="name")


def extent(degrees: pd.Series) -> str:
    """How far verdicts of COPYING go, as text; of others nothing."""
    if not degrees.notna().any():
        return ""
    low, high = f"{degrees.min():.0%}", f"{degrees.max():.0%}"
    span = low if low == high else f"{low} to {high}"
    return f" ({span} of the way from fresh data to copies)"


def summary(table: pd.DataFrame) -> str:
    """How many runs have each verdict, most first; of references by name.

    Args:
        table: As `verdicts` gives it.
    """
    cells, references = table[table.kind == "cell"], table[table.kind != "cell"]
    words = [
        f"{n} {word}{extent(cells[cells.verdict == word].degree)}"
        for word, n in cells.verdict.value_counts().items()
    ]
    others = [
        f"{row['name']} {row['verdict']}{extent(pd.Series([row['degree']]))}"
        for row in references.to_dict("records")
    ]
    return "; ".join([*([f"cells: {', '.join(words)}"] if words else []), *others[:6]])
