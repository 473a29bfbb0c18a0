"""What a record says of its run besides results: which run it is, what was drawn, where the base is
from, and what it ran on.
"""

import platform
import socket
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from memctl.experiment import Experiment
from memctl.runs.journal import Journal
from memctl.runs.record import SCHEMA
from memctl.samplers import IntervalSampler
from memctl.training.compute import Compute

PACKAGES = (
    "torch",
    "lightning",
    "diffusers",
    "numpy",
    "scipy",
    "scikit-learn",
    "hydra-core",
    "wandb",
)


def identity(experiment: Experiment) -> dict[str, Any]:
    cell = experiment.sampler.nominal if isinstance(experiment.sampler, IntervalSampler) else None
    return {
        "schema": SCHEMA,
        "name": experiment.name,
        "sweep": experiment.config.sweep.name,
        "fingerprint": experiment.fingerprint,
        "base_fingerprint": experiment.base_fingerprint,
        "seed": experiment.config.seed,
        "ci": {"low": cell["low"], "high": cell["high"]} if cell else None,
    }


def described(experiment: Experiment, realised: dict[str, Any] | None) -> dict[str, Any] | None:
    """The sampler's parameters and use, effective statistics (of an adaptive one, after control)
    and realised draws.
    """
    if experiment.schedule_sampler is None or realised is None:
        return None
    kept = {k: v for k, v in realised.items() if k != "statistics"}
    return {
        **experiment.schedule_sampler.sampler.spec(),
        **experiment.schedule_sampler.use,
        "statistics": realised["statistics"],
        "realised": kept,
    }


def statistics(experiment: Experiment) -> dict[str, float]:
    """What the distribution really is, and the effective sample size of a draw (1 where draws are
    not weighted).
    """
    assert experiment.schedule_sampler is not None
    return {
        **experiment.schedule_sampler.sampler.statistics(experiment.schedule.log_snr),
        "ess": experiment.schedule_sampler.ess,
    }


def origin(experiment: Experiment) -> dict[str, Any]:
    """Where the base's weights come from, and whether they may know the held-out examples."""
    config = experiment.config.base
    return {"path": config.path, "saw_heldout": bool(config.path and config.saw_heldout)}


def training(experiment: Experiment, journal: Journal) -> dict[str, Any]:
    """Steps and last loss of each training that led to the run's weights."""
    out = {}
    for stage, source in (
        ("base", Journal(experiment.base_directory / "metrics.jsonl")),
        ("control", journal),
    ):
        rows = [row for row in source.rows() if row["stage"] == stage]
        if rows:
            out[stage] = {"steps": rows[-1]["step"], "loss": rows[-1].get("loss")}
    return out


def environment(experiment: Experiment, network: nn.Module) -> dict[str, Any]:
    trainer = experiment.config.trainer
    compute = Compute.of(trainer, network)
    device = compute.device
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "device": (
            torch.cuda.get_device_name(device)
            if device.type == "cuda"
            else f"{device.type} ({platform.machine()})"
        ),
        "precision": "bf16" if compute.bf16 else "fp32",
        "threads": trainer.threads,
        "host": socket.gethostname(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
