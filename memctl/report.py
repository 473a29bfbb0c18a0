"""python -m memctl.report SWEEP: a sweep's answer, finished or not.

Writes into SWEEP/report: table.csv and table.parquet (one row a run), NAME.csv and NAME.png of
every section (`memctl.reporting.sections`), a heat-map of each main metric or of those asked for,
and index.html. Prints the main numbers. --text draws the heat-maps in the terminal, --figures the
paper's Figs. 2 to 7 into SWEEP/report/paper; both write no report. Of several sweeps also what they
say together, in pooled/ beside the first: of a data set each the paper's correlation (parity.csv,
associations.csv), of one data set the front of all their settings, copying against quality
(front.csv, front.png, hypervolumes.csv), and what each reads less the first, setting by setting
(differences.csv, and a page of them all, index.html).
"""

import argparse
import sys

from memctl.exits import plain_exit
from memctl.files import path_of, said_plainly


def parser() -> argparse.ArgumentParser:
    """The command line."""
    out = argparse.ArgumentParser(
        prog="python -m memctl.report", description=(__doc__ or "").split("\n")[0]
    )
    out.add_argument(
        "sweep",
        type=path_of,
        nargs="+",
        help="a sweep's folder, such as runs/mitdb208; several are read as one too: of a data set"
        " each as the paper pools them, of one data set as one plane of copying against quality,"
        " and setting by setting, each less the first",
    )
    out.add_argument(
        "--metric", action="append", help="draw the heat-map of this metric (repeatable)"
    )
    out.add_argument(
        "--text", action="store_true", help="draw the heat-maps in the terminal, and write nothing"
    )
    out.add_argument(
        "--figures", action="store_true", help="the paper's Figs. 2 to 7, as PNG and PDF, alone"
    )
    return out


def main() -> None:
    """Write the reports that the command line asks for."""
    with plain_exit(), said_plainly():
        arguments = parser().parse_args()
        from memctl.analysis.studied import MAIN  # after the help, which needs none of it
        from memctl.reporting import paper, terminal
        from memctl.reporting.pool import pool
        from memctl.reporting.report import write

        if arguments.text:
            for sweep in arguments.sweep:
                terminal.draw(sweep, arguments.metric or MAIN)
        if arguments.figures:
            for sweep in arguments.sweep:
                print(paper.write(sweep), flush=True)
        if arguments.text or arguments.figures:
            return
        for sweep in arguments.sweep:
            write(sweep, sys.stdout, arguments.metric or MAIN)
        if len(arguments.sweep) > 1:
            pool(arguments.sweep, sys.stdout)


if __name__ == "__main__":
    main()
