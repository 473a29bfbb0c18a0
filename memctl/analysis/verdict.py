"""One word for a run, from several metrics, by stated rules.

    COPYING        it returns training examples, or examples nearer to them than fresh data are; `degree` says how far
    COLLAPSED      its examples are as blurred, or as alike, as data that were made so
    OFF-MANIFOLD   its examples are farther from the data than fresh data are
    HEALTHY        nothing that is measured tells it from fresh real data, and these measures would have told
    UNDECIDED      anything else

Every limit is a yardstick's reading on the same data: what real, blurred, mean and copied examples
read, and the range (floor) in which as many fresh real examples fall by chance. A metric counts by
the end of its interval that speaks against the rule; one without an interval is held against the
floor, which is the range of chance of that very number. What is not measured never fires a rule,
and HEALTHY needs all that NEEDED names. The first word of the table that has a rule that fires is
given; words of later rules stand in `also`.

ratio_median has no floor, and the Wasserstein distances repeat the JS divergences; neither is used.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from memctl.analysis.sweep_results import SweepResults

COPYING, COLLAPSED, OFF_MANIFOLD, HEALTHY, UNDECIDED = (
    "COPYING",
    "COLLAPSED",
    "OFF-MANIFOLD",
    "HEALTHY",
    "UNDECIDED",
)
NEEDED = ("f_mem", "dcr_share", "delta_nn", "distance_to_train", "energy_heldout")  # for HEALTHY
SIDED = (
    "f_mem",
    "dcr_share",
    "delta_nn",
    "energy_train",
    "energy_heldout",
    "js_divergence_C1",
    "js_divergence_C2",
)  # high is bad
BANDED = ("distance_to_train", "nn_train", "js_amplitude")  # both sides are bad
SPREAD = ("recall", "coverage", "vendi_ratio")  # how much of the data the samples reach
PLACED = ("precision", "density")  # whether samples lie among the data
GOOD = (*PLACED, *SPREAD)  # low is bad; read where they are measured
P = 0.01  # of dcr_p, one-sided: of 100 runs that do not copy one gets so far, and it must pass two more tests
NAN = float("nan")

Measures = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Reading:
    """A run's metrics and its data's yardsticks.

    What is not known is NaN, which no comparison holds for.
    """

    metrics: Measures
    yardsticks: Mapping[str, Measures]

    def end(self, metric: str, end: str, of: str | None = None) -> float:
        """`low`, `high` or `value` of a metric, or of a yardstick's; an end that is missing is the
        value.
        """
        found = (self.metrics if of is None else self.yardsticks.get(of, {})).get(metric) or {}
        known = [v for v in (found.get(end), found.get("value")) if v is not None]
        return float(known[0]) if known else NAN

    def above(self, metric: str, *yardsticks: str) -> bool:
        """Whether the whole interval lies above those of all yardsticks that have the metric;
        `floor` must have it.
        """
        limits = [self.end(metric, "high", of) for of in ("floor", *yardsticks)]
        return self.end(metric, "low") > max(limits[:1] + [v for v in limits[1:] if v == v])

    def below(self, metric: str) -> bool:
        """Whether the whole interval lies below the floor."""
        return self.end(metric, "high") < self.end(metric, "low", "floor")

    def poor(self, *metrics: str) -> bool:
        """Whether one of the metrics that are good when high is below the floor."""
        return any(self.below(metric) for metric in metrics)

    def near(self, metric: str) -> bool:
        """Whether the interval reaches the floor's."""
        return self.end(metric, "low") <= self.end(metric, "high", "floor") and self.end(
            metric, "high"
        ) >= self.end(metric, "low", "floor")

    def apart(self, of: str | None = None) -> float:
        """The mean distance between two of the samples, or of a yardstick's.

        It is 2 distance_to_train - energy_train - (mean distance between training examples); and
        what to take off is known from the yardstick `mean`, whose examples lie 0 apart.
        """
        both = lambda of: (
            2 * self.end("distance_to_train", "value", of) - self.end("energy_train", "value", of)
        )
        return both(of) - both("mean")

    def differs(self) -> bool:
        """A second witness that the distribution is not the data's."""
        return self.above("energy_heldout") or self.poor(*GOOD)


