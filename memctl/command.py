"""Hydra's command line around a task: what `python -m memctl.train`, `.calibrate` and `.data` have in common."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import hydra

from memctl.errors import UserError
from memctl.paths import config_root
from memctl.sweep.plugins import install

Task = Callable[[Any], None]


def launch(task: Task, stopped: str = "stopped") -> None:
    """Call the task with the config that the command line composes. A user's mistake and Ctrl-C end with a message alone."""
    try:
        install()
        hydra.main(version_base="1.3", config_path=str(config_root() / "conf"), config_name="config")(task)()
    except UserError as error:  # a user's own sampler that cannot be imported
        sys.exit(f"memctl: {error}")
    except KeyboardInterrupt:
        print(f"\n{stopped}", file=sys.stderr)
        sys.exit(130)


def printed(answer: Callable[[Any], str]) -> Task:
    """The task that prints an answer, or says why there is none."""

    @wraps(answer)
    def task(cfg: Any) -> None:
        try:
            print(answer(cfg))
        except UserError as error:
            sys.exit(f"memctl: {error}")

    return task
