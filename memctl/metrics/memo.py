"""Parts of a thing that several metrics need, each found once."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

T = TypeVar("T")
S = TypeVar("S", bound="Memo")


class Memo:
    """A thing that keeps its parts, so that each metric asks for what it needs by the function that
    finds it, and nobody but that function's file knows the part.
    """

    @cached_property
    def _parts(self) -> dict[Callable[[Any], Any], Any]:
        return {}

    def once(self: S, part: Callable[[S], T]) -> T:
        """What `part` finds of this thing; a second call is answered from the first."""
        if part not in self._parts:
            self._parts[part] = part(self)
        kept: T = self._parts[part]
        return kept
