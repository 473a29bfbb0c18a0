"""Hydra's command line around a task: what `python -m memctl.train`, `.calibrate` and `.data` have
in common.
"""

import re
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore

from memctl.errors import UserError
from memctl.paths import config_root
from memctl.registry import closest
from memctl.sweep.plugins import install

Task = Callable[[Any], None]


def launch(task: Task, stopped: str = "stopped", sweeps: bool = False) -> None:
    """Call the task with the config that the command line composes. A user's mistake and Ctrl-C end
    with a message alone.

    Args:
        sweeps: Whether the task is one for sweeps; otherwise a template gives its config alone.
    """
    try:
        install()
        check_choices(sys.argv[1:])
        if not sweeps:
            sys.argv[1:] = single(sys.argv[1:])
        hydra.main(
            version_base="1.3", config_path=str(config_root() / "conf"), config_name="config"
        )(task)()
    except UserError as error:
        sys.exit(f"memctl: {error}")
    except KeyboardInterrupt:
        print(f"\n{stopped}", file=sys.stderr)
        sys.exit(130)


def single(arguments: Sequence[str]) -> list[str]:
    """The arguments with `hydra.mode=RUN` among them, which no template undoes.

    Raises: UserError for a sweep, `-m`.
    """
    sweep = next((argument for argument in arguments if re.match(r"-m$|--m", argument)), None)
    if sweep is not None:
        raise UserError(
            f"{sweep} asks for a sweep, and this command answers for one config at a time; leave"
            f" {sweep} out"
        )
    # Right behind the last override: Hydra's parser takes overrides from one place alone, which
    # need not be the end.
    end = max(
        (k for k, argument in enumerate(arguments, 1) if re.match(r"[^-].*=", argument)),
        default=len(arguments),
    )
    return [*arguments[:end], "hydra.mode=RUN", *arguments[end:]]


def check_choices(arguments: Sequence[str]) -> None:
    """Hydra answers a misspelt choice with a page; a line will do.

    Raises:
        UserError: `group=name` where the group, a folder of conf/ that nothing adds to, has no such
            name.
    """
    if any(
        re.match(r"--config-(dir|path)|-c[dp]|\+*hydra\.searchpath", argument)
        for argument in arguments
    ):
        return
    groups = {
        path.name: path
        for path in (config_root() / "conf").iterdir()
        if path.is_dir() and path.name != "hydra"
    }
    for group, _, names in (argument.partition("=") for argument in arguments):
        if group in groups and re.fullmatch(r"\w+(,\w+)*", names):
            stored = (
                ConfigStore.instance().list(group) if group in ConfigStore.instance().repo else []
            )  # a user's own samplers
            files = {path.stem for path in groups[group].glob("[!_]*.yaml")} | {
                name.removesuffix(".yaml") for name in stored
            }
            known = sorted(files | ({"null"} if group == "experiment" else set()))
            for name in names.split(","):
                if name not in known:
                    raise UserError(
                        f"{group}={name} is unknown{closest(name, known)}; choose one of"
                        f" {', '.join(known)}"
                    )


def printed(answer: Callable[[Any], str]) -> Task:
    """The task that prints an answer, or says why there is none."""

    @wraps(answer)
    def task(cfg: Any) -> None:
        try:
            print(answer(cfg))
        except UserError as error:
            sys.exit(f"memctl: {error}")

    return task
