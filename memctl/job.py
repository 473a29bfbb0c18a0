"""python -m memctl.job FOLDER: do the work that a launcher for clusters has frozen in the folder of
a run, or of a base. A job's worker (memctl.sweep.worker) starts it, and it ends with the worker.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from memctl.errors import AtWork, UserError
from memctl.exits import plain_exit
from memctl.files import path_of

AT_WORK = 75  # exit code where another process works on it (EX_TEMPFAIL of sysexits.h)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    out = argparse.ArgumentParser(
        prog="python -m memctl.job", description=(__doc__ or "").split(": ", 1)[1]
    )
    out.add_argument("folder", type=path_of, help="of a run or a base, with a job.yaml")
    return out


def main() -> None:
    """The command line."""
    with plain_exit("stopped; it goes on from here"):
        folder = parser().parse_args().folder
        if os.getpgrp() == os.getpid():  # else the group is that of who typed it
            threading.Thread(target=end_with_worker, daemon=True).start()
        try:
            do(folder)
        except AtWork as error:
            print(f"memctl: {error}", file=sys.stderr)
            sys.exit(AT_WORK)


def do(folder: Path) -> None:
    """The run or the base. Raises: UserError."""
    from memctl.files import said_plainly
    from memctl.stages import base, finish, run
    from memctl.sweep.frozen import thaw

    experiment = thaw(folder)
    check_gpu(experiment.config.trainer.accelerator)
    with said_plainly():
        if folder == experiment.base_folder.path:
            base.make(experiment)
            print(f"{folder} is made", flush=True)
        else:
            print(finish.summary(run.run(experiment)), flush=True)


def check_gpu(accelerator: str) -> None:
    """Raises: UserError where the job holds a GPU and would compute on a core beside it."""
    import torch

    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if given not in ("", "-1") and accelerator == "auto" and not torch.cuda.is_available():
        raise UserError(
            f"the job has GPU {given}, and torch {torch.__version__} cannot use it: install a build"
            " for its driver, or set hydra.launcher.gpus=0"
        )


def end_with_worker() -> None:
    """End this process, and all that it started, when what started it is gone, however it went."""
    if not sys.stdin.isatty():
        sys.stdin.read()
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
