"""A user's own code: the .py files of one folder, which stands where one works or is named by a
variable of the environment: never by a config, so a stranger's config runs no code.
"""

import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from memctl.errors import UserError


class Plugin(NamedTuple):
    """A user's file, imported.

    Attributes:
        digest: Sixteen hexadecimal digits of its content.
    """

    path: Path
    digest: str
    module: ModuleType


def load(folder: str, variable: str) -> tuple[Plugin, ...]:
    """The files of the user's folder, in the order of their names; none where there is no folder.

    Args:
        folder: Its name where one works.
        variable: Of the environment, which names another.

    Raises:
        UserError: a folder that is named and missing, or a file that cannot be imported.
    """
    named = os.environ.get(variable)
    path = Path(named or folder).resolve()
    if named and not path.is_dir():
        raise UserError(f"{variable}={named} is not a folder")
    return _load(path, folder)


@cache
def _load(folder: Path, package: str) -> tuple[Plugin, ...]:
    files = sorted(folder.glob("*.py")) if folder.is_dir() else []
    return tuple(
        Plugin(path, hashlib.sha256(path.read_bytes()).hexdigest()[:16], _module(path, package))
        for path in files
    )


def _module(path: Path, package: str) -> ModuleType:
    name = f"{package}.{path.stem}"
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
