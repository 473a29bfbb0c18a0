"""python -m memctl.watch SWEEP: a sweep in the terminal, while it runs or afterwards.

Shows the W&B copies of its runs (curves, numbers, pictures, settings) with `wandb leet`, which
wandb ships: no account, no server. Runs that begin meanwhile come along. h shows the keys, q ends.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import path_of, said_plainly
from memctl.runs.wandb_copies import copies

PATIENCE = 5.0  # seconds for leet to end
EVERY = 2.0  # seconds until new runs are looked for


def link(directory: Path, folder: Path) -> None:
    """Make `folder` one that leet reads: `run-DATE-ID/run-ID.wandb` of each copy, with the run's
    name as ID, since that is what leet lists, the latest first.
    """
    wanted = {}
    for name, copy in copies(directory).items():
        _, date, own = copy.name.removeprefix("offline-").split("-", 2)
        wanted[f"run-{date}-{name}"] = (name, copy.absolute(), own)
    for path in folder.glob("run-*"):
        if path.name not in wanted:  # of a run that was begun anew
            shutil.rmtree(path)
    for listed, (name, copy, own) in wanted.items():
        if not (place := folder / listed).exists():
            place.mkdir()
            (place / "files").symlink_to(copy / "files")  # the pictures
            (place / f"run-{name}.wandb").symlink_to(copy / f"run-{own}.wandb")


def watch(directory: Path) -> int:
    """Show a sweep until the user leaves; gives leet's exit code.

    Raises: UserError where there is nothing to show, or nothing to show it with.
    """
    if not directory.is_dir():
        raise UserError(f"{directory} is not a folder; give a sweep's, such as runs/mitdb208")
    found = copies(directory)
    if not found:
        raise UserError(
            f"no run of {directory} has a W&B copy: none has begun, or they ran with logger=none;"
            f" `memctl report {directory} --text` draws a finished sweep without one"
        )
    if importlib.util.find_spec("wandb.cli.leet") is None:
        raise UserError(
            "the installed wandb has no `wandb leet`; `pip install -U wandb` brings one that has"
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        some = next(iter(found.values()))
        raise UserError(
            "a sweep is shown in a terminal, and this is none; `wandb leet inspect --summary"
            f" {some}` prints one run"
        )
    with tempfile.TemporaryDirectory(prefix="memctl-watch-") as name:
        folder, left = Path(name), threading.Event()
        link(directory, folder)

        def follow() -> None:
            while not left.wait(EVERY):
                with suppress(OSError):  # of a run that is being begun anew: the next time
                    link(directory, folder)

        follower = threading.Thread(target=follow)
        follower.start()
        process = subprocess.Popen(
            [sys.executable, "-m", "wandb", "leet", str(folder)],
            # Else it would tell W&B's server of its own errors.
            env={**os.environ, "WANDB_ERROR_REPORTING": "false"},
        )
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                end(process)
            left.set()
            follower.join()


def end(process: subprocess.Popen[bytes]) -> None:
    """End leet, which gives the terminal back where it is asked to end. What is asked is its own
    process, below that of W&B's command; without `ps`, which finds it, the command alone.
    """
    listed = ""
    with suppress(OSError):
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True
        ).stdout
    pairs = [(int(pid), int(parent)) for pid, parent in map(str.split, listed.splitlines())]
    below = [pid for pid, parent in pairs if parent == process.pid]
    for pid in below or [process.pid]:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    """The command line."""
    with plain_exit(), said_plainly():
        parser = argparse.ArgumentParser(
            prog="python -m memctl.watch", description=(__doc__ or "").split("\n")[0]
        )
        parser.add_argument("sweep", type=path_of, help="its folder, such as runs/mitdb208")
        sys.exit(watch(parser.parse_args().sweep))


if __name__ == "__main__":
    main()
