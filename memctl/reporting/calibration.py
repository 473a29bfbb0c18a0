"""What each metric can tell on a data set, as tables, a picture and text."""

from memctl import data
from memctl.config import Config
from memctl.files import atomic, path_of
from memctl.metrics.calibration import Calibration
from memctl.metrics.suite import Suite
from memctl.reporting import calibration_figure


def calibrate(config: Config) -> str:
    """Read the generators, write the tables, and return the verdicts as text. Raises: UserError."""
    source = data.build(config.data)
    split = data.load(source)
    calibration = Calibration.of(Suite.of(split, config.metrics), split, config.generate.samples)
    folder = path_of(config.paths.runs) / "calibration" / source.name
    readings, verdicts = calibration.table(), calibration.verdicts()
    for name, frame, index in (("readings", readings, True), ("verdicts", verdicts, False)):
        with atomic(folder / f"{name}.csv") as file:
            frame.to_csv(
                file, index=index, index_label="generator" if index else None, float_format="%.6g"
            )
    calibration_figure.draw(readings, folder / "calibration.png")
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
