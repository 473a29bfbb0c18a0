"""A user's own samplers: classes in the .py files of the folders that MEMCTL_PLUGINS names, found
by name like memctl's own.
"""

import inspect
from dataclasses import fields

from memctl import plugins
from memctl.errors import UserError
from memctl.samplers.base import TimestepSampler
from memctl.samplers.schedule_sampler import USE


def own_samplers() -> dict[str, type[TimestepSampler]]:
    """The user's samplers by name.

    Raises:
        UserError: a folder that is named and missing, a file that cannot be imported, a class
            without a name, a name used twice.
    """
    own: dict[str, type[TimestepSampler]] = {}
    for path, digest, module in plugins.load():
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
            if name in own:
                raise UserError(f"{path}: the name {name} is taken by {own[name].__name__}")
            kind.source = digest
            own[name] = kind
    return own
