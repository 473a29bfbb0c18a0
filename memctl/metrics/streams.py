"""Random numbers by name: whatever draws has a stream of its own, named after the metric or after
what is drawn, whose key is a digest of that name.

So a new metric moves no other's numbers, and nobody hands out numbers.
"""

import hashlib

import numpy as np

GENERATORS = (
    "heldout", "copies", "blurred", "mean", "copies_2", "copies_10", "copies_50", "kde_20",
    "kde_40", "interpolated", "shrunk", "noise", "contrast", "late",
)  # fmt: skip
# The streams that decide values, not the ends of intervals alone. They were numbered before they
# had names, and keep these keys, so that a run that was measured then reads the same today.
PINNED: dict[str, tuple[int, ...]] = {
    "sides of equal size": (3,),
    "halvings": (3,),
    "floors": (5,),
    "dcr_p": (6,),
    "directions": (8,),
    "sets of equal size": (9,),
    "relabellings": (11,),
    "signals": (12,),
    "halvings of signals": (14,),
    "floors of classes": (16,),
    "exchangeable": (20,),
    **{f"generator {name}": (4, k) for k, name in enumerate(GENERATORS)},
}


def rng(seed: int, name: str) -> np.random.Generator:
    """The generator of the stream of that name, at its start; the same on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    key = PINNED.get(name) or (int.from_bytes(digest[:8], "big"),)
    return np.random.default_rng([seed, *key])
