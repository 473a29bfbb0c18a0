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
from memctl.files import path_of
from memctl.models.places import WEIGHTS, check_kind, fetch, read, unet_in

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
KNOWN = {  # what memctl's forward process can be, of what is no number
    "schedule": ("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"),
    "prediction": ("epsilon", "sample", "v_prediction"),
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
        here = path_of(path)
        named = re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", path) is not None and not path.endswith(
            (".pt", ".ckpt")
        )
        if here.is_file() and here.name.startswith((WEIGHTS, "config.json")):
            raise UserError(
                f"base.path={path} is one file of a diffusers model; name its folder,"
                f" base.path={here.parent}"
            )
        if here.is_file() and here.suffix in (".safetensors", ".bin"):
            raise UserError(
                f"base.path={path} holds weights without the architecture; put them as"
                f" {WEIGHTS}{here.suffix} into a folder with the model's config.json, and name that"
            )
        if here.is_file() or not (here.is_dir() or named):
            return None
        folder = here if here.is_dir() else fetch(path)
        unet = unet_in(folder, path)
        check_kind(read(unet / "config.json"), path)
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
        for key in other:
            if self.schedule[key] not in (known := KNOWN.get(key, [self.schedule[key]])):
                raise UserError(
                    f"base.path={self.path} was trained with diffusion.{key}={self.schedule[key]},"
                    f" which memctl has not; it has {', '.join(known)}"
                )
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
        theirs = self.model(UNet2DModel)
        size, ours = theirs.config.sample_size, network.unet.config
        sides = [size, size] if isinstance(size, int) else list(size or [])
        if sides and sides != [ours.sample_size] * 2:
            by = " x ".join(map(str, sides))
            mend = (
                f"set data.size={sides[0]}, of a data set that has a size, or name another"
                if sides[0] == sides[1]
                else "memctl's images are square, so name another"
            )
            raise UserError(
                f"base.path={self.path} is for {by} pixels, and these examples are"
                f" {ours.sample_size} x {ours.sample_size}; {mend}"
            )
        if theirs.config.in_channels != ours.in_channels:
            channels = theirs.config.in_channels
            mend = f"set data.channels={channels}, or name" if channels in (1, 3) else "name"
            raise UserError(
                f"base.path={self.path} is for images of {channels} channels, and these have"
                f" {ours.in_channels}; {mend} another"
            )
        fitting = differing(theirs.config, ours)
        if fitting:
            raise UserError(
                f"base.path={self.path} has another architecture than this run's model; fitting"
                f" would be: {' '.join(fitting)}"
            )
        network.unet.load_state_dict(theirs.state_dict())

    def model(self, kind: Any) -> Any:
        """Diffusers' model of this kind, with all its weights. Raises: UserError."""
        names = [file.name for file in self.files()]
        plain = any(re.match(rf"{WEIGHTS}(-\d+-of-\d+)?\.(safetensors|bin)$", n) for n in names)
        variants = [found[1] for n in names if (found := re.match(rf"{WEIGHTS}\.(\w+)[.-]", n))]
        try:
            theirs, told = kind.from_pretrained(
                self.unet,
                low_cpu_mem_usage=False,
                output_loading_info=True,
                variant=None if plain or not variants else variants[0],
            )
        except Exception as error:  # torn files raise anything
            raise UserError(
                f"base.path={self.path} cannot be loaded"
                f" ({(str(error).strip().splitlines() or [type(error).__name__])[0]}); fetch or"
                " export it again"
            ) from None
        missing = [*told["missing_keys"], *(str(key) for key in told["mismatched_keys"])]
        broken = [k for k, v in theirs.state_dict().items() if not bool(v.isfinite().all())]
        for keys, what in ((missing, "lacks"), (broken, "has NaN or infinity in")):
            if keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                raise UserError(
                    f"base.path={self.path} {what} the weights {keys[0]}{more}; fetch or export it"
                    " again"
                )
        return theirs


def differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """The overrides that would make our model one of their architecture; none where it is."""
    plain = lambda value: list(value) if isinstance(value, list | tuple) else value
    other = {
        k: plain(v)
        for k, v in theirs.items()
        # What no UNet2DModel has, such as the decay of a running mean, is no part of it.
        if k in ours and k[0] != "_" and k != "sample_size" and plain(v) != plain(ours[k])
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
