"""Measurement: every metric of a set of samples beside its yardsticks, the answers and
the verdict; of a run and of what `python -m memctl.evaluate` is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from memctl.answers.answer import Answer
from memctl.answers.judge import judge
from memctl.answers.verdict import Verdict, verdict
from memctl.config import Metrics
from memctl.data import Split
from memctl.data.panels import Examples
from memctl.files import plain, read_json, remove_parts, write_json
from memctl.keys import digest
from memctl.metrics.distance import Scan
from memctl.metrics.suite import Suite, read
from memctl.metrics.yardsticks import yardsticks
from memctl.runs.record import Measures, measures


@dataclass(frozen=True)
class Measurement:
    """What is known of a set of samples.

    Attributes:
        scan: The one pass over the samples' distances.
        metrics: metric -> {value, low, high}.
        yardsticks: heldout, copies, blurred, mean, floor -> metric -> {value, low, high}.
        answers: Question -> answer (memctl.answers.judge).
        absent: metric -> why it was not taken.
    """

    suite: Suite
    scan: Scan
    metrics: Measures
    yardsticks: dict[str, Measures]
    answers: dict[str, Answer]
    verdict: Verdict
    absent: dict[str, str]


def measure(
    samples: Examples,
    split: Split,
    config: Metrics,
    *,
    saw_heldout: bool = False,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Measurement:
    """Measure samples, shape (m, channels, *dims), in the split's units.

    Args:
        saw_heldout: Whether the generator may have been trained on held-out examples.
        cache: A file that holds the yardsticks of this split, these settings and as many samples,
            or will.
        say: Called before each long step.

    Raises:
        UserError: NaN among the samples.
    """
    say(
        f"comparing {len(samples):,} samples with {len(split.train):,} training and"
        f" {len(split.heldout):,} held-out examples"
    )
    suite = Suite.of(split, config)
    comparison = suite.compare(samples)
    metrics = measures(read(comparison, suite.metrics))
    known = known_yardsticks(suite, split, len(samples), cache, say)
    say("asking whether it copies, follows, could be real, and shows all that there is")
    answers = judge(comparison)
    word = verdict(answers, min(len(split.train), len(split.heldout)), saw_heldout)
    absent = suite.absent(metrics)
    return Measurement(suite, comparison.scan, metrics, known, answers, word, absent)


def known_yardsticks(
    suite: Suite,
    split: Split,
    count: int,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Measures]:
    """The yardsticks of so many samples: those in the cache, or they are computed, and kept there.

    Args: as of `measure`.
    """
    known = kept_yardsticks(cache) if cache else None
    if cache:
        remove_parts(cache.parent)
    if known is None:
        say("reading the same metrics for held-out, copied, blurred and mean examples")
        computed = yardsticks(suite, split, count)
        known = {name: measures(values) for name, values in computed.items()}
        if cache:
            known = plain(known)
            write_json(cache, {"digest": digest(known), "yardsticks": known})
    return known


def kept_yardsticks(cache: Path) -> dict[str, Measures] | None:
    """The yardsticks in a cache, or None where it holds none, or they are not what was written."""
    content = read_json(cache) or {}
    known = content.get("yardsticks")
    return known if known and content.get("digest") == digest(known) else None
