"""What a killed training left to go on from."""

from pathlib import Path

import torch


def resume_step(path: Path) -> int:
    """The step that `path` would resume at, 0 where there is none; a damaged file is removed, and
    training starts anew.
    """
    if not path.exists():
        return 0
    try:
        return int(torch.load(path, map_location="cpu", weights_only=True)["global_step"])
    except Exception:  # unpickling a torn file can raise anything
        path.unlink()
        return 0
