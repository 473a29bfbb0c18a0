"""Where the files of a diffusers model lie, in a folder or on the Hugging Face hub, and whether it
is one that can be a base.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memctl.errors import UserError
from memctl.files import REFUSED, may_fetch

WEIGHTS = "diffusion_pytorch_model"  # the names of diffusers' files of weights begin so


def unet_in(folder: Path, path: str) -> Path:
    """The folder of the model: itself, or unet or unet_ema in it, as diffusers' training leaves
    them. Raises: UserError where there is none, or more than one.
    """
    holds = lambda at: (at / "config.json").is_file()
    found = [at for at in (folder / "unet", folder / "unet_ema") if holds(at)]
    if len(found) > 1:
        raise UserError(
            f"base.path={path} holds weights and their running mean; name one, base.path="
            f"{found[0]} or base.path={found[1]} (which diffusers' own pipelines generate with)"
        )
    if found or holds(folder):
        return found[0] if found else folder
    inside = sorted(at.parent for at in folder.glob("*/unet*/config.json"))
    near = f"; there is base.path={inside[-1]}" if inside else ""
    raise UserError(
        f"base.path={path} holds no config.json of a diffusers model, neither there nor in unet/ or"
        f" unet_ema/{near}"
    )


def check_kind(config: Mapping[str, Any], path: str) -> None:
    """Raises: UserError for a model that does not predict as many channels as it is given, and from
    these alone.
    """
    kind = config.get("_class_name")
    if kind != "UNet2DModel":
        raise UserError(
            f"base.path={path} holds a {kind}; a base must be a UNet2DModel, which generates"
            " images without a condition"
        )
    classes = config.get("num_class_embeds") or config.get("class_embed_type")
    if classes:
        raise UserError(
            f"base.path={path} generates images of a class that is told ({classes}); a base must"
            " generate without a condition, so name another"
        )
    given, predicted = (config.get(f"{way}_channels", 3) for way in ("in", "out"))
    if given != predicted:
        raise UserError(
            f"base.path={path} predicts {predicted} channels of {given}, such as a learned variance"
            " (sigma) beside the noise; a base must predict the noise alone, so name another"
        )


def read(path: Path) -> dict[str, Any]:
    """A JSON file's mapping. Raises: UserError."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error})") from None
    return value if isinstance(value, dict) else {}


def fetch(name: str) -> Path:
    """A model of the hub, downloaded once.

    Raises: UserError without a network, or for a name that is none.
    """
    from huggingface_hub import snapshot_download  # a dependency of diffusers

    wanted = [
        "*.json",
        "unet/*",
        "unet_ema/*",
        "scheduler/*",
        "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.bin",
        "diffusion_pytorch_model-*",  # of weights in several files
    ]
    try:
        return Path(
            snapshot_download(name, allow_patterns=wanted, local_files_only=not may_fetch())
        )
    except Exception as error:  # of the network, the hub or the disk
        if not may_fetch():
            raise UserError(
                f"base.path={name} is not here, and {REFUSED}; if you trust it, `hf download"
                f" {name}` fetches it"
            ) from None
        why = str(error).strip().splitlines()[0]
        raise UserError(
            f"base.path={name} is neither a file or folder here, nor can it be fetched from the"
            f" Hugging Face hub ({why}); check the name and the network"
        ) from None
