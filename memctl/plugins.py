"""A user's own samplers and metrics: the .py files of the folders that MEMCTL_PLUGINS names.

No folder is taken because one stands in it, and none is named by a config: what comes from a
stranger runs no code.
"""

import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from memctl.errors import UserError

VARIABLE = "MEMCTL_PLUGINS"
FORMER = ("MEMCTL_SAMPLERS", "MEMCTL_METRICS")


class Plugin(NamedTuple):
    """A user's file, imported.

    Attributes:
        digest: Sixteen hexadecimal digits of its content.
    """

    path: Path
    digest: str
    module: ModuleType


def load() -> tuple[Plugin, ...]:
    """The files of the folders of MEMCTL_PLUGINS, which stand there as in PATH, in the order of
    their names; none where it is not set.

    Raises:
        UserError: what is named and no folder, or a file that cannot be imported.
    """
    for former in FORMER:
        if os.environ.get(former):
            raise UserError(f"{former} is now called {VARIABLE}; set that")
    named = [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    folders = [Path(name).expanduser().resolve() for name in named]
    for name, folder in zip(named, folders, strict=True):
        if not folder.is_dir():
            raise UserError(f"{VARIABLE}: {name} is not a folder")
    if not named and parent_process() is None:
        _say_unused(Path.cwd())
    return tuple(plugin for folder in folders for plugin in _load(folder))


@cache
def _load(folder: Path) -> tuple[Plugin, ...]:
    return tuple(
        Plugin(path, hashlib.sha256(path.read_bytes()).hexdigest()[:16], _module(path))
        for path in sorted(folder.glob("*.py"))
    )


@cache
def _say_unused(where: Path) -> None:
    """Say, once, of folders whose files were used without being named until November 2026."""
    found = [name for name in ("memctl_samplers", "memctl_metrics") if (where / name).is_dir()]
    if found:
        text = f"the code in {' and '.join(found)} is not used; to use it set"
        print(f"memctl: {text} {VARIABLE}={os.pathsep.join(found)}", file=sys.stderr)


def _module(path: Path) -> ModuleType:
    name = f"memctl_plugins.{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look their module up
    with errors_of(path):
        specification.loader.exec_module(module)
    return module


@contextmanager
def errors_of(path: Path | str) -> Iterator[None]:
    """Whatever the user's file raises becomes a UserError that names the file and its line."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        passed = [frame.lineno for frame in frames if frame.filename == str(path)]
        # of a SyntaxError its own
        line = getattr(error, "lineno", None) or (passed[-1] if passed else None)
        where = f"{path}, line {line}" if line else str(path)
        raise UserError(f"{where}: {type(error).__name__}: {error}") from None