@dataclass(frozen=True)
class Rule:
    """A word, when it is given, and why; `metrics` are those whose numbers are shown."""

    word: str
    when: Callable[[Reading], bool]
    metrics: tuple[str, ...]
    reason: str


RULES = (
    Rule(COPYING, lambda r: r.above("f_mem", "heldout", "blurred", "mean"), ("f_mem",),
         "more samples have one training example to themselves than real, blurred or mean examples do"),
    Rule(COPYING, lambda r: followed(r), ("dcr_share", "dcr_p", "delta_nn"),
         "samples are nearer to training than to held-out examples, by more than a split at random and than real or blurred examples"),
    Rule(COLLAPSED, lambda r: flat(r) and r.differs(), ("distance_to_train", "energy_heldout"),
         "samples have less contrast than real examples, as little as blurred ones, and another distribution"),
    Rule(COLLAPSED, lambda r: alike(r) and r.differs(), ("energy_heldout",),
         "samples are nearer to one another than real examples are, as near as blurred ones, and have another distribution"),
    Rule(COLLAPSED, lambda r: r.poor(*SPREAD) and not r.poor(*PLACED) and r.above("energy_heldout"), (*SPREAD, "energy_heldout"),
         "samples lie among the data and leave out more of it than fresh real examples do"),
    Rule(OFF_MANIFOLD, lambda r: far(r, "nn_train"), ("nn_train", "energy_heldout"),
         "samples are farther from every training example than fresh real examples are, and have another distribution"),
    Rule(OFF_MANIFOLD, lambda r: far(r, "distance_to_train"), ("distance_to_train", "energy_heldout"),
         "samples have more contrast than real examples, and another distribution"),
    Rule(HEALTHY, lambda r: healthy(r), NEEDED,
         "no metric tells it from fresh real examples, and the metrics do tell copied, blurred and mean examples from them"),
)  # fmt: skip


def followed(r: Reading) -> bool:
    """dcr_share: significant by labels, by samples, in distance, and where blur, of as much as was
    tried, leaves it fair.
    """
    tried = r.end("distance_to_train", "high") >= r.end("distance_to_train", "low", "blurred")
    return (
        tried
        and r.end("dcr_p", "value") <= P
        and r.above("dcr_share", "heldout", "blurred")
        and r.above("delta_nn", "heldout", "blurred")
    )


def flat(r: Reading) -> bool:
    """As little contrast as the blurred examples, and less than real ones."""
    return r.below("distance_to_train") and r.end("distance_to_train", "low") <= r.end(
        "distance_to_train", "high", "blurred"
    )


def alike(r: Reading) -> bool:
    """As near to one another as blurred examples, and nearer than real ones are."""
    return r.apart() <= r.apart("blurred") and r.apart() < huddle(r)


def far(r: Reading, metric: str) -> bool:
    """Farther than fresh examples by this distance, of another distribution, and not a few points
    repeated.
    """
    return r.above(metric) and r.differs() and r.apart() >= huddle(r)


def huddle(r: Reading) -> float:
    """The least that fresh samples are apart: as real examples, less twice what the distance of
    those to train varies by.

    Few points, often repeated, are no sample of many: the intervals of the other metrics are then
    too narrow.
    """
    floor = r.end("distance_to_train", "high", "floor") - r.end("distance_to_train", "low", "floor")
    return r.apart("heldout") - 2 * floor


def healthy(r: Reading) -> bool:
    """Passes, and no yardstick that is not real data would: else the metrics cannot see, on this
    data, what the word denies.
    """
    return passes(r) and not any(
        passes(Reading(r.yardsticks.get(of, {}), r.yardsticks))
        for of in ("copies", "blurred", "mean")
    )


def passes(r: Reading) -> bool:
    """All of NEEDED are known, and each known metric is where fresh real examples are: with its
    whole interval if only high is bad.
    """
    named = [m for m in (*SIDED, *BANDED, *GOOD) if r.end(m, "value") == r.end(m, "value")]
    known = [m for m in named if r.end(m, "value", "floor") == r.end(m, "value", "floor")]
    fair = r.end("dcr_p", "value")
    return set(NEEDED) <= set(known) and not fair <= P and all(ok(r, m) for m in known)


