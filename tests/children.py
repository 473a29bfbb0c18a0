"""What tests run in processes of their own, in order to kill them."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from PIL import Image

from memctl.experiment import Experiment

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.preload"])
PRELOAD = ["hydra.launcher.preload=[tests.preload]"]  # for a sweep, which shares that fork server


def child(target: Callable[..., None], *args: Any) -> BaseProcess:
    """A process of the fork server that has the environment of this one, as a new one would: the
    server has that of the test which happened to start it.
    """
    return FORK.Process(target=with_environment, args=(dict(os.environ), target, *args))


def with_environment(environment: dict[str, str], target: Callable[..., None], *args: Any) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


FIGURES = ("samples", "suspects", "ratios", "projection", "timesteps")  # of every run


def save_blank(figure: Any, file: Any, **how: Any) -> None:
    """`Figure.savefig` for tests that look at no picture: rendering five is 40 % of a tiny run."""
    Image.new("L", (1, 1)).save(file, format="png")


def draw_blank(*what: Any) -> None:
    """A function of `memctl.reporting.figures` for such tests."""
    save_blank(None, next(path for path in what if isinstance(path, Path)))


def signal_at(where: str, calls: int, *numbers: int) -> None:
    """Have this process send itself signals at the given call of a function on a run's way: before
    the call where a training step is about to be saved, else after it.
    """
    from memctl.reporting import pictures
    from memctl.runs import folder
    from memctl.stages import base, generate
    from memctl.training import fit

    owner, name = {
        "step to be saved": (fit.Save, "on_train_batch_end"),
        "training step": (fit.Save, "on_train_batch_end"),
        "base saved": (base.checkpoint, "save"),
        "batch generated": (generate, "generate"),
        "pictures": (pictures, "draw"),
        "record": (folder.RunFolder, "save_record"),
    }[where]
    function, count = getattr(owner, name), 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == calls and where == "step to be saved":
            send()
        result = function(*args, **kwargs)
        if count == calls and where != "step to be saved":
            send()
        return result

    def send() -> None:
        for number in numbers:
            os.kill(os.getpid(), number)

    setattr(owner, name, wrapped)


def run_and_die(experiment: Experiment, where: str, calls: int) -> None:
    """Do a run, killed by SIGKILL at the given call of a function on its way."""
    import torch

    from memctl.stages import run as stages

    torch.set_num_threads(1)
    signal_at(where, calls, signal.SIGKILL)
    stages.run(experiment)


def command(
    arguments: Sequence[str],
    runs: Path,
    log: Path,
    hears_sigint: bool,
    stop: tuple[Any, ...] = (),
) -> None:
    """`memctl train` as a shell starts it, in the foreground or in the background.

    Args:
        runs: Its MEMCTL_RUNS.
        log: Takes all that it prints.
        hears_sigint: False as in the background, where a shell has its jobs ignore SIGINT.
        stop: Arguments of `signal_at`.
    """
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler if hears_sigint else signal.SIG_IGN)
    os.environ["MEMCTL_RUNS"] = str(runs)
    sys.argv = ["memctl", *arguments]
    import torch

    from memctl import train

    torch.set_num_threads(1)
    if stop:
        signal_at(*stop)
    train.main()


def base_only(experiment: Experiment, log: Path) -> None:
    """Ask for the base, and note if it was trained here."""
    import torch

    from memctl import data
    from memctl.stages import base

    torch.set_num_threads(1)
    train = base.train

    def noted(*args: Any) -> None:
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        train(*args)

    base.train = noted
    base.base_network(experiment, data.load(experiment.data))
