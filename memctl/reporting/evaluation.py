"""What `python -m memctl.evaluate` says of samples beside training and held-out examples, and
writes.

evaluation.json   schema, memctl (version), sources (where all came from), samples (how many), split
                  (hash and sizes), exchangeable (the energy distance between train and held-out,
                  and its p), notes (how all was read), cautions, settings, metrics, absent,
                  yardsticks, answers and verdict, as `memctl.runs.record` has them
metrics.csv       one row a metric: value, low, high, what 95 % of fresh real examples would read
                  (floor_low, floor_high), and what held-out, copied, blurred and mean examples do
                  read
neighbours.csv    the nearest training and held-out examples of every sample, by their place in the
                  file, from 0, or their name in the folder
*.png             samples; suspects, beside their nearest examples; ratios (d1/d2); projection
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from textwrap import wrap

import pandas as pd

import memctl
from memctl.analysis.measurement import Measurement
from memctl.answers.memorisation import exchange as between_sides
from memctl.answers.verdict import UNDECIDED, Verdict
from memctl.data import Split, units, user_examples
from memctl.data.user_examples import Comparison
from memctl.files import atomic, shown, write_json
from memctl.metrics.catalogue import METRICS
from memctl.metrics.sides import SUBSETS
from memctl.metrics.suite import UNDEFINED
from memctl.reporting import pictures
from memctl.runs.record import YARDSTICKS

SCHEMA = 2
MAIN = [metric.name for metric in METRICS.values() if metric.main or metric.brief]
UNEVEN = 1.5  # ratio of sizes from which there is a caution
P = 0.01  # and the p: by chance in 1 of 100
WIDTH = 120


@dataclass(frozen=True)
class Evaluation:
    """The samples, what they were compared with, and what came out.

    Attributes:
        sides: What was compared.
        exchange: The energy distance between train and held-out, and its p.
        cautions: What to know before the numbers are believed.
    """

    sides: Comparison
    measurement: Measurement
    exchange: tuple[float, float]
    cautions: list[str]

    @classmethod
    def of(
        cls, sides: Comparison, measurement: Measurement, saw_heldout: bool = False
    ) -> "Evaluation":
        """Test whether the sides can be exchanged, which the measurement rests on.

        Args:
            saw_heldout: Whether the generator may have been trained on held-out examples.
        """
        suite = measurement.suite
        exchange = suite.sides.once(between_sides)
        cautions = [
            *sides.cautions,
            *units.cautions(sides.samples, sides.split.train, sides.split.heldout),
        ]
        fatal = next((caution.text for caution in cautions if caution.fatal), None)
        if fatal and not sides.same_units:
            measurement = replace(measurement, verdict=Verdict(UNDECIDED, f"no verdict: {fatal}"))
        doubts = reservations(sides.split, exchange, saw_heldout)
        told = [*(caution.text for caution in cautions), *doubts]
        return cls(sides, measurement, exchange, told)

    def table(self) -> pd.DataFrame:
        """One row a metric, as in metrics.csv."""
        rows = []
        for metric, measure in self.measurement.metrics.items():
            read = {name: self.measurement.yardsticks[name].get(metric, {}) for name in YARDSTICKS}
            floor = read.pop("floor")
            fresh = {f"floor_{end}": floor.get(end) for end in ("low", "high")}
            known = {name: yardstick.get("value") for name, yardstick in read.items()}
            rows.append({"metric": metric, **measure, **fresh, **known})
        return pd.DataFrame(rows).set_index("metric").astype(float)

    def text(self) -> str:
        """Sizes, cautions, the main metrics, the answers and the verdict."""
        samples, split = self.sides.samples, self.sides.split
        n, m, what = len(split.train), len(split.heldout), user_examples.describe_example(samples)
        lines = [
            f"{len(samples):,} samples of {what}, beside {n:,} training and {m:,} held-out"
            " examples",
            *self.sides.notes,
        ]
        lines += [f"CAUTION: {caution}" for caution in self.cautions]
        undefined = [k for k, why in self.measurement.absent.items() if why == UNDEFINED]
        if undefined:
            lines.append(f"not taken: {', '.join(undefined)} ({UNDEFINED})")
        verdict = self.measurement.verdict
        also = f"; also {', '.join(verdict.also)}" if verdict.also else ""
        reason = wrap(verdict.reason, WIDTH, initial_indent="  ", subsequent_indent="  ")
        word = f"verdict: {verdict.word}{also}"
        said = [
            line
            for answer in self.measurement.answers.values()
            for line in wrap(f"{answer.question} {answer.text}", WIDTH, subsequent_indent="  ")
        ]
        return "\n".join([*lines, "", main_table(self.table()), "", *said, "", word, *reason])

    def write(self, folder: Path, name: str, sources: Mapping[str, str]) -> None:
        """Write the files into a folder. Raises: UserError where it cannot be written."""
        with atomic(folder / "metrics.csv") as file:
            self.table().to_csv(file, float_format="%.6g")
        measurement, (value, p) = self.measurement, self.exchange
        samples, split = self.sides.samples, self.sides.split
        sides = {"mirror": split.mirror, "temporal": split.temporal}
        content = {
            "schema": SCHEMA,
            "memctl": memctl.__version__,
            "sources": {key: shown(source) for key, source in sources.items()},
            "samples": len(samples),
            "split": {"hash": split.hash, **split.summary, **sides},
            "exchangeable": {"energy_distance": value, "p": p},
            "notes": self.sides.notes,
            "cautions": self.cautions,
            "settings": asdict(measurement.suite.sides.config),
            "metrics": measurement.metrics,
            "absent": measurement.absent,
            "yardsticks": measurement.yardsticks,
            "answers": {k: v.as_json() for k, v in measurement.answers.items()},
            "verdict": asdict(measurement.verdict),
        }
        write_json(folder / "evaluation.json", content)
        # At last: what was found is there if a picture cannot be drawn.
        pictures.draw(
            folder,
            name,
            samples,
            split,
            measurement.suite,
            measurement.scan,
            None,
            self.sides.names,
        )


def reservations(split: Split, exchange: tuple[float, float], saw_heldout: bool) -> Iterator[str]:
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
    if saw_heldout:
        yield (
            "the generator may have been trained on held-out examples: dcr_share, dcr_p and"
            " delta_nn then call copying fair"
        )


def main_table(table: pd.DataFrame) -> str:
    """The main metrics for a terminal."""
    number = lambda value: f"{value:.4g}" if value == value else "-"
    between = lambda low, high: f"{low:.4g} to {high:.4g}" if low < high or low == high else "-"
    rows = table.loc[[metric for metric in MAIN if metric in table.index]]
    columns = {
        "value": rows["value"].map(number),
        "95 % interval": [between(*ends) for ends in zip(rows["low"], rows["high"], strict=True)],
        "fresh examples read": [
            between(*ends) for ends in zip(rows["floor_low"], rows["floor_high"], strict=True)
        ],
        "exact copies": rows["copies"].map(number),
    }
    return pd.DataFrame(columns, index=rows.index).rename_axis(None).to_string()
