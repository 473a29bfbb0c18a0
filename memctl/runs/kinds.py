"""What JSON holds, for files that may be damaged or a stranger's. Free of torch."""

from typing import Any, NamedTuple


class Each(NamedTuple):
    """A mapping whose values are all of one kind."""

    kind: Any


NUMBER = (int, float, type(None))


def fits(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a kind.

    Args:
        kind: A type, several, [kind] for a list, {name: kind} for a mapping with these names
            ("name?": it may lack it), or `Each`. True and false are of `bool` and `object` alone.
    """
    if isinstance(kind, Each):
        return isinstance(value, dict) and all(fits(v, kind.kind) for v in value.values())
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(v, kind[0]) for v in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(
            fits(value[name.rstrip("?")], of) if name.rstrip("?") in value else name.endswith("?")
            for name, of in kind.items()
        )
    return isinstance(value, kind) and not (isinstance(value, bool) and kind not in (bool, object))
