"""python -m memctl.evaluate SAMPLES --train TRAIN --heldout HELDOUT: whether a generator copies its
training data.

The generator may be of any kind: what counts is what it made, the examples it was trained on, and
examples it has not seen. Each is a file or a folder of images (memctl.data.given), all three in the
same units. Prints the main metrics beside what fresh real examples and exact copies read, and a
verdict by the rules of memctl.analysis.verdict; writes all of them and the pictures into
./evaluation, or the folder that --out names (memctl.reporting.evaluation). A run of memctl needs no
TRAIN and HELDOUT: its own are read, and the result goes into RUN/evaluation.

dcr_share, dcr_p and delta_nn, and the verdicts that rest on them, need train and held-out to be
exchangeable: draws of one population, of which a coin decided which were trained on. Examples of
another year, person or camera are not held-out in this sense. The command tests for it and
cautions, but no test can prove it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from memctl import data
from memctl.config import Config, Metrics
from memctl.data import given
from memctl.data.given import Compared
from memctl.errors import UserError
from memctl.experiment import check_ranges
from memctl.files import said_plainly
from memctl.registry import closest
from memctl.reporting.evaluation import Evaluation
from memctl.runs import folder


@dataclass(frozen=True)
class Question:
    """What is to be measured.

    Attributes:
        sides: What is compared.
        config: Settings of the metrics.
        saw_heldout: Whether the generator may have been trained on held-out examples.
        sources: Where all came from.
    """

    sides: Compared
    config: Metrics
    saw_heldout: bool
    sources: dict[str, str]


def asked(arguments: argparse.Namespace) -> Question:
    """The samples and sides that the command line names. Raises: UserError."""
    config = settings(Metrics(), arguments.overrides)
    places = {"samples": arguments.samples, "train": arguments.train, "heldout": arguments.heldout}
    say(f"reading {', '.join(places.values())}")
    samples, train, heldout = (
        given.read(place, arguments.size, arguments.channels) for place in places.values()
    )
    return Question(
        given.compared(samples, train, heldout, arguments.mirror), config, False, places
    )


def asked_of_run(run: Path, overrides: Sequence[str]) -> Question:
    """A finished run's samples and its own split, measured by the run's settings and these.

    Raises: UserError.
    """
    record = folder.record(run)
    if record is None:
        raise UserError(
            f"{run} is not the folder of a finished run; of other samples name --train and"
            " --heldout too"
        )
    if not (run / "config.yaml").is_file():
        raise UserError(
            f"{run} holds no config.yaml, which says what it was trained on; of its samples name"
            " --train and --heldout too"
        )
    config = OmegaConf.to_object(
        OmegaConf.merge(OmegaConf.structured(Config), OmegaConf.load(run / "config.yaml"))
    )
    assert isinstance(config, Config)
    split = data.load(data.build(config.data))
    if split.hash != record["split"]["hash"]:
        raise UserError(
            f"{run} is of the split {record['split']['hash']}, but its data now gives {split.hash}:"
            " the data has changed"
        )
    samples = given.read(str(run / "samples.npy"))
    names = (samples.names, np.arange(len(split.train)), np.arange(len(split.heldout)))
    seen = bool(record.get("base", {}).get("saw_heldout"))
    return Question(
        Compared(samples.values, split, names, []),
        settings(config.metrics, overrides),
        seen,
        {"run": str(run)},
    )


def settings(start: Metrics, overrides: Sequence[str]) -> Metrics:
    """The metrics' settings after overrides `metrics.KEY=VALUE`. Raises: UserError."""
    cfg = OmegaConf.create({"metrics": OmegaConf.structured(start)})
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
    own = arguments.train is None
    to = arguments.out or (Path(arguments.samples) / "evaluation" if own else Path("evaluation"))
    question = (
        asked_of_run(Path(arguments.samples), arguments.overrides) if own else asked(arguments)
    )
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write {to}: {error.strerror}; choose another folder with --out DIR"
        ) from None
    found = Evaluation.of(question.sides, question.config, question.saw_heldout, say)
    with said_plainly():
        found.write(to, arguments.samples, question.sources)
    print(f"\n{found.text()}\n\nall metrics, nearest examples and pictures: {to}", flush=True)


def say(step: str) -> None:
    """Tell of a step that may take long, apart from the results."""
    print(f"{step} ...", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m memctl.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "samples",
        help="what the generator made: a .npy, .npz, .csv, a folder of images; or a run's folder",
    )
    made.add_argument("--train", metavar="TRAIN", help="the examples it was trained on")
    made.add_argument(
        "--heldout", metavar="HELDOUT", help="examples of the same population that it has not seen"
    )
    made.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where to write (default: ./evaluation, of a run RUN/evaluation)",
    )
    made.add_argument(
        "--size",
        type=int,
        default=64,
        help="of images in folders: pixels a side (default: %(default)s)",
    )
    made.add_argument(
        "--channels",
        type=int,
        default=3,
        choices=(1, 3),
        help="of images in folders (default: %(default)s)",
    )
    made.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="count an image and its mirror image as one (default: yes)",
    )
    made.add_argument(
        "overrides",
        nargs="*",
        metavar="metrics.KEY=VALUE",
        help="settings of the metrics (memctl.config.Metrics)",
    )
    return made


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    try:
        evaluate(parser().parse_intermixed_args(argv))
    except UserError as error:
        sys.exit(f"memctl: {error}")
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
