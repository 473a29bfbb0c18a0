"""A trial: the samples of one generator of known behaviour, judged; as a row of a table.

Rows are known by (data, n, m, split, generator): draws and generators have random streams of these
names, so a row is the same whatever else is tried, and what is there is not tried again.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from memctl.answers.judge import judge
from memctl.answers.verdict import verdict
from memctl.metrics import streams
from memctl.metrics.comparison import Comparison
from memctl.metrics.generators import Output
from memctl.metrics.measure import Floats
from memctl.metrics.sides import Sides
from memctl.trials import generators
from memctl.trials.populations import POPULATIONS, Draw, drawn

SAMPLES = 1_000  # and as many as there are examples a side
QUESTIONS = ("copies", "follows", "quality", "variety", "heldout", "sides")
NUMBERS = ("effect", "low", "high", "limit", "p", "detectable")
COLUMNS = (
    "data", "n", "m", "split", "generator", "kind", "share", "samples", "copied", "change",
    "word", "also", *(f"{q}_{number}" for q in QUESTIONS for number in NUMBERS), "seconds",
)  # fmt: skip


class Key(NamedTuple):
    """What a trial is known by.

    Attributes:
        n: Examples a side.
        m: Samples asked for.
        split: Which of the draws.
    """

    data: str
    n: int
    m: int
    split: int
    generator: str


def planned(
    data: Sequence[str], sizes: Sequence[int], splits: Sequence[int], chosen: Sequence[str]
) -> Iterator[Key]:
    """All trials of these generators, one split of everything after the other, so that those that
    are done when it is stopped are of all data and sizes. Data that are too few for a size are left
    out of it.
    """
    for number in splits:
        for n in sizes:
            for name in data:
                if not fits(name, n):
                    continue
                known = generators.names(POPULATIONS[name].temporal)
                for m in sorted({n, SAMPLES}):
                    for generator in (g for g in known if g in chosen):
                        yield Key(name, n, m, number, generator)


def fits(name: str, n: int) -> bool:
    """Whether there are n examples for either side, and n fresh ones."""
    most = POPULATIONS[name].most
    return most is None or 3 * n <= most()


def work(key: Key) -> float:
    """About how long a trial takes, beside others."""
    values = POPULATIONS[key.data].values
    return (200 + values) * (key.m * (2 * key.n + key.m) + 4 * key.n**2) + 10**8


def run(keys: Sequence[Key]) -> Iterator[dict[str, Any]]:
    """The rows of trials, each draw made once for those that stand together."""
    made: tuple[tuple[str, int, int], Draw] | None = None
    for key in keys:
        place = (key.data, key.n, key.split)
        if made is None or made[0] != place:
            made = place, drawn(*place, samples=SAMPLES)
        yield tried(key, made[1])


def tried(key: Key, draw: Draw) -> dict[str, Any]:
    """A row."""
    began = time.perf_counter()
    generator = generators.GENERATORS[key.generator]
    rng = streams.rng(0, f"trials: {' '.join(map(str, key))}")
    output = generator.make(draw, key.m, rng)
    samples = draw.sides.prepare(draw.in_range(output.examples))
    found = judge(Comparison.of_samples(draw.sides, samples))
    said = verdict(found, key.n)
    copies = generator.kind == "copies"
    return {
        **key._asdict(),
        "kind": generator.kind,
        "share": generator.share,
        "samples": len(samples),
        "copied": int((output.source >= 0).sum()) if copies else 0,
        "change": change(draw.sides, samples, output) if copies else np.nan,
        "word": said.word,
        "also": " + ".join(said.also),
        **{
            f"{question}_{number}": getattr(found[question], number)
            for question in QUESTIONS
            for number in NUMBERS
        },
        "seconds": time.perf_counter() - began,
    }


def change(sides: Sides, samples: Floats, output: Output) -> float:
    """The median distance of copies to their examples, by that of training examples to the nearest
    other.
    """
    copied = output.source >= 0
    moved = samples[copied] - sides.pool[output.source[copied]]
    own = np.median(np.sqrt(np.square(moved).mean(axis=1)))  # rms, as `config.Metrics` has it
    return float(own / np.median(sides.nearest_other(np.arange(sides.n_train))))
