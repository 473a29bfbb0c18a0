"""Ctrl-C and SIGTERM: what was reached is saved, one line says so, and the same command goes on.

Signals come from a hook at a counted step, in a process that sets what it hears: neither the speed
of the machine nor how the tests were started counts.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from memctl.exits import plain_exit
from memctl.runs.folder import RunFolder
from memctl.training.resume import resume_step
from tests.children import child, command
from tests.conftest import LONG

pytestmark = LONG

INT, TERM = signal.SIGINT, signal.SIGTERM
STOPPED = "stopped; the same command goes on from here"
# 6 steps of the base and 9 of control; no state is saved on the way unless a stop asks for it.
CELL = ["ci.low=700", "ci.high=1000", "trainer.checkpoint_seconds=1e6"]


@pytest.fixture
def train(tmp_path: Path, tiny: list[str]) -> Callable[..., tuple[int, str]]:
    """`memctl train` of a tiny cell in a process of its own: its exit code and what it printed."""

    def run(*stop: Any, hears_sigint: bool = True) -> tuple[int, str]:
        log = tmp_path / "log.txt"
        arguments = ([*tiny, *CELL], tmp_path / "runs", log, hears_sigint, stop)
        process = child(command, *arguments)
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, log.read_text()

    return run


def test_a_stopped_run_saves_says_so_and_goes_on(
    train: Callable[..., tuple[int, str]], finished: Path, tmp_path: Path
) -> None:
    """A stop saves the very step; a second is not kept waiting. After five of them the run ends
    with the numbers of one that nobody stopped.
    """
    for stop, code, saved in (
        (("step to be saved", 4, INT), 130, 4),  # the base's
        (("step to be saved", 2 + 5, TERM), 143, 5),  # control's
        (("step to be saved", 1, INT, TERM), 143, 5),
        (("batch generated", 1, INT), 130, None),
        (("pictures", 1, TERM), 143, None),
    ):
        was, out = train(*stop)
        assert was == code, out
        assert out.endswith(f"\n{STOPPED}\n")
        assert "Traceback" not in out
        if saved is not None:
            assert [resume_step(p) for p in tmp_path.glob("runs/*/*/resume.ckpt")] == [saved]
    assert train() == (0, ANY)
    assert samples(tmp_path / "runs") == samples(finished)


def samples(runs: Path) -> bytes:
    cell = runs / "mitdb208" / "cl700_ch1000_s0"
    assert RunFolder(cell).record() is not None
    return np.load(RunFolder(cell).samples).tobytes()


def test_in_the_background_sigint_is_for_others_and_sigterm_stops(
    train: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """SIGTERM also at the last step, where nothing is left to save."""
    code, out = train("step to be saved", 6 + 9, TERM, hears_sigint=False)
    assert (code, out.count(STOPPED)) == (143, 1), out
    assert train("step to be saved", 2, INT, hears_sigint=False) == (0, ANY)
    assert samples(tmp_path / "runs")


GO_ON = ("memctl.train", "memctl.tune")
ARGUMENTS = {
    "memctl": ["train", "--cfg", "job"],
    "memctl.train": ["--cfg", "job"],
    "memctl.evaluate": ["samples.npy"],
    "memctl.report": ["runs/mitdb208"],
}


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("memctl.train", "memctl.command"),
        ("memctl.train", "hydra.main"),
        ("memctl.train", "memctl.samplers"),
        ("memctl", "memctl.train"),
        ("memctl.evaluate", "pandas"),
        ("memctl.report", "matplotlib"),
        ("memctl.calibrate", "memctl.metrics.suite"),
        ("memctl.data", "memctl.reporting.data_set"),
        ("memctl.samplers", "matplotlib"),
        ("memctl.tune", "memctl.command"),
    ],
)
def test_a_stop_while_modules_are_imported_shows_no_traceback(module: str, imported: str) -> None:
    """A fork gets SIGINT there; when it has ended, the process itself gets SIGTERM."""
    code = f"""
import os, runpy, signal, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {imported!r}:
            fork = os.fork()
            if fork:
                print(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]), flush=True)
            os.kill(os.getpid(), {int(TERM)} if fork else {int(INT)})
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Stop())
sys.argv = ["memctl", *{ARGUMENTS.get(module, [])}]
runpy.run_module({module!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == (f"{128 + INT}\n", 128 + TERM), done.stderr
    assert done.stderr == f"\n{STOPPED if module in GO_ON else 'stopped'}\n" * 2


def test_a_ctrl_c_before_a_command_has_begun_shows_no_traceback() -> None:
    """From the first import of the package on, before that of the command; a program that imports
    memctl keeps its own answer.
    """
    for name, code, said in (("memctl", 130, "\nstopped\n"), ("mine", 7, "mine\n")):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"""
import os, signal, sys
sys.argv = [{name!r}]
signal.signal(signal.SIGINT, signal.default_int_handler)
import memctl
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("mine", file=sys.stderr)
    sys.exit(7)
""",
            ],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (code, said)


def test_a_stop_on_which_a_library_ends_in_an_error_of_its_own_is_a_stop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """argparse does, on its way out of `parse_intermixed_args`."""
    with pytest.raises(SystemExit) as end, plain_exit("stopped"):
        try:
            os.kill(os.getpid(), TERM)  # which a shell's background does not ignore
        finally:
            raise AttributeError("save_nargs")
    assert (end.value.code, capsys.readouterr().err) == (143, "\nstopped\n")
    with pytest.raises(AttributeError, match="mine"), plain_exit("stopped"):
        raise AttributeError("mine")
