"""Objects by name: a config node `{name: ..., field: ...}` becomes the dataclass registered under
that name.

Names come from a fixed table, never from an import path in a config, so a stranger's config cannot
run code.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from memctl.errors import UserError

T = TypeVar("T")


def closest(word: str, words: list[str]) -> str:
    """A hint ` (did you mean X?)`, or nothing where no word is near."""
    near = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def fits(value: object, hint: Any) -> bool:
    """Whether a config's value is of a field's type: a whole number is a float, true and false are
    no numbers.
    """
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    plain = [get_origin(option) or option for option in options]
    if isinstance(value, bool):
        return bool in plain
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in plain)


def type_in_words(hint: Any) -> str:
    """The type in words."""
    words = {
        "int": "a whole number",
        "float": "a number",
        "str": "text",
        "bool": "true or false",
        "NoneType": "null",
    }
    words |= {
        "list": "a list",
        "dict": "a mapping, {key: value}",
        "tuple": "a list",
        "TimestepSampler": "a sampler, {name: ...}",
        "NoiseSchedule": "a noise schedule, {schedule: ...}",
    }
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return " or ".join(
        words.get((get_origin(option) or option).__name__, str(option)) for option in options
    )


def defaults(group: str, kind: type[Any], given: Collection[str] = ()) -> dict[str, Any]:
    """The config node of a class: its name, and its fields with their defaults but for those that
    are `given` when it is built.

    Raises:
        UserError: a field without a default.
    """
    node = {"name": kind.name}
    for field in fields(kind):
        if field.name not in given:
            value = field.default if field.default_factory is MISSING else field.default_factory()
            if value is MISSING:
                raise UserError(f"{group} {kind.name}: its field {field.name} needs a default")
            node[field.name] = value
    return node


hints = cache(get_type_hints)  # a sweep builds thousands


def build(group: str, table: Mapping[str, type[T]], node: Mapping[str, Any]) -> T:
    """Instantiate the class that `node["name"]` names with the other items of `node`.

    Raises:
        UserError: an unknown name or field, or a field that the class refuses.
    """
    values = dict(node)
    name = str(values.pop("name", None))
    if name not in table:
        raise UserError(
            f"{group}={name} is unknown{closest(name, list(table))}; choose one of"
            f" {', '.join(table)}"
        )
    known = hints(table[name])  # type: ignore[arg-type]
    allowed = [f.name for f in fields(table[name])]  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in allowed:
            raise UserError(
                f"{group}.{key} is not a setting of {name or group}{closest(key, allowed)}; it has"
                f" {', '.join(allowed)}"
            )
        if not fits(value, known[key]):
            raise UserError(f"{group}.{key}={value!r} is not {type_in_words(known[key])}")
    try:
        return table[name](**values)
    except TypeError as error:
        raise UserError(f"{group}={name}: {error}") from error
