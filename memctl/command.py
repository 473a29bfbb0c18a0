"""Hydra's command line around a task: what the commands have in common that take a config."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from textwrap import fill
from typing import Any

from memctl.errors import UserError
from memctl.files import path_of
from memctl.paths import TEMPLATES, config_root, template_names
from memctl.registry import closest

Task = Callable[[Any], None]


def launch(task: Task, about: str | None, sweeps: bool = False) -> None:
    """Call the task with the config that the command line composes.

    Args:
        about: What the command is for; its help begins with it.
        sweeps: Whether the task is one for sweeps; otherwise a template gives its config alone.

    Raises: UserError.
    """
    arguments = sys.argv[1:] = in_one_place([at_home(a) for a in sys.argv[1:]])
    if {"-h", "--help"} & set(arguments):
        print(help_text(about or "", sweeps))
        return
    check_places(arguments)
    rerun = "--experimental-rerun"
    if any(argument.startswith(rerun) for argument in arguments):
        raise UserError(f"{rerun} reads a pickle, which may run any code; repeat the command")
    check_choices(arguments)
    import hydra  # after the help, which needs none of it
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from memctl.files import said_plainly
    from memctl.sweep.mistakes import explain
    from memctl.sweep.plugins import install

    install()
    if not sweeps:
        sys.argv[1:] = force_single_run(arguments)
    conf = str(config_root() / "conf")
    try:
        with said_plainly(), raise_errors() as full:
            hydra.main(version_base="1.3", config_path=conf, config_name="config")(task)()
    except (HydraException, OmegaConfBaseException) as error:
        if full:
            raise
        raise UserError(explain(error)) from None


@contextmanager
def raise_errors() -> Iterator[bool]:
    """Hydra raises what it would print on a page, and gives whether the user asked for it."""
    name = "HYDRA_FULL_ERROR"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield before == "1"
    finally:
        os.environ.pop(name)
        os.environ.update({} if before is None else {name: before})


def force_single_run(arguments: Sequence[str]) -> list[str]:
    """The arguments with `hydra.mode=RUN` among them, which no template undoes.

    Raises: UserError for a sweep, `-m`.
    """
    sweep = next((argument for argument in arguments if re.match(r"-m$|--m", argument)), None)
    if sweep is not None:
        raise UserError(
            f"{sweep} asks for a sweep, and this command answers for one config at a time; leave"
            f" {sweep} out"
        )
    return add_overrides(arguments, ["hydra.mode=RUN"])


OVERRIDE = r"[^-].*="


def in_one_place(arguments: Sequence[str]) -> list[str]:
    """The arguments with overrides that stand before and after an option all before it: Hydra's
    parser takes them from one place alone, and calls the others unrecognized.
    """
    overrides = [argument for argument in arguments if re.match(OVERRIDE, argument)]
    first = next((k for k, argument in enumerate(arguments) if argument in overrides), 0)
    if [*arguments[first : first + len(overrides)]] == overrides:
        return [*arguments]
    return [*overrides, *(argument for argument in arguments if argument not in overrides)]


def add_overrides(arguments: Sequence[str], more: Sequence[str]) -> list[str]:
    """The arguments with more overrides, which hold where others say otherwise.

    Right behind the last override, which need not be the end: see `in_one_place`.
    """
    end = max(
        (k for k, argument in enumerate(arguments, 1) if re.match(OVERRIDE, argument)),
        default=len(arguments),
    )
    return [*arguments[:end], *more, *arguments[end:]]


def choices() -> dict[str, list[str]]:
    """The choices of each config group, the user's own samplers among them. Raises: UserError."""
    from memctl.sweep.choices import tables

    folders = sorted(path for path in (config_root() / "conf").iterdir() if path.is_dir())
    groups = {path.name: {file.stem for file in path.glob("*.yaml")} for path in folders}
    for group, table in tables().items():
        groups[group] |= table.keys()
    groups["experiment"].add("null")
    return {group: sorted(names) for group, names in groups.items()}


def check_choices(arguments: Sequence[str]) -> None:
    """Raises:
    UserError: `group=name` where the group, a folder of conf/ that nothing adds to, has no such
        name.
    """
    adding = r"--config-(dir|path)|-c[dp]|\+*hydra\.searchpath"
    if any(re.match(adding, argument) for argument in arguments):
        return
    groups = choices()
    for group, _, names in (argument.partition("=") for argument in arguments):
        if group in groups and re.fullmatch(r"\w+(,\w+)*", names):
            for name in names.split(","):
                if name not in groups[group]:
                    raise UserError(
                        f"{group}={name} is unknown{closest(name, groups[group])}; choose one of"
                        f" {', '.join(groups[group])}"
                    )


def at_home(argument: str) -> str:
    """An argument with the home folder for the ~ of its paths: the shell leaves one behind `=`, and
    Hydra's grammar knows none. Raises: UserError.
    """
    return re.sub(
        r"(?<=[=,\[])~[\w.-]*(?=[/,\]]|$)", lambda found: str(path_of(found[0])), argument
    )


def check_places(arguments: Sequence[str]) -> None:
    """Raises: UserError for a setting of Hydra's that says where results go: memctl finds runs
    again by where it has put them, and reads relative paths from where it was started.
    """
    own = r"\+*hydra\.(job\.chdir=(?!false\b)|(run|sweep)\.dir=|sweep\.subdir=)"
    for argument in arguments:
        if re.match(own, argument, re.IGNORECASE):
            raise UserError(
                f"{argument} is not for use: results go into paths.runs/sweep.name; set these,"
                " paths.runs=DIR sweep.name=NAME"
            )


def help_text(about: str, sweeps: bool) -> str:
    """What a command is for, with the groups, templates and settings that it takes.

    Raises: UserError.
    """
    default = dict(
        re.findall(r"^  - (\w+): (\w+)$", (config_root() / "conf/config.yaml").read_text(), re.M)
    )
    groups = [
        entry(group, (f"{name}*" if name == default.get(group) else name for name in names))
        for group, names in choices().items()
    ]
    templates = entry("NAME", template_names())
    return "\n".join(
        [
            about.strip(),
            "",
            "GROUP=CHOICE (* is the default):",
            *groups,
            f"-cn {TEMPLATES}/NAME, {'sweeps' if sweeps else 'the settings of sweeps'}:",
            templates,
            "KEY=VALUE:",
            entry("ci.low=700", ["any setting; --cfg job lists them all with their values"]),
            "",
            "More flags, of Hydra: --hydra-help. All settings in words: memctl/config/.",
        ]
    )


def entry(name: str, words: Iterable[str]) -> str:
    """A name with its words beside it, folded."""
    return fill(", ".join(words), 96, initial_indent=f"  {name:12}", subsequent_indent=" " * 14)


def print_task(answer: Callable[[Any], str]) -> Task:
    """The task that prints an answer, or says why there is none."""

    @wraps(answer)
    def task(cfg: Any) -> None:
        from omegaconf.errors import OmegaConfBaseException

        from memctl.files import said_plainly
        from memctl.sweep.mistakes import explain

        try:
            with said_plainly():
                print(answer(cfg))
        except UserError as error:  # Hydra would put the overrides before it
            sys.exit(f"memctl: {error}")
        except OmegaConfBaseException as error:
            sys.exit(f"memctl: {explain(error)}")

    return task
