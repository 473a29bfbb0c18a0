"""memctl train: one run, or with -m or a template a sweep of runs.

  memctl train ci.low=700 ci.high=1000                    one cell: trains, generates, measures
  memctl train -m ci.low=100,200 ci.high=100,300,400      a sweep: the pairs that are intervals
  memctl train -cn multirun_templates/grid                a template's sweep: 45 cells
  memctl train -cn multirun_templates/grid hydra.sweeper.plan=true
                                                          what it would run, what is done, how long

Results are in runs/SWEEP/; a sweep's report is runs/SWEEP/report/index.html.

Stop and go on: Ctrl-C ends a single run at its next step; of a sweep it lets the running cells end,
a second one ends them at their next step, a third at once. SIGTERM is as the second. Whatever ended
it, SIGKILL too, the same command goes on from there. In the background (& and nohup) Ctrl-C is
ignored; kill PID, a SIGTERM, stops it.
"""

from memctl.exits import plain_exit


def main() -> None:
    """The command line."""
    with plain_exit("stopped; the same command goes on from here"):
        from memctl.command import launch
        from memctl.task import task

        launch(task, __doc__, sweeps=True)


if __name__ == "__main__":
    main()
