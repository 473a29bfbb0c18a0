"""Arrays in a file, with the key of what they were made by. Free of torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from memctl.files import atomic


def save(path: Path, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write them as .npz, which has a checksum of each. Raises: UserError."""
    with atomic(path) as file:
        np.savez(file, key=np.array(key), **arrays)  # type: ignore[arg-type]


def kept(path: Path, key: str) -> dict[str, NDArray[Any]] | None:
    """Those of this key, or None where the file holds none such, or is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            return {name: stored[name] for name in stored.files if name != "key"}
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile):
        return None
