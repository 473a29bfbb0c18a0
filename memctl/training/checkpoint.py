"""Weights with what they were made from, so that none is used where it does not belong."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor, nn

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
    """Put the weights in `path` into `network`. Args and raises as `fitting`; where it raises, the
    network stays as it is.
    """
    network.load_state_dict(fitting(path, network, expected))


def fitting(path: Path, network: nn.Module, expected: dict[str, Any]) -> dict[str, Tensor]:
    """The weights in `path`, if they are of such a network and were made from what is expected.

    Args:
        expected: Items of `made_from` that must be equal, for example {"model": ..., "split": ...}.

    Raises:
        UserError: not a memctl checkpoint, one of another model, diffusion or split, or weights
            that are not the network's or not finite.
    """
    made_from, state = read(path)
    changed = differences({key: made_from.get(key) for key in expected}, expected)
    if changed:
        raise UserError(
            f"{path} does not fit this run (checkpoint -> run):\n    " + "\n    ".join(changed)
        )
    check(f"{path}", state, network.state_dict())
    return state


def read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What the weights were made from, and they themselves.

    Raises: UserError for what is not a memctl checkpoint, or a damaged one.
    """
    content = readable(path)
    try:
        with ZipFile(io.BytesIO(content)) as archive:  # torch itself looks at no checksum
            torn = archive.testzip() is not None
        stored = {} if torn else torch.load(io.BytesIO(content), "cpu", weights_only=True)
        known = stored["format"], stored["made_from"], stored["state"]
        valid = known[0] == FORMAT and all(isinstance(part, dict) for part in known[1:])
        valid = valid and all(isinstance(weights, Tensor) for weights in known[2].values())
    except Exception:  # unpickling a torn file can raise anything
        valid = False
    if not valid:
        raise UserError(
            f"{path} is not a memctl checkpoint, or is damaged; remove it or name another"
        )
    return known[1], known[2]


def check(name: str, state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raises: UserError for weights that are not those wanted, in name, shape or number."""
    lacks = [key for key in wanted if key not in state]
    more = [key for key in state if key not in wanted]
    shapes = {k: tuple(v.shape) for k, v in state.items() if k in wanted}
    others = [k for k, shape in shapes.items() if shape != tuple(wanted[k].shape)]
    wild = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    for keys, fault in (
        (lacks, "lacks weights of this model"),
        (more, "has weights that this model has not"),
        (others, "has weights of other shapes than this model's"),
        (wild, "has weights that are not finite"),
    ):
        if keys:
            raise UserError(
                f"{name} {fault} ({len(keys)}, the first is {keys[0]}): it is damaged, or of"
                " another model or a training that diverged; remove it or name another"
            )
