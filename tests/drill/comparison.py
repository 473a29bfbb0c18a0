"""What a disturbed sweep differs in from the undisturbed one, and what it leaves behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memctl.keys import differences
from memctl.runs.folder import RunFolder
from tests.drill.sweep import Sweep

# Of a run, a base and the yardsticks, to be the same to the last bit.
SAME = (
    "samples.npy",
    "checkpoint.pt",
    "timesteps.json",
    "metrics.jsonl",
    "neighbours.csv",
    "yardsticks/*.json",
)
ABOUT = ("environment", "seconds")  # of a record: where, when and how long


def unequal(whole: Path, other: Path) -> Iterator[tuple[str, str]]:
    """Folder of a run, a base or the yardsticks, and what is not as in the undisturbed sweep's
    folder `whole`.
    """
    for pattern in SAME:
        for path in sorted(whole.rglob(pattern)):
            name = path.relative_to(whole)
            twin = other / name
            if not twin.exists():
                yield str(name.parent), f"{name} is missing"
            elif (at := first_difference(path.read_bytes(), twin.read_bytes())) is not None:
                yield str(name.parent), f"{name} differs from byte {at} on"
    for path in sorted(whole.glob("*/*/record.json")):
        name = path.relative_to(whole)
        if not (other / name).exists():
            yield str(name.parent), f"{name} is missing"
            continue
        for line in differences(numbers(path), numbers(other / name)):
            yield str(name.parent), f"{name}: {line}"


def first_difference(left: bytes, right: bytes) -> int | None:
    """The first byte in which they differ, from 0; None where they are equal."""
    if left == right:
        return None
    pairs = enumerate(zip(left, right, strict=False))
    return next((k for k, (a, b) in pairs if a != b), min(len(left), len(right)))


def numbers(path: Path) -> dict[str, Any]:
    """A record without what may differ."""
    record: dict[str, Any] = json.loads(path.read_text())
    return {k: v for k, v in record.items() if k not in ABOUT}


def left_behind(whole: Sweep, other: Sweep) -> list[str]:
    """What is left of a sweep that has ended, and that the undisturbed one did not leave: files and
    folders in its results and its temporary folder, locks that are held, and processes.
    """
    more = [
        str(getattr(other, place) / name)
        for place in ("runs", "temporary")
        for name in sorted(names(getattr(other, place)) - names(getattr(whole, place)))
    ]
    held = [
        f"{path} is held"
        for path in sorted(other.runs.rglob(".lock"))
        if RunFolder(path.parent).is_held()
    ]
    return more + held + [f"process {p.pid}" for p in other.processes()]


def names(folder: Path) -> set[str]:
    """All that is below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
