"""memctl tune: the interval that copies less than a share of its samples and is as good as uniform.

  memctl tune -cn multirun_templates/scratch                the whole question, on digits
  memctl tune -cn multirun_templates/scratch --copying 0.05 --trials 60
  memctl tune -cn multirun_templates/scratch hydra.sweeper.plan=true
                                                            what is known, how long the rest takes
  memctl tune --replay runs/digits-scratch                  how many runs it would have taken there

Searches [c_l, c_h] in whole steps, and with --steps the training time, for little copying (f_mem)
at little loss (energy to held-out), and launches the runs as a sweep does. What the sweep's folder
knows already, a grid's cells too, counts as tried. Uniform runs come first: where they hardly copy
there is nothing to compare. The best setting is then trained with other seeds, for what a search
chooses reads better than it is, and the answer comes from these runs alone. Takes a template's
settings, but for what that sweeps. It goes on where it was stopped, as `memctl train` does.
"""

import argparse
import sys
from collections.abc import Sequence

from memctl.exits import plain_exit
from memctl.files import path_of


def parser() -> argparse.ArgumentParser:
    """The command line, but for Hydra's part of it."""
    made = argparse.ArgumentParser(
        prog="memctl tune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
        usage=argparse.SUPPRESS,
    )
    made.add_argument("--copying", metavar="SHARE", help="of the samples, at most (default: 0.01)")
    made.add_argument("--trials", metavar="N", help="settings to try in all (default: 30)")
    made.add_argument(
        "--seeds", metavar="K", help="seeds: one to choose, the others to confirm (default: 3)"
    )
    made.add_argument(
        "--steps", nargs=2, metavar=("LEAST", "MOST"), help="search the steps of training too"
    )
    made.add_argument("--method", metavar="NAME", help="gp, tpe, nsga2 or random (default: gp)")
    made.add_argument(
        "--replay", type=path_of, metavar="SWEEP", help="of a finished grid; trains nothing"
    )
    return made


def overrides(arguments: argparse.Namespace) -> list[str]:
    """The flags as settings of the sweeper."""
    named = {k: getattr(arguments, k) for k in ("copying", "trials", "seeds", "method")}
    own = [f"hydra.sweeper.{k}={v}" for k, v in named.items() if v is not None]
    steps = [f"hydra.sweeper.steps=[{','.join(arguments.steps)}]"] if arguments.steps else []
    return ["hydra.mode=MULTIRUN", "hydra/sweeper=front", *own, *steps]


def main(argv: Sequence[str] | None = None) -> None:
    """The command line: flags of its own, and overrides of the config as for training."""
    with plain_exit("stopped; the same command goes on from here"):
        arguments, rest = parser().parse_known_args(argv)
        if arguments.replay:
            from memctl.search import replay

            print(replay.answer(arguments.replay))
            return
        from memctl.command import add_overrides, launch
        from memctl.task import task

        sys.argv[1:] = add_overrides(rest, overrides(arguments))
        launch(task, parser().format_help(), sweeps=True)


if __name__ == "__main__":
    main()
