"""Measuring samples that are there already, for `memctl evaluate`: files of any generator, a run,
or a sweep. Nothing is trained or generated.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from memctl import data
from memctl.analysis.measurement import measure
from memctl.analysis.sweep_results import made_records, strange
from memctl.config import Metrics
from memctl.config.ranges import check_ranges
from memctl.data import user_examples, user_files
from memctl.data.user_examples import Comparison
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import nothing_fetched, path_of, said_plainly, shown
from memctl.registry import closest
from memctl.reporting.evaluation import Evaluation
from memctl.runs.folder import RunFolder


def measure_files(arguments: argparse.Namespace, to: Path) -> Evaluation:
    """Measure the samples against the sides that the command line names, for the folder `to`.

    Raises: UserError.
    """
    config = settings(Metrics(), arguments.overrides)
    places = [arguments.samples, arguments.train, arguments.heldout]
    say(f"reading {shown(', '.join(places))}")
    columns = arguments.drop_columns
    how = user_files.Reading(
        arguments.size,
        arguments.channels,
        arguments.range,
        None if columns is None else [] if columns == "none" else columns.split(","),
        arguments.layout,
    )
    samples, train, heldout = user_files.read_sides(places, how)
    check_place(to, places)
    sides = user_examples.compare(samples, train, heldout, arguments.mirror)
    make_folder(to)
    return Evaluation.of(sides, measure(sides.samples, sides.split, config, say=say))


@nothing_fetched()
def measure_run(folder: RunFolder, overrides: Sequence[str], to: Path | None = None) -> Evaluation:
    """Measure a finished run anew, by its own settings of the metrics and these, and write its
    record anew.

    Raises: UserError.
    """
    from memctl.stages.finish import measure_again  # here alone: files need no stages

    record = folder.record()
    if record is None or not folder.samples.is_file():
        raise UserError(
            f"{folder.path} is not the folder of a finished run or sweep; of other samples name"
            " --train and --heldout too"
        )
    config = folder.settings()
    config.metrics = settings(config.metrics, overrides)
    config.paths.runs = str(folder.path.parent.parent)
    config.sweep.name = folder.path.parent.name
    experiment = Experiment.of(config)
    split = data.load(experiment.data)
    if split.hash != record["split"]["hash"]:
        raise UserError(
            f"{folder.path} is of the split {record['split']['hash']}, but its data now gives"
            f" {split.hash}: the data has changed"
        )
    if to:
        make_folder(to)
    measurement = measure_again(experiment, folder, split, say)
    samples = np.load(folder.samples)
    own, train, heldout = (np.arange(len(x)) for x in (samples, split.train, split.heldout))
    seen = bool(record.get("base", {}).get("saw_heldout"))
    sides = Comparison(samples, split, (own, train, heldout), [], same_units=True)
    return Evaluation.of(sides, measurement, seen)


def measure_sweep(directory: Path, overrides: Sequence[str]) -> None:
    """Measure every finished run of a sweep anew, then write its report; one that cannot be
    measured does not stop the rest.

    Raises: UserError, for those that could not, at the end.
    """
    from memctl.reporting import report  # here alone: it takes a second to import

    strangers = strange(made_records(directory))  # the report says why they are left out
    places = [path.parent for path in sorted(directory.glob("*/record.json"))]
    folders = [RunFolder(path) for path in places if path.name not in strangers]
    problems = []
    for k, folder in enumerate(folders, 1):
        print(f"[{k}/{len(folders)}] {folder.name}: ", end="", flush=True)
        try:
            verdict = measure_run(folder, overrides).measurement.verdict
            print(verdict.word, flush=True)
        except UserError as error:
            problems.append(f"{folder.name}: {error}")
            print("could not be measured", flush=True)
    report.write(directory, sys.stdout)
    if problems:
        raise UserError(
            f"{len(problems)} of {len(folders)} runs could not be measured anew:\n    "
            + "\n    ".join(problems)
        )


def settings(start: Any, overrides: Sequence[str]) -> Metrics:
    """The metrics' settings after overrides `metrics.KEY=VALUE`. Raises: UserError."""
    cfg = OmegaConf.create({"metrics": start})
    known = [f"metrics.{field.name}" for field in fields(Metrics)]
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or key not in known:
            raise UserError(
                f"{text} is no setting{closest(key, known)}; write one of"
                f" {', '.join(f'{name}=...' for name in known)}"
            )
        try:
            OmegaConf.update(cfg, key, value)
        except OmegaConfBaseException as error:
            raise UserError(f"{text}: {str(error).splitlines()[0]}") from None
    check_ranges(cfg, "metrics.")
    found: Any = OmegaConf.to_object(cfg.metrics)
    return found


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure, write and print. Raises: UserError."""
    if (arguments.train is None) != (arguments.heldout is None):
        raise UserError(
            "--train and --heldout go together: a sample near to train is only then near for"
            " copying if others are not"
        )
    if arguments.size < 4:
        raise UserError(f"--size {arguments.size} must be at least 4 pixels")
    place, own = path_of(arguments.samples), arguments.train is None
    if own and not (place / "record.json").exists() and any(place.glob("*/record.json")):
        if arguments.out:
            raise UserError(
                f"--out is for one set of samples, and {place} is a sweep; leave it out"
            )
        measure_sweep(place, arguments.overrides)
        return
    to = arguments.out
    with said_plainly():
        if own:
            sources = {"run": str(place)}
            evaluation = measure_run(RunFolder(place), arguments.overrides, to)
        else:
            sources = {key: getattr(arguments, key) for key in ("samples", "train", "heldout")}
            to = to or Path("evaluation")
            evaluation = measure_files(arguments, to)
        # First what was found: it is not lost with a picture that cannot be drawn.
        print(f"\n{evaluation.text()}", flush=True)
        if to:
            evaluation.write(to, shown(arguments.samples), sources)
    print(f"\nall metrics, nearest examples and pictures: {shown(to or place)}")


def check_place(to: Path, places: Sequence[str]) -> None:
    """Raises: UserError for the folder of one of the sides: what is written would be read as
    images of it the next time.
    """
    for side in places:
        folder = path_of(side)
        if folder.is_dir() and folder.resolve() == to.resolve():
            raise UserError(f"--out {shown(to)} is a folder of examples; choose another")


def make_folder(path: Path) -> None:
    """Raises: UserError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}; choose another folder with --out DIR"
        ) from None


def say(step: str) -> None:
    """Tell of a step that may take long, apart from the results."""
    print(f"{step} ...", file=sys.stderr, flush=True)
