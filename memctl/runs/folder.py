"""A run's folder is its own witness.

config.yaml    the resolved config
status.json    state (running, done, failed), stage, progress, attempt, pid, host, fingerprint, science,
               message, and the folder of its base
metrics.jsonl  one row an epoch of control
samples.npy    what it generated, float32, shape (samples, channels, *dims), in the data's own units
checkpoint.pt  the controlled weights, unless trainer.keep_checkpoint=false (the base's own are in
runs/bases/FINGERPRINT/) timesteps.json what t were drawn
neighbours.csv the nearest training and held-out records of every sample
*.png          pictures: samples, suspects (beside their nearest records), ratios (d1/d2), projection, timesteps,
               probe
record.json    the result, written last; its schema is in `memctl.runs.record`
log.txt        what the run printed, when a sweep started it
evaluation/    what `python -m memctl.evaluate RUN` wrote
wandb/         the offline copy of all this
"""

import os
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from memctl.errors import UserError
from memctl.files import cannot_write, read_json, write_json


@dataclass
class Status:
    """status.json."""

    fingerprint: str
    science: dict[str, Any]
    state: str = "running"
    stage: str = "start"
    done: float = 0.0
    total: float = 1.0
    attempt: int = 1
    pid: int = field(default_factory=os.getpid)
    host: str = field(default_factory=socket.gethostname)
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    message: str = ""
    base: str = ""


def record(directory: Path) -> dict[str, Any] | None:
    """The record of a finished run, or None; a damaged one counts as none, and is made again."""
    found = read_json(directory / "record.json")
    return found if found and "metrics" in found else None


def status(directory: Path) -> dict[str, Any] | None:
    """The status of a run that was ever started, or None."""
    return read_json(directory / "status.json")


def begun(directory: Path) -> bool:
    """Whether the folder holds anything that took time to make: one refused at its start, or before
    it, does not.
    """
    return any(
        (directory / name).exists()
        for name in ("resume.ckpt", "checkpoint.pt", "samples", "samples.npy", "record.json")
    )


def lock(directory: Path) -> FileLock:
    """The lock whose holder works in `directory`; the kernel lets go of it when the holder dies,
    however it dies.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return FileLock(directory / ".lock")
    except OSError as error:
        raise cannot_write(directory, error) from None


def is_held(directory: Path) -> bool:
    """Whether a living process works in `directory`."""
    if not (directory / ".lock").exists():
        return False
    try:
        with FileLock(directory / ".lock", blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # a file system that is now read-only: nobody works there
        return False


def state(directory: Path, fingerprint: str) -> str:
    """`new`, `done`, `running`, `failed`, `stopped` (killed in the middle), or `conflict` (it is
    another science's).
    """
    current = status(directory)
    if current is None:
        return "new"
    if current.get("fingerprint") != fingerprint:
        return "conflict" if begun(directory) or is_held(directory) else "new"
    if current.get("state") == "done" and record(directory) is not None:
        return "done"
    if is_held(directory):
        return "running"
    return "failed" if current.get("state") == "failed" else "stopped"


def save_status(directory: Path, current: Status) -> None:
    current.updated = time.time()
    write_json(directory / "status.json", vars(current))


def conflict(directory: Path, changed: list[str]) -> UserError:
    """The refusal to overwrite a run of another science."""
    lines = "".join(f"\n    {line}" for line in changed)
    return UserError(
        f"{directory} holds a run with other settings (old -> new):{lines}\n  It is not"
        " overwritten: give the new one another folder with sweep.name=NAME, or remove the old one"
    )
