"""memctl calibrate data=NAME ...: what each metric can tell on this data, before anything
is trained.

Generators whose behaviour is known (copies, fresh examples, 2 to 50 % copies, blur, noise, ...) are
read by every metric, as many samples as a run generates. Writes into runs/calibration/NAME/:
readings.csv, verdicts.csv, calibration.png; prints the verdicts. With -cn multirun_templates/NAME
it takes the settings of a template, but for what that sweeps.
"""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from memctl import data
from memctl.command import launch, print_task
from memctl.config import Config
from memctl.exits import plain_exit
from memctl.experiment import check_ranges
from memctl.files import atomic, said_plainly
from memctl.metrics.calibration import Calibration
from memctl.metrics.suite import Suite
from memctl.reporting import heatmaps


def calibrate(config: Config) -> str:
    """Read the generators, write the tables, and return the verdicts as text. Raises: UserError."""
    source = data.build(config.data)
    split = data.load(source)
    calibration = Calibration.of(Suite.of(split, config.metrics), split, config.generate.samples)
    folder = Path(config.paths.runs) / "calibration" / source.name
    readings, verdicts = calibration.table(), calibration.verdicts()
    for name, frame, index in (("readings", readings, True), ("verdicts", verdicts, False)):
        with atomic(folder / f"{name}.csv") as file:
            frame.to_csv(
                file, index=index, index_label="generator" if index else None, float_format="%.6g"
            )
    heatmaps.calibration(readings, folder / "calibration.png")
    lines = [
        (
            f"data={source.name}: {len(split.train)} train and {len(split.heldout)} held-out"
            f" examples, {calibration.n} samples a generator"
        ),
        "",
    ]
    for row in verdicts.to_dict("records"):
        least = row["least copies"]
        lines.append(
            row["metric"]
            + (f", copies from {100 * least:.1f} % of the samples" if least == least else "")
        )
        lines += [
            f"    {key}: {row[key]}"
            for key in ("tells", "cannot tell here", "also moved by")
            if row[key]
        ]
    return "\n".join([*lines, "", f"tables and picture: {folder}"])


def answer(cfg: Any) -> str:
    """`calibrate`, from a composed config. Raises: UserError."""
    config = OmegaConf.to_object(cfg)
    assert isinstance(config, Config)
    for part in ("metrics.", "generate."):
        check_ranges(cfg, part)
    with said_plainly():
        return calibrate(config)


def main() -> None:
    """The command line: overrides of the config, as for training."""
    with plain_exit():
        launch(print_task(answer), __doc__)


if __name__ == "__main__":
    main()