def ok(r: Reading, metric: str) -> bool:
    if metric in BANDED:
        return r.near(metric)
    if metric in GOOD:
        return r.end(metric, "high") >= r.end(metric, "low", "floor")
    # What the held-out examples themselves read is fair too: f_mem's exact interval is wider than
    # the range of chance where samples are few, and the floor of the divergences resamples train
    # and held-out together, as if they were the population.
    fair = ("floor", "heldout") if metric.startswith(("f_mem", "js_")) else ("floor",)
    return r.end(metric, "high") <= max(r.end(metric, "high", of) for of in fair)


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
        return Verdict(UNDECIDED, "; ".join(undecided(reading, saw_heldout)))
    word = fired[0].word
    rules = [rule for rule in fired if rule.word == word]
    far = [degree(reading, rule) for rule in rules]
    way = [f"; {d:.0%} of the way from fresh data to copies" if d == d else "" for d in far]
    why = "; ".join(
        f"{rule.reason} ({shown(reading, rule.metrics)}{text})"
        for rule, text in zip(rules, way, strict=True)
    )
    others = tuple(dict.fromkeys(rule.word for rule in fired if rule.word != word))
    return Verdict(word, why, others, max((d for d in far if d == d), default=NAN))


def degree(r: Reading, rule: Rule) -> float:
    """How far a copying metric is on the way from fresh data to copies; NaN of other metrics."""
    fresh, full = (r.end(rule.metrics[0], "value", of) for of in ("floor", "copies"))
    return (
        (r.end(rule.metrics[0], "value") - fresh) / (full - fresh)
        if rule.word == COPYING and full > fresh
        else NAN
    )


def undecided(r: Reading, saw_heldout: bool) -> Iterator[str]:
    """What stands in the way of a word."""
    missing = [
        m
        for m in NEEDED
        if r.end(m, "value") != r.end(m, "value")
        or r.end(m, "value", "floor") != r.end(m, "value", "floor")
    ]
    if missing:
        yield f"not measured, or without a floor: {', '.join(missing)}"
    out = [
        m
        for m in (*SIDED, *BANDED, *GOOD)
        if m not in missing and r.end(m, "value", "floor") == r.end(m, "value", "floor")
    ]
    out = [m for m in out if r.end(m, "value") == r.end(m, "value") and not ok(r, m)]
    if out:
        yield (
            "not like fresh real examples, or not surely so, but no rule says what else:"
            f" {shown(r, tuple(out))}"
        )
    if r.end("dcr_p", "value") <= P:
        yield f"dcr_p {r.end('dcr_p', 'value'):.2g} hints at copying"
    if not missing and not out:
        blind = [
            of
            for of in ("copies", "blurred", "mean")
            if passes(Reading(r.yardsticks.get(of, {}), r.yardsticks))
        ]
        if blind:
            yield f"like fresh real examples, but so would {' and '.join(blind)} be on this data"
        if saw_heldout:
            yield "like held-out examples, which the base may have been trained on"


def shown(r: Reading, metrics: tuple[str, ...]) -> str:
    """The metrics' numbers, with the range of fresh real data."""
    parts = []
    for m in metrics:
        value, low, high = (r.end(m, end) for end in ("value", "low", "high"))
        near, far = (r.end(m, end, "floor") for end in ("low", "high"))
        if value == value:
            interval = f" [{low:.3g}, {high:.3g}]" if low < high else ""
            parts.append(
                f"{m} {value:.3g}{interval}"
                + (f", fresh {near:.3g} to {far:.3g}" if near == near else "")
            )
    return "; ".join(parts)


def verdicts(sweep: SweepResults) -> pd.DataFrame:
    """One row a finished run: name, kind, low, high, seed, verdict, degree, also, reason."""
    rows = []
    for name, record in sweep.records.items():
        found = verdict(
            record["metrics"], record["yardsticks"], bool(record.get("base", {}).get("saw_heldout"))
        )
        also = ", ".join(found.also)
        rows.append(
            {
                "name": name,
                "verdict": found.word,
                "degree": found.degree,
                "also": also,
                "reason": found.reason,
            }
        )
    return sweep.table[["name", "kind", "low", "high", "seed"]].merge(pd.DataFrame(rows), on="name")
