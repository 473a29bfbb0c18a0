"""python -m memctl.train: one run, or with -m (or a template, -cn multirun_templates/NAME) a sweep."""

from memctl.command import launch
from memctl.task import task


def main() -> None:
    """Run Hydra on the command line.

    Ctrl-C stops a single run, which then goes on from where it was.
    """
    launch(task, stopped="stopped; the same command goes on from here", sweeps=True)


if __name__ == "__main__":
    main()
