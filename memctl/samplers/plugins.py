"""A user's own samplers: classes in the .py files of one folder, found by name like memctl's own.

The folder is `memctl_samplers` where one works, or the one that the variable MEMCTL_SAMPLERS names:
never a config, so a stranger's config runs no code.
"""

import hashlib
import importlib.util
import inspect
import os
import sys
import traceback
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import ModuleType

from memctl.errors import UserError
from memctl.samplers.base import TimestepSampler
from memctl.samplers.schedule_sampler import USE


def own_samplers() -> dict[str, type[TimestepSampler]]:
    """The user's samplers by name.

    Raises:
        UserError: a folder that is named and missing, a file that cannot be imported, a class
            without a name, a name used twice.
    """
    named = os.environ.get("MEMCTL_SAMPLERS")
    folder = Path(named or "memctl_samplers").resolve()
    if named and not folder.is_dir():
        raise UserError(f"MEMCTL_SAMPLERS={named} is not a folder")
    return _found(folder)


@cache
def _found(folder: Path) -> dict[str, type[TimestepSampler]]:
    found: dict[str, type[TimestepSampler]] = {}
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else []:
        module = _imported(path)
        for kind in vars(module).values():
            if not (
                isinstance(kind, type)
                and issubclass(kind, TimestepSampler)
                and kind.__module__ == module.__name__
            ):
                continue
            if inspect.isabstract(kind):
                continue
            name = getattr(kind, "name", None)
            if not isinstance(name, str) or not name.isidentifier():
                raise UserError(
                    f"{path}: class {kind.__name__} needs a name, such as name ="
                    f" {kind.__name__.removesuffix('Sampler').lower()!r}"
                )
            taken = sorted({f.name for f in fields(kind)} & {*USE, "name"})
            if taken:
                raise UserError(
                    f"{path}: the field {taken[0]} of {kind.__name__} has a name that every"
                    " sampler's config uses; choose another"
                )
            if name in found:
                raise UserError(f"{path}: the name {name} is taken by {found[name].__name__}")
            kind.source = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            found[name] = kind
    return found


def _imported(path: Path) -> ModuleType:
    name = f"memctl_samplers.{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        specification.loader.exec_module(module)
    except UserError:
        raise
    except Exception as error:  # whatever the user's file raises
        passed = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(path)
        ]
        line = getattr(error, "lineno", None) or (
            passed[-1] if passed else None
        )  # of a SyntaxError its own
        where = f"{path}, line {line}" if line else str(path)
        raise UserError(f"{where}: {type(error).__name__}: {error}") from None
    return module
