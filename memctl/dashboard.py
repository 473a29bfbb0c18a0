"""python -m memctl.dashboard SWEEP: a sweep's W&B dashboard.

Sends what the sweep's report has, as a run of job type `sweep`, and saves a workspace of its runs
(the triangle, parallel coordinates over the cells, curves, gaps over t, samples) and a W&B report
(question, answer, the paper's claims, maps). Needs a W&B key, and wandb-workspaces (pip install
'memctl[dashboard]'). --print shows what would be saved, and asks no server.
"""

import argparse
import json

from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import path_of, said_plainly


def parser() -> argparse.ArgumentParser:
    """The command line."""
    out = argparse.ArgumentParser(
        prog="python -m memctl.dashboard", description=(__doc__ or "").split("\n")[0]
    )
    out.add_argument("sweep", type=path_of, help="a sweep's folder, such as runs/mitdb208")
    out.add_argument("--project", help="the W&B project, if not that of the sweep's runs")
    out.add_argument("--entity", help="the user or team, if not that of the sweep's runs")
    out.add_argument(
        "--print", action="store_true", help="show the specification, and send nothing"
    )
    return out


def main() -> None:
    """Show or save the dashboard that the command line asks for."""
    with plain_exit(), said_plainly():
        arguments = parser().parse_args()
        from memctl.analysis.sweep_results import read  # after the help, which needs none of it
        from memctl.reporting import dashboard, sweep_run
        from memctl.runs.wandb_server import choose_mode, project

        sweep = read(arguments.sweep)
        logger = sweep_run.logger(sweep)
        logger.project = arguments.project or logger.project
        logger.entity = arguments.entity or logger.entity
        logger.mode = "online"
        if arguments.print:
            place = (logger.entity or "", project(logger))
            built = {"workspace": dashboard.workspace, "report": dashboard.report}
            known = {k: dashboard.specification(make(sweep, *place)) for k, make in built.items()}
            print(json.dumps(known, indent=1))
            return
        mode, reason = choose_mode("online")
        if mode != "online":
            raise UserError(
                f"a dashboard is saved online: {reason}. `wandb login` leaves a key; --print shows"
                " what would be saved"
            )
        copy = sweep_run.send(arguments.sweep, logger)
        if copy.mode != "online":
            raise UserError(f"the dashboard was not saved: {copy.reason}")
        at = sweep_run.save(dashboard.workspace(sweep, *copy.place))
        print(f"W&B: the dashboard is at {at}", flush=True)
        print(f"W&B: the report is at {sweep_run.save(dashboard.report(sweep, *copy.place, at))}")


if __name__ == "__main__":
    main()
