"""Settings of where and how a run computes: none of them enters its keys."""

from dataclasses import dataclass, field
from typing import Optional

# how a network may compute, each a setting of `Trainer`
COMPUTING = {
    "precision": ("auto", "fp32", "bf16"),
    "memory_format": ("auto", "channels_last", "contiguous"),
    "compile": ("auto", "true", "false"),
}
# folders that lie beside the sweeps in `paths.runs`
BESIDE_SWEEPS = ("bases", "calibration", "data", "measured", "yardsticks")


@dataclass
class Trainer:
    """How to compute, not what: nothing here enters a fingerprint.

    Attributes:
        accelerator: auto, cpu, gpu or another of Lightning's.
        precision: auto (bf16 on a GPU that has it, and for networks above 1 million parameters on a
            CPU with AMX; else fp32), fp32 or bf16 (layers in bfloat16, weights and losses in
            float32).
        memory_format: auto (the network's own), channels_last or contiguous.
        compile: auto (networks above 10 million parameters, on CUDA), true or false: torch.compile.
        threads: CPU threads of a run.
        base_threads: CPU threads of the base, which runs alone.
        checkpoint_seconds: A run that is killed loses at most this much.
        keep_checkpoint: Whether a finished run keeps its weights; 45 cells of unet2d_64 are 20 GB.
    """

    accelerator: str = "auto"
    precision: str = "auto"
    memory_format: str = "auto"
    compile: str = "auto"
    threads: int = 1
    base_threads: int = 1
    checkpoint_seconds: float = 20.0
    keep_checkpoint: bool = True


@dataclass
class Logger:
    """Weights & Biases, or Trackio.

    Attributes:
        mode: auto (online with a key and a server that answers, else offline), online, offline or
            disabled; or trackio, Trackio in its place.
        project: null is the variable WANDB_PROJECT, else memctl.
        entity: The user or team; null is the key's own.
        tags: Of each run, beside the data set, the sampler and the start.
    """

    mode: str = "auto"
    project: Optional[str] = None
    entity: Optional[str] = None
    tags: list[str] = field(default_factory=list)


@dataclass
class Paths:
    """Where results and bases go, and where data sets are looked for."""

    runs: str = "runs"
    data: str = "data"


@dataclass
class Sweep:
    """A sweep is the folder `runs/NAME`.

    A run in it has the name of its sampler and seed, and the tag.

    Attributes:
        smoke: Whether its runs are to see that everything works alone, and their numbers mean
            nothing, which is then said.
    """

    name: str = "sweep"
    tag: str = ""
    smoke: bool = False
