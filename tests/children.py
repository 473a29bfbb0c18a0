"""What tests run in processes of their own, in order to kill them."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memctl.experiment import Experiment


def killed_after(calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which kills its process when it has been called that often."""
    count = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        result = function(*args, **kwargs)
        count += 1
        if count == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def run_and_die(experiment: Experiment, where: str, calls: int) -> None:
    """Do a run, killed by SIGKILL at the given call of a function on its way."""
    import torch

    from memctl.reporting import pictures
    from memctl.runs import folder
    from memctl.stages import base, generate
    from memctl.stages import run as stages
    from memctl.training import fit

    torch.set_num_threads(1)
    module, name = {
        "training step": (fit.Resume, "on_train_batch_end"),
        "base saved": (base.checkpoint, "save"),
        "batch generated": (generate, "generate"),
        "pictures": (pictures, "draw"),
        "record": (folder.RunFolder, "save_record"),
    }[where]
    setattr(module, name, killed_after(calls, getattr(module, name)))
    stages.run(experiment)


def run(experiment: Experiment) -> None:
    """Do a run."""
    from memctl.stages import run as stages

    stages.run(experiment)


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
