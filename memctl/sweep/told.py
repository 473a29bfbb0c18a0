"""How far a part of the work is that takes long in large sweeps alone."""

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

TELL = 5.0  # seconds
T = TypeVar("T")


def told(items: Sequence[T], what: str, of: str) -> Iterator[T]:
    """The items; every few seconds it is said how far they are: `planning: 40 of 90 runs`."""
    said = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - said > TELL:
            said = time.monotonic()
            print(f"{what}: {done} of {len(items)} {of}", flush=True)
        yield item
