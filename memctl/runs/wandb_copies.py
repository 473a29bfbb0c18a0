"""Where the W&B copies of a sweep lie, and which of them were not sent."""

import shlex
from pathlib import Path

OFFLINE = "offline-run-*"


def copies(directory: Path) -> dict[str, Path]:
    """The last W&B copy of every run of a sweep, of the sweep itself where it has one, by name;
    of a single run's folder its own.
    """
    out = {}
    for place in (directory, *(path.parent for path in sorted(directory.glob("*/wandb")))):
        found = [*place.glob(f"wandb/{OFFLINE}"), *place.glob("wandb/run-*")]
        if found:  # their names end in date and id
            out[place.name] = max(found, key=lambda path: path.name.removeprefix("offline-"))
    return out


def unsent(directory: Path) -> str:
    """How many of a sweep's W&B runs, its own among them, were not sent, and the command
    that sends them; "" where all were.
    """
    found = copies(directory).values()
    left = [
        path
        for path in found
        if path.match(OFFLINE) and not list(path.glob("*.synced"))  # which `wandb sync` leaves
    ]
    if not left:
        return ""
    own = any(path.parent.parent == directory for path in left)
    places = ["wandb"] * own + ["*/wandb"] * (len(left) > own)
    where = " ".join(f"{shlex.quote(str(directory))}/{place}/{OFFLINE}" for place in places)
    return f"W&B: {len(left)} of {len(found)} runs were not sent; `wandb sync {where}` sends them"
