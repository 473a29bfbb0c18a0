"""Objects by name: a config node `{name: ..., field: ...}` becomes the dataclass registered under that name.

Names come from a fixed table, never from an import path in a config, so a stranger's config cannot run code.
"""

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from memctl.errors import UserError

T = TypeVar("T")


def closest(word: str, words: list[str]) -> str:
    """A hint ` (did you mean X?)`, or nothing where no word is near."""
    near = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def build(group: str, table: Mapping[str, type[T]], node: Mapping[str, Any]) -> T:
    """Instantiate the class that `node["name"]` names with the other items of `node`.

    Raises:
        UserError: an unknown name or field, or a field that the class refuses.
    """
    values = dict(node)
    name = str(values.pop("name", None))
    if name not in table:
        raise UserError(f"{group}={name} is unknown{closest(name, list(table))}; choose one of {', '.join(table)}")
    known = [f.name for f in fields(table[name])]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise UserError(f"{group}.{key} is not a setting of {name}{closest(key, known)}; it has {', '.join(known)}")
    try:
        return table[name](**values)
    except TypeError as error:
        raise UserError(f"{group}={name}: {error}") from error
