"""What `python -m memctl.evaluate` says of samples beside training and held-out examples, and
writes.

evaluation.json   schema, memctl (version), sources (where all came from), samples (how many), split (hash and sizes), exchangeable
                  (the energy distance between train and held-out, and its p), cautions, settings,
                  metrics, yardsticks, and the verdict {word, reason, degree, also}, as
                  `memctl.runs.record` and `memctl.analysis.verdict` have them
metrics.csv       one row a metric: value, low, high, what 95 % of fresh real examples would read (floor_low, floor_high), and what
                  held-out, copied, blurred and mean examples do read
neighbours.csv    the nearest training and held-out examples of every sample, by their place in the file, from 0, or their name in the folder
*.png             samples; suspects, beside their nearest examples; ratios (d1/d2); projection
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import wrap

import pandas as pd

import memctl
from memctl.analysis.reading import Measures
from memctl.analysis.verdict import Verdict, verdict
from memctl.config import Metrics
from memctl.data import Split, given
from memctl.data.given import Compared
from memctl.data.panels import Examples
from memctl.files import atomic, write_json
from memctl.metrics.catalogue import METRICS
from memctl.metrics.distance import Scan
from memctl.metrics.exchange import exchange_p
from memctl.metrics.sides import SUBSETS
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks
from memctl.reporting import pictures
from memctl.runs.record import YARDSTICKS, measures

SCHEMA = 1
MAIN = [metric.name for metric in METRICS.values() if metric.main or metric.brief]
UNEVEN, P = (
    1.5,
    0.01,
)  # ratio of sizes, and the p, from which there is a caution: by chance in 1 of 100
RELABELLINGS = 200  # behind that p, at least
WIDTH = 120


@dataclass(frozen=True)
class Evaluation:
    """The samples, what they were compared with, and what came out.

    Attributes:
        sides: What was compared.
        found: The pass over the samples' distances.
        exchange: The energy distance between train and held-out, and its p.
        cautions: What to know before the numbers are believed.
    """

    sides: Compared
    suite: Suite
    found: Scan
    metrics: Measures
    yardsticks: Mapping[str, Measures]
    exchange: tuple[float, float]
    cautions: list[str]
    verdict: Verdict

    @classmethod
    def of(
        cls,
        sides: Compared,
        config: Metrics,
        saw_heldout: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> "Evaluation":
        """Measure the samples.

        Args:
            saw_heldout: Whether the generator may have been trained on held-out examples.
            say: Called before each long step.
        """
        samples, split = sides.samples, sides.split
        say(
            f"comparing {len(samples):,} samples with {len(split.train):,} training and"
            f" {len(split.heldout):,} held-out examples"
        )
        suite = Suite.of(split, config)
        found = suite.scan(suite.prepare(samples))
        metrics = measures(suite.evaluate(samples, found))
        say("reading the same metrics for held-out, copied, blurred and mean examples")
        known = {
            name: measures(values)
            for name, values in yardsticks(suite, split, len(samples)).items()
        }
        exchange = exchange_p(
            suite.sides.train,
            suite.sides.heldout,
            suite.sides.rng("exchangeable"),
            max(config.repeats, RELABELLINGS),
            config.reduce,
        )
        cautions = list(cautioned(samples, split, exchange, saw_heldout))
        return cls(
            sides,
            suite,
            found,
            metrics,
            known,
            exchange,
            cautions,
            verdict(metrics, known, saw_heldout),
        )

    def table(self) -> pd.DataFrame:
        """One row a metric, as in metrics.csv."""
        floor, beside = self.yardsticks["floor"], [name for name in YARDSTICKS if name != "floor"]
        rows = []
        for metric, measure in self.metrics.items():
            fresh = {f"floor_{end}": floor.get(metric, {}).get(end) for end in ("low", "high")}
            known = {name: self.yardsticks[name].get(metric, {}).get("value") for name in beside}
            rows.append({"metric": metric, **measure, **fresh, **known})
        return pd.DataFrame(rows).set_index("metric").astype(float)

    def text(self) -> str:
        """Sizes, cautions, the main metrics and the verdict."""
        samples, split = self.sides.samples, self.sides.split
        n, m, what = len(split.train), len(split.heldout), given.described(samples)
        lines = [
            f"{len(samples):,} samples of {what}, beside {n:,} training and {m:,} held-out examples",
            *self.sides.notes,
        ]
        lines += [f"CAUTION: {caution}" for caution in self.cautions]
        also = f"; also {', '.join(self.verdict.also)}" if self.verdict.also else ""
        said = wrap(self.verdict.reason, WIDTH, initial_indent="  ", subsequent_indent="  ")
        return "\n".join(
            [*lines, "", main_table(self.table()), "", f"verdict: {self.verdict.word}{also}", *said]
        )

    def write(self, folder: Path, name: str, sources: Mapping[str, str]) -> None:
        """Write the files into a folder. Raises: UserError where it cannot be written."""
        with atomic(folder / "metrics.csv") as file:
            self.table().to_csv(file, float_format="%.6g")
        samples, split = self.sides.samples, self.sides.split
        pictures.draw(folder, name, samples, split, self.suite, self.found, None, self.sides.names)
        value, p = self.exchange
        about = {
            "schema": SCHEMA, "memctl": memctl.__version__, "sources": dict(sources), "samples": len(samples),
            "split": {"hash": split.hash, **split.summary, "mirror": split.mirror, "temporal": split.temporal},
            "exchangeable": {"energy_distance": value, "p": p}, "cautions": self.cautions, "settings": asdict(self.suite.sides.config),
        }  # fmt: skip
        write_json(
            folder / "evaluation.json",
            {
                **about,
                "metrics": self.metrics,
                "yardsticks": self.yardsticks,
                "verdict": asdict(self.verdict),
            },
        )


def cautioned(
    samples: Examples, split: Split, exchange: tuple[float, float], saw_heldout: bool
) -> Iterator[str]:
    """What makes the comparison doubtful."""
    train, heldout, (value, p) = len(split.train), len(split.heldout), exchange
    if p <= P:
        yield (
            "train and held-out differ by more than draws of one population do (energy distance"
            f" {value:.3g}, p {p:.2g}): dcr_share, dcr_p and delta_nn, and a verdict that names"
            " them, may say which side samples are like, not that they are copies"
        )
    if max(train, heldout) >= UNEVEN * min(train, heldout):
        few = min(train, heldout)
        yield (
            f"the sides differ in size: dcr_share and delta_nn compare samples with {SUBSETS}"
            f" random subsets of {few:,} examples of the larger, and see less copying than sides of"
            " one size would"
        )
    yield from given.doubts(samples, split.train)
    if saw_heldout:
        yield (
            "the generator may have been trained on held-out examples: dcr_share, dcr_p and delta_nn"
            " then call copying fair"
        )


def main_table(table: pd.DataFrame) -> str:
    """The main metrics for a terminal."""
    number = lambda value: f"{value:.4g}" if value == value else "-"
    between = lambda low, high: f"{low:.4g} to {high:.4g}" if low < high or low == high else "-"
    rows = table.loc[[metric for metric in MAIN if metric in table.index]]
    shown = {
        "value": rows["value"].map(number),
        "95 % interval": [between(*ends) for ends in zip(rows["low"], rows["high"], strict=True)],
        "fresh examples read": [
            between(*ends) for ends in zip(rows["floor_low"], rows["floor_high"], strict=True)
        ],
        "exact copies": rows["copies"].map(number),
    }
    return pd.DataFrame(shown, index=rows.index).rename_axis(None).to_string()
