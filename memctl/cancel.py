"""python -m memctl.cancel SWEEP: stop what of a sweep is queued or running on a cluster.

What is running saves its work first, and the sweep's command goes on with it. Runs that this
machine's own launcher has started are stopped by Ctrl-C there.
"""

import argparse
from pathlib import Path

from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import path_of, said_plainly
from memctl.runs import queue


def cancel(sweep: Path) -> str:
    """Cancel a sweep's jobs, and those of bases that they wait for; says what was cancelled.

    Raises: UserError where the folder is none, or SLURM does not answer.
    """
    if not sweep.is_dir():
        raise UserError(f"{sweep} is not a folder; give a sweep's, such as runs/mitdb208")
    sweep = sweep.absolute()
    places = [path.parent for path in sweep.glob("*/job.json")]
    notes = ((path, queue.read_note(path.parent)) for path in sweep.parent.glob("bases/*/job.json"))
    places += [path.parent for path, note in notes if note and note["queue"] == str(sweep)]
    seats = {p: seat for p, seat in queue.seats(places).items() if seat.is_taken}
    jobs = sorted({seat.id for seat in seats.values() if seat.engine == "slurm"})
    for first in range(0, len(jobs), 500):
        queue.ask("scancel", *jobs[first : first + 500])
    if any(seat.engine == "ray" for seat in seats.values()):
        (sweep / queue.CANCEL).touch()
    runs = sum(place.parent == sweep for place in seats)
    return f"{runs} runs of {sweep} cancelled" if seats else f"nothing of {sweep} is in a queue"


def main() -> None:
    """The command line."""
    with plain_exit(), said_plainly():
        parser = argparse.ArgumentParser(
            prog="python -m memctl.cancel", description=(__doc__ or "").split("\n")[0]
        )
        parser.add_argument("sweep", type=path_of, help="its folder, such as runs/mitdb208")
        print(cancel(parser.parse_args().sweep))


if __name__ == "__main__":
    main()
