"""The places a sweep's runs can be on this machine: one a GPU, or one a share of the CPU cores.

Found without torch in this process.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from memctl.errors import UserError
from memctl.paths import python_path

PATIENCE = 120.0  # seconds for torch and the driver, which takes ten to wake up many GPUs
DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # of NVIDIA, on Windows' Linux too, and of AMD
AUTO = "auto"  # of `per_device`: as many as fill a GPU
MOST = 64  # runs at once on one GPU
CONTEXT = 0.8e9  # bytes that CUDA and its libraries take for each process
GAIN = 1.1  # of twice as many runs at once, in work done, for it to be worth it


@dataclass(frozen=True)
class Slot:
    """One run's place: the value of CUDA_VISIBLE_DEVICES, or "" for CPU."""

    device: str = ""


@dataclass(frozen=True)
class Card:
    """A GPU.

    Attributes:
        name: As CUDA_VISIBLE_DEVICES takes it: a number, GPU-UUID or MIG-UUID.
        title: What it is.
        memory: Bytes, all of it.
        problem: Why torch cannot use it, or "".
    """

    name: str
    title: str = ""
    memory: int = 0
    problem: str = ""


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def ask(names: tuple[str, ...]) -> tuple[Card, ...]:
    """What torch can do with the GPUs of these names, or with all that it sees.

    Raises: UserError where it does not answer in time: a driver may hang.
    """
    command = [sys.executable, "-m", "memctl.sweep.cards", *names]
    variables = {**os.environ, "PYTHONPATH": python_path()}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=variables
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"torch and the driver do not say within {PATIENCE:g} s which GPUs can be used;"
            " trainer.accelerator=cpu keeps off them"
        ) from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not (lines or not names):
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise UserError(f"which GPUs torch can use is not known: {said[:200]}")
    return tuple(Card(**json.loads(line)) for line in lines)


def outer() -> list[str] | None:
    """The names in CUDA_VISIBLE_DEVICES; None where it is not set."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return None
    return [name.strip() for name in given.split(",") if name.strip() not in ("", "-1")]


def gpus() -> list[Card]:
    """The GPUs to use: those of an outer CUDA_VISIBLE_DEVICES, else all that torch sees. Those
    that it cannot use are named and left out.

    Raises: UserError.
    """
    named = outer()
    if named == [] or not (
        named or shutil.which("nvidia-smi") or any(Path(driver).exists() for driver in DRIVERS)
    ):
        return []
    found = ask(tuple(named or ()))
    for card in found:
        if card.problem:
            print(f"GPU {card.name} is not used: {card.problem}".replace("  ", " "), flush=True)
    return [card for card in found if not card.problem]


def chosen(devices: Sequence[str]) -> list[Card]:
    """GPUs that the user has named. Raises: UserError for one that torch cannot use."""
    found = ask(tuple(devices)) if devices else ()
    for card in found:
        if card.problem:
            raise UserError(
                f"hydra.launcher.devices=[{','.join(devices)}]: torch cannot use {card.name}:"
                f" {card.problem}; leave the setting out to take what can be used, [] is the CPU"
            )
    return list(found)


def cards(devices: list[str] | None, accelerator: str) -> list[Card]:
    """The GPUs that runs are to be on.

    Args:
        devices: Names instead of those found; an empty list means CPU.
        accelerator: cpu keeps off those found.
    """
    if devices is not None:
        return chosen(devices)
    return [] if accelerator == "cpu" else gpus()


def pool(devices: list[str] | None, per_device: int, threads: int, accelerator: str) -> list[Slot]:
    """All slots: `per_device` on each GPU; without one, as many as the cores allow at `threads`
    each.
    """
    if found := cards(devices, accelerator):
        return [Slot(card.name) for _ in range(per_device) for card in found]
    return [Slot()] * max(1, cores() // threads)


def per_card(memory: float, need: float, seconds: Callable[[int], float]) -> int:
    """How many runs at once fill a GPU: no more than fit into nine tenths of its memory, and twice
    as many only where these get a tenth more done.

    Args:
        memory, need: Bytes, of the GPU and of a run.
        seconds: Of a step, of each of so many runs at once.
    """
    most = max(1, min(MOST, int(0.9 * memory / max(need, 1.0))))
    number, rate = 1, 0.0
    while 2 * number <= most:
        rate = rate or number / seconds(number)
        more = 2 * number / seconds(2 * number)
        if more < GAIN * rate:
            break
        number, rate = 2 * number, more
    return number


def slots_of(config: Any) -> int:
    """How many runs a composed config's launcher would run at once."""
    launcher = config.hydra.launcher
    if "devices" not in launcher:
        return int(launcher.get("at_once") or 1)  # of a cluster
    devices = None if launcher.devices is None else [str(d) for d in launcher.devices]
    each = 1 if launcher.per_device == AUTO else launcher.per_device
    return len(pool(devices, each, config.trainer.threads, config.trainer.accelerator))
