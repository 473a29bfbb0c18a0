"""Weights with what they were made from, so that none is used where it does not belong."""

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from memctl.errors import UserError
from memctl.files import atomic, readable
from memctl.keys import differences

FORMAT = "memctl checkpoint 1"


def save(path: Path, network: nn.Module, made_from: dict[str, Any]) -> None:
    """Write the network's weights and `made_from` (JSON-like).

    Raises: UserError where it cannot be written.
    """
    buffer = io.BytesIO()
    state = {name: value.detach().cpu() for name, value in network.state_dict().items()}
    torch.save({"format": FORMAT, "made_from": made_from, "state": state}, buffer)
    with atomic(path) as file:
        file.write(buffer.getbuffer())


def load(path: Path, network: nn.Module, expected: dict[str, Any]) -> None:
    """Put the weights in `path` into `network`, if they were made from what is expected.

    Args:
        expected: Items of `made_from` that must be equal, for example {"model": ..., "split": ...}.

    Raises:
        UserError: not a memctl checkpoint, or one of another model, diffusion or split.
    """
    try:
        stored = torch.load(io.BytesIO(readable(path)), map_location="cpu", weights_only=True)
        valid = stored["format"] == FORMAT
    except UserError:
        raise
    except Exception:  # unpickling a torn file can raise anything
        valid = False
    if not valid:
        raise UserError(
            f"{path} is not a memctl checkpoint, or is damaged; remove it or name another"
        )
    changed = differences({key: stored["made_from"].get(key) for key in expected}, expected)
    if changed:
        raise UserError(
            f"{path} does not fit this run (checkpoint -> run):\n    " + "\n    ".join(changed)
        )
    network.load_state_dict(stored["state"])
