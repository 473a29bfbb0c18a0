"""A base made elsewhere, in diffusers' format: a folder that `save_pretrained` wrote, or a name on
the Hugging Face hub.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memctl.errors import UserError

if TYPE_CHECKING:
    from torch import nn

NOTE = (  # what memctl.export leaves beside the weights: the split that they were trained on
    "memctl.json"
)
SETTINGS = {
    "block_out_channels": "channels",
    "layers_per_block": "layers",
    "attention_head_dim": "head_dim",
    "norm_num_groups": "norm_groups",
    "dropout": "dropout",
}
SCHEDULE = {  # diffusers' name: ours, and diffusers' default
    "num_train_timesteps": ("timesteps", 1000),
    "beta_schedule": ("schedule", "linear"),
    "beta_start": ("beta_start", 1e-4),
    "beta_end": ("beta_end", 0.02),
    "rescale_betas_zero_snr": ("zero_terminal_snr", False),
    "prediction_type": ("prediction", "epsilon"),
}


@dataclass(frozen=True)
class Pretrained:
    """A checkpoint of diffusers' UNet2DModel.

    Attributes:
        path: As the user named it.
        unet: The folder of its config.json and weights.
        schedule: What its scheduler says of the forward process, by the names of memctl's
            `diffusion`; empty where it has none.
        split: Hash of the train/held-out split that it was trained on, where memctl exported it;
            else None.
    """

    path: str
    unet: Path
    schedule: Mapping[str, Any]
    split: str | None

    @classmethod
    def find(cls, path: str) -> "Pretrained | None":
        """The checkpoint at `path`, fetched if it is a name on the hub; None for a file.

        Raises:
            UserError: a folder that holds none, or a name that cannot be fetched.
        """
        here = Path(path).expanduser()
        named = re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", path) is not None and not path.endswith(
            (".pt", ".ckpt")
        )
        if here.is_file() or not (here.is_dir() or named):
            return None
        folder = here if here.is_dir() else fetch(path)
        unet = next(
            (at for at in (folder / "unet", folder) if (at / "config.json").is_file()), None
        )
        if unet is None:
            raise UserError(
                f"base.path={path} holds no config.json of a diffusers model, neither there nor in"
                " unet/"
            )
        kind = read(unet / "config.json").get("_class_name")
        if kind != "UNet2DModel":
            raise UserError(
                f"base.path={path} holds a {kind}; a base must be a UNet2DModel, which generates"
                " images without a condition"
            )
        scheduler = folder / "scheduler" / "scheduler_config.json"
        said = read(scheduler) if scheduler.is_file() else None
        schedule = (
            {}
            if said is None
            else {ours: said.get(theirs, default) for theirs, (ours, default) in SCHEDULE.items()}
        )
        note = read(folder / NOTE) if (folder / NOTE).is_file() else {}
        return cls(path, unet, schedule, note.get("split"))

    def files(self) -> list[Path]:
        """What decides its numbers."""
        return [
            self.unet / "config.json",
            *sorted(p for p in self.unet.iterdir() if p.suffix in (".safetensors", ".bin")),
        ]

    def check_schedule(self, diffusion: Any) -> None:
        """Raises: UserError, where it was trained with another forward process than the run's
        `diffusion`.
        """
        # The cosine schedule has no beta_start and beta_end.
        cosine = self.schedule.get("schedule") == "squaredcos_cap_v2"
        keys = [key for key in self.schedule if not (cosine and key.startswith("beta_"))]
        other = [key for key in keys if self.schedule[key] != getattr(diffusion, key)]
        if other:
            fitting = " ".join(
                f"diffusion.{key}={str(self.schedule[key]).lower()}" for key in other
            )
            raise UserError(
                f"base.path={self.path} was trained with another noise schedule than this run has;"
                f" fitting would be: {fitting}"
            )

    def load_into(self, network: "nn.Module") -> None:
        """Put its weights into the network.

        Raises:
            UserError: a network that is no `UNet2d`; another architecture, resolution or number of
                channels; damaged weights.
        """
        # Here alone: a sweep's controller looks checkpoints up without torch.
        from diffusers import UNet2DModel

        from memctl.models.unet2d import UNet2d

        if not isinstance(network, UNet2d):
            raise UserError(
                f"base.path={self.path} is a UNet2DModel, for images; this run's model is a"
                f" {type(network).__name__}"
            )
        try:
            theirs = UNet2DModel.from_pretrained(self.unet, low_cpu_mem_usage=False)
        except Exception as error:  # torn files raise anything
            raise UserError(
                f"base.path={self.path} cannot be loaded ({str(error).strip().splitlines()[0]});"
                " fetch or export it again"
            ) from None
        size, ours = theirs.config.sample_size, network.unet.config
        if size is not None and size != ours.sample_size:
            raise UserError(
                f"base.path={self.path} is for {size} x {size} pixels, and these examples are"
                f" {ours.sample_size} x {ours.sample_size}; set data.size={size}, or name another"
            )
        if theirs.config.in_channels != ours.in_channels:
            raise UserError(
                f"base.path={self.path} is for images of {theirs.config.in_channels} channels, and"
                f" these have {ours.in_channels}; set data.channels={theirs.config.in_channels}, or"
                " name another"
            )
        fitting = differing(theirs.config, ours)
        if fitting:
            raise UserError(
                f"base.path={self.path} has another architecture than this run's model; fitting"
                f" would be: {' '.join(fitting)}"
            )
        network.unet.load_state_dict(theirs.state_dict())


def differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """The overrides that would make our model one of their architecture; none where it is."""
    plain = lambda value: list(value) if isinstance(value, list | tuple) else value
    other = {
        k: plain(v)
        for k, v in theirs.items()
        if not k.startswith("_") and k != "sample_size" and plain(v) != plain(ours.get(k))
    }
    down, up = (list(theirs[f"{way}_block_types"]) for way in ("down", "up"))
    attention = [k for k, block in enumerate(down) if block.startswith("Attn")]
    known = {"DownBlock2D", "AttnDownBlock2D"}
    changes = [
        f"model.{SETTINGS[k]}={json.dumps(other.pop(k)).replace(' ', '')}"
        for k in SETTINGS
        if k in other
    ]
    if set(down) <= known and up == [block.replace("Down", "Up") for block in reversed(down)]:
        if (
            other.pop("down_block_types", None) is not None
            or other.pop("up_block_types", None) is not None
        ):
            changes.append(f"model.attention={json.dumps(attention).replace(' ', '')}")
        other.pop("up_block_types", None)
    options = ",".join(f"{k}:{json.dumps(v).replace(' ', '')}" for k, v in sorted(other.items()))
    return [*changes, *([f"'model.options={{{options}}}'"] if options else [])]


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
        "scheduler/*",
        "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.bin",
    ]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # of the network, the hub or the disk
        why = str(error).strip().splitlines()[0]
        raise UserError(
            f"base.path={name} is neither a file or folder here, nor can it be fetched from the"
            f" Hugging Face hub ({why}); check the name and the network"
        ) from None
