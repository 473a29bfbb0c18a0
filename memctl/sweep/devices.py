"""The places a sweep's runs can be on this machine: one a GPU, or one a share of the CPU cores.

Found without torch.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from memctl.errors import UserError

PATIENCE = 30.0  # seconds for the driver, which takes ten to wake up many GPUs


@dataclass(frozen=True)
class Slot:
    """One run's place: the value of CUDA_VISIBLE_DEVICES, or "" for CPU."""

    device: str = ""


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> list[str]:
    """Ids of the GPUs to use: those of an outer CUDA_VISIBLE_DEVICES, else all that the driver
    lists.

    Raises: UserError where it does not answer, or with something else.
    """
    outer = os.environ.get("CUDA_VISIBLE_DEVICES")
    if outer is not None:
        return [name.strip() for name in outer.split(",") if name.strip() not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    name = "hydra.launcher.devices=[0,1] names the GPUs, [] is the CPU"
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"nvidia-smi does not answer within {PATIENCE:g} s; {name}") from None
    except OSError as error:
        raise UserError(f"nvidia-smi cannot be run: {error.strerror}; {name}") from None
    found = listed.stdout.split()
    if listed.returncode == 0 and all(index.isdigit() for index in found):
        return found
    said = (listed.stdout + listed.stderr).strip().splitlines() or ["nothing"]
    if listed.returncode == 0:
        raise UserError(f"nvidia-smi lists no GPUs, but says: {said[0][:200]}; {name}")
    print(f"no GPU is used: nvidia-smi says: {said[0][:200]}", flush=True)  # none, or no driver
    return []


def pool(devices: list[str] | None, per_device: int, threads: int, accelerator: str) -> list[Slot]:
    """All slots: `per_device` on each GPU; without one, as many as the cores allow at `threads`
    each.

    Args:
        devices: GPU ids instead of those found; an empty list means CPU.
        accelerator: cpu keeps off the GPUs.
    """
    found = ([] if accelerator == "cpu" else gpus()) if devices is None else devices
    if found:
        return [Slot(name) for _ in range(per_device) for name in found]
    return [Slot()] * max(1, cores() // threads)


def slots_of(config: Any) -> int:
    """How many runs a composed config's launcher would run at once."""
    launcher = config.hydra.launcher
    if "devices" not in launcher:
        return int(launcher.get("at_once") or 1)  # of a cluster
    devices = None if launcher.devices is None else [str(d) for d in launcher.devices]
    return len(
        pool(devices, launcher.per_device, config.trainer.threads, config.trainer.accelerator)
    )
