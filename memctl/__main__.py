"""memctl COMMAND ...: the commands by their names. `python -m memctl.COMMAND ...` is the same."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import memctl
from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.registry import closest

COMMANDS = {
    "train": "train, generate and measure: one run, or a sweep; it goes on where it was stopped",
    "tune": "the interval that copies less than a share and is as good as uniform: searched",
    "report": "a sweep's tables, figures and answers, written and printed",
    "cancel": "stop what of a sweep is queued or running on a cluster",
    "dashboard": "a sweep's dashboard in Weights & Biases",
    "watch": "a sweep's curves, numbers and pictures in the terminal, while it runs or afterwards",
    "evaluate": "whether any generator copies its training data, from its samples",
    "calibrate": "what each metric can tell on a data set, before anything is trained",
    "data": "what a data set holds, what is left out of it, and how it is split",
    "samplers": "any timestep samplers in one figure and one table",
    "splice": "at which t of generation copying is decided: two runs' weights, spliced by t",
    "export": "a finished run of images as a diffusers pipeline",
}
MODULES = {name: f"memctl.{name}.__main__" for name in ("data", "samplers", "splice")}
TAKE_CONFIG = ("train", "tune", "calibrate", "data")


def main() -> None:
    """The command line."""
    with plain_exit():
        name, *arguments = sys.argv[1:] or ["--help"]
        if name in COMMANDS:
            sys.argv = [f"memctl {name}", *arguments]
            import_module(MODULES.get(name, f"memctl.{name}")).main()
        elif name in ("-h", "--help"):
            print(help_text())
        elif name == "--version":
            print(f"memctl {memctl.__version__}")
        elif name in ("-sc", "--shell-completion"):
            complete(arguments)
        else:
            raise UserError(
                f"{name} is no command{closest(name, list(COMMANDS))}; choose one of"
                f" {', '.join(COMMANDS)}"
            )


def help_text() -> str:
    lines = [f"  memctl {name:10}  {line}" for name, line in COMMANDS.items()]
    more = (
        "memctl COMMAND --help says more. memctl --version. Completion of names and settings in the"
        '\nshell: eval "$(memctl -sc install=bash)", or zsh, or fish.'
    )
    return "\n".join(
        ["Does where a diffusion model learns decide whether it copies?", "", *lines, "", more]
    )


def complete(arguments: Sequence[str]) -> None:
    """Answer the shell (Hydra's `install=SHELL`, `query=SHELL`): commands first, then settings."""
    line = os.environ.get("COMP_LINE", "")
    if any(argument.startswith("query=") for argument in arguments):
        command, gap, _ = line.partition(" ")[2].lstrip().partition(" ")
        if not gap:
            print(" ".join(COMMANDS))
            return
        if command not in TAKE_CONFIG:
            return
        os.environ["COMP_LINE"] = line.replace(f" {command} ", " ", 1)
    sys.argv = ["memctl", "-sc", *arguments]
    import_module("memctl.train").main()


if __name__ == "__main__":
    main()
