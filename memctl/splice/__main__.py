"""python -m memctl.splice MEMORISING_RUN GENERALISING_RUN: at which steps t of generation
copying is decided.

Two finished runs of one data set, model and diffusion, of which the first copies its training
examples more. Their weights generate together: those of the first at some steps t, those of the
second at the others, from the same noise as the runs' own samples. t is cut into bands, and the
first acts alone in each band, or everywhere but there, or from T down to every edge, or from every
edge down to 1. Of each: f_mem, dcr_share and energy_heldout. Writes splice.csv and splice.png, and
says in a sentence where the copies come from. What is done is kept: after Ctrl-C the same command
goes on.
"""

import argparse
from collections.abc import Sequence

from memctl.exits import plain_exit
from memctl.files import path_of


def parser() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(
        prog="python -m memctl.splice",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    out.add_argument(
        "memorising",
        type=path_of,
        help="the folder of a run, such as runs/digits-scratch/uniform_s0",
    )
    out.add_argument(
        "generalising", type=path_of, help="that of a run on the same data that copies less"
    )
    out.add_argument(
        "--bands", type=int, default=5, metavar="N", help="of t (default: %(default)s)"
    )
    out.add_argument(
        "--samples",
        type=int,
        default=500,
        metavar="N",
        help="that each splice generates (default: %(default)s)",
    )
    out.add_argument(
        "--out",
        type=path_of,
        metavar="DIR",
        help="where to write (default: SWEEP/splice/MEMORISING--GENERALISING)",
    )
    return out


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    with plain_exit("stopped; the same command goes on from what is done"):
        arguments = parser().parse_args(argv)
        from memctl.splice.splice import splice  # after the help, which needs none of it

        print(splice(**vars(arguments)))


if __name__ == "__main__":
    main()
