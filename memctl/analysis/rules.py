"""The rules that give a run its verdict: `verdict` says what the words mean."""

from collections.abc import Callable
from dataclasses import dataclass

from memctl.analysis.reading import Reading
from memctl.metrics import catalogue, dcr, distance_to_train, energy, f_mem
from memctl.metrics.metric import Metric

COPYING, COLLAPSED, OFF_MANIFOLD, HEALTHY, UNDECIDED = (
    "COPYING",
    "COLLAPSED",
    "OFF-MANIFOLD",
    "HEALTHY",
    "UNDECIDED",
)
F_MEM, DISTANCE = f_mem.F_MEM.name, distance_to_train.DISTANCE_TO_TRAIN.name
DCR_SHARE, DCR_P, DELTA_NN = dcr.DCR_SHARE.name, dcr.DCR_P.name, dcr.DELTA_NN.name
NN_TRAIN, ENERGY = dcr.NN_TRAIN.name, energy.ENERGY_HELDOUT.name
JUDGED = [metric for metric in catalogue.METRICS.values() if metric.verdict]
NEEDED = tuple(m.name for m in JUDGED if m.needed)  # for HEALTHY
# How much of the data the samples reach, and whether they lie among the data.
SPREAD, PLACED = (
    tuple(m.name for m in JUDGED if m.bad == "low" and m.variety == variety)
    for variety in (True, False)
)
GOOD = (*PLACED, *SPREAD)  # low is bad; read where they are measured
FAULTY = ("copies", "blurred", "mean")  # yardsticks that no model of the data would make
# Of dcr_p, one-sided: of 100 runs that do not copy one gets so far, and must pass two more tests.
P = 0.01


@dataclass(frozen=True)
class Rule:
    """A word, when it is given, and why; `metrics` are those whose numbers are given with it."""

    word: str
    when: Callable[[Reading], bool]
    metrics: tuple[str, ...]
    reason: str


def nearer_to_train(r: Reading) -> bool:
    """dcr_share: significant by labels, by samples, in distance, and where blur, of as much as was
    tried, leaves it fair.
    """
    tried = r.number(DISTANCE, "high") >= r.number(DISTANCE, "low", "blurred")
    return (
        tried
        and r.number(DCR_P) <= P
        and r.above_floor(DCR_SHARE, "heldout", "blurred")
        and r.above_floor(DELTA_NN, "heldout", "blurred")
    )


def another_distribution(r: Reading) -> bool:
    """A second witness that the distribution is not the data's."""
    return r.above_floor(ENERGY) or r.below_floor(*GOOD)


def low_contrast(r: Reading) -> bool:
    """As little contrast as the blurred examples, less than real ones, of another distribution."""
    limit = r.number(DISTANCE, "high", "blurred")
    little = r.below_floor(DISTANCE) and r.number(DISTANCE, "low") <= limit
    return little and another_distribution(r)


def low_spacing(r: Reading) -> bool:
    """As near to one another as blurred examples, nearer than real ones, and of another
    distribution.
    """
    near = r.spacing() <= r.spacing("blurred") and r.spacing() < least_spacing(r)
    return near and another_distribution(r)


def low_coverage(r: Reading) -> bool:
    """Among the data, of another distribution, and reaching less of the data than real examples."""
    return r.below_floor(*SPREAD) and not r.below_floor(*PLACED) and r.above_floor(ENERGY)


def off_manifold(r: Reading, metric: str) -> bool:
    """Farther than fresh examples by this distance, of another distribution, and not a few points
    repeated.
    """
    return r.above_floor(metric) and another_distribution(r) and r.spacing() >= least_spacing(r)


def least_spacing(r: Reading) -> float:
    """The least that fresh samples are apart: as real examples, less twice what the distance of
    those to train varies by.

    Few points, often repeated, are no sample of many: the intervals of the other metrics are then
    too narrow.
    """
    low, high = (r.number(DISTANCE, end, "floor") for end in ("low", "high"))
    return r.spacing("heldout") - 2 * (high - low)


def healthy(r: Reading) -> bool:
    """Passes, and no yardstick that is not real data would: else the metrics cannot see, on this
    data, what the word denies.
    """
    return passes(r) and not any(passes(r.of_yardstick(name)) for name in FAULTY)


def comparable(r: Reading) -> list[Metric]:
    """The metrics of a verdict, a user's own among them, that have both a value and a floor."""
    judged = [metric for metric in catalogue.known().values() if metric.verdict]
    return [m for m in judged if r.known(m.name) and r.known(m.name, "floor")]


def passes(r: Reading) -> bool:
    """All of NEEDED are known, and each known metric is where fresh real examples are: with its
    whole interval if only high is bad.
    """
    known = comparable(r)
    if r.number(DCR_P) <= P or not {*NEEDED} <= {metric.name for metric in known}:
        return False
    return all(like_fresh(r, metric) for metric in known)


def like_fresh(r: Reading, metric: Metric) -> bool:
    """Whether one metric is where fresh real examples are."""
    name, high = metric.name, r.number(metric.name, "high")
    if metric.bad == "both":
        return r.meets_floor(name)
    if metric.bad == "low":
        return high >= r.number(name, "low", "floor")
    fair = ("floor", "heldout") if metric.heldout_is_fair else ("floor",)
    return high <= max(r.number(name, "high", of) for of in fair)


RULES = (
    Rule(
        COPYING,
        lambda r: r.above_floor(F_MEM, "heldout", "blurred", "mean"),
        (F_MEM,),
        "more samples have one training example to themselves than real, blurred or mean examples"
        " do",
    ),
    Rule(
        COPYING,
        nearer_to_train,
        (DCR_SHARE, DCR_P, DELTA_NN),
        "samples are nearer to training than to held-out examples, by more than a split at random"
        " and than real or blurred examples",
    ),
    Rule(
        COLLAPSED,
        low_contrast,
        (DISTANCE, ENERGY),
        "samples have less contrast than real examples, as little as blurred ones, and another"
        " distribution",
    ),
    Rule(
        COLLAPSED,
        low_spacing,
        (ENERGY,),
        "samples are nearer to one another than real examples are, as near as blurred ones, and"
        " have another distribution",
    ),
    Rule(
        COLLAPSED,
        low_coverage,
        (*SPREAD, ENERGY),
        "samples lie among the data and leave out more of it than fresh real examples do",
    ),
    Rule(
        OFF_MANIFOLD,
        lambda r: off_manifold(r, NN_TRAIN),
        (NN_TRAIN, ENERGY),
        "samples are farther from every training example than fresh real examples are, and have"
        " another distribution",
    ),
    Rule(
        OFF_MANIFOLD,
        lambda r: off_manifold(r, DISTANCE),
        (DISTANCE, ENERGY),
        "samples have more contrast than real examples, and another distribution",
    ),
    Rule(
        HEALTHY,
        healthy,
        NEEDED,
        "no metric tells it from fresh real examples, and the metrics do tell copied, blurred and"
        " mean examples from them",
    ),
)
