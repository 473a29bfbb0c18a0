"""python -m memctl.evaluate SAMPLES --train TRAIN --heldout HELDOUT: whether a generator copies its
training data.

The generator may be of any kind: what counts is what it made, the examples it was trained on, and
examples it has not seen. Each is a file or a folder of images (memctl.data.user_files), all
three in the same units. Prints the main metrics beside what fresh real examples and exact copies
read, the answers, and the word that follows from them (memctl.answers); writes all and the pictures
into ./evaluation, or the folder that --out names (memctl.reporting.evaluation). A run of memctl
needs no
TRAIN and HELDOUT: its own are read, its record is written anew, and nothing is trained or
generated; of a sweep every run is measured so, and then the report is written.

dcr_share, dcr_p and delta_nn, and the verdicts that rest on them, need train and held-out to be
exchangeable: draws of one population, of which a coin decided which were trained on. Examples of
another year, person or camera are not held-out in this sense. The command tests for it and
cautions, but no test can prove it.
"""

import argparse
from collections.abc import Sequence

from memctl.exits import plain_exit
from memctl.files import path_of


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m memctl.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "samples",
        help="what the generator made: a .npy, .npz, .csv, a folder of images; or the folder of"
        " a run or a sweep",
    )
    made.add_argument("--train", metavar="TRAIN", help="the examples it was trained on")
    made.add_argument(
        "--heldout", metavar="HELDOUT", help="examples of the same population that it has not seen"
    )
    made.add_argument(
        "--out",
        type=path_of,
        metavar="DIR",
        help="where to write (default: ./evaluation; of a run its own folder)",
    )
    add_reading(made)
    made.add_argument(
        "overrides",
        nargs="*",
        metavar="metrics.KEY=VALUE",
        help="settings of the metrics (memctl.config.Metrics)",
    )
    return made


def add_reading(made: argparse.ArgumentParser) -> None:
    """How the examples are read."""
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
        "--range",
        type=float,
        nargs=2,
        metavar=("BLACK", "WHITE"),
        help="of deep images in folders (more than 8 bits, or fractions): levels that are black and"
        " white (default: one scale for all three, by data type and levels)",
    )
    made.add_argument(
        "--drop-columns",
        metavar="COLUMNS",
        help="of tables: columns that are no signal, by place from 0 or name, with commas between;"
        " none keeps all (default: looks for them, and asks)",
    )
    made.add_argument(
        "--layout",
        choices=("channels_first", "channels_last"),
        help="of arrays (default: by their shape, or asks)",
    )
    made.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="count an image and its mirror image as one (default: yes)",
    )


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    with plain_exit():
        arguments = parser().parse_intermixed_args(argv)
        from memctl.stages.anew import evaluate  # after the help, which needs none of it

        evaluate(arguments)


if __name__ == "__main__":
    main()
