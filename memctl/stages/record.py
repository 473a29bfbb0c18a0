"""What a run's record says besides results: which run it is, what was drawn, where the base is
from, and what it ran on. Free of torch, but for `environment`.
"""

import platform
import socket
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from memctl.experiment import Experiment
from memctl.files import read_json
from memctl.runs.folder import RunFolder
from memctl.runs.record import SCHEMA
from memctl.samplers import IntervalSampler

if TYPE_CHECKING:
    from torch import nn

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


def describe(experiment: Experiment, folder: RunFolder) -> dict[str, Any]:
    """The record's fields that follow from the run's settings and folder alone."""
    base = experiment.config.base
    return {
        "schema": SCHEMA,
        "name": folder.name,
        "sweep": folder.path.parent.name,
        **({"smoke": True} if experiment.config.sweep.smoke else {}),
        "fingerprint": experiment.fingerprint,
        "keys": experiment.keys,
        "seed": experiment.config.seed,
        "start": experiment.config.start,
        "ci": cell(experiment),
        "sampler": describe_sampler(experiment, folder),
        "base": {"path": base.path, "saw_heldout": bool(base.path and base.saw_heldout)},
        "training": describe_training(experiment, folder),
        "science": experiment.science,
    }


def cell(experiment: Experiment) -> dict[str, float] | None:
    """The ends of the run's interval; None of a run that is no cell."""
    if not isinstance(experiment.sampler, IntervalSampler):
        return None
    nominal = experiment.sampler.nominal
    return {"low": nominal["low"], "high": nominal["high"]}


def describe_sampler(experiment: Experiment, folder: RunFolder) -> dict[str, Any] | None:
    """The sampler's parameters and use, effective statistics (of an adaptive one, after control)
    and realised draws.
    """
    use, drawn = experiment.schedule_sampler, drawn_timesteps(experiment, folder)
    if use is None or drawn is None:
        return None
    realised = {k: v for k, v in drawn.items() if k != "statistics"}
    return {
        **use.sampler.spec(),
        **use.use,
        "statistics": drawn["statistics"],
        "realised": realised,
    }


def drawn_timesteps(experiment: Experiment, folder: RunFolder) -> dict[str, Any] | None:
    """What t control drew: timesteps.json, or the copy of it that the record has; None where both
    are damaged or of other settings.
    """
    key = experiment.keys["control"]
    if folder.has(folder.timesteps, key):
        return read_json(folder.timesteps)
    record = folder.record()
    known = record["sampler"] if record and record["keys"].get("control") == key else None
    if not known or not {"realised", "statistics"} <= known.keys():
        return None
    return {**known["realised"], "statistics": known["statistics"]}


def sampler_statistics(experiment: Experiment) -> dict[str, float]:
    """What the distribution really is, and the effective sample size of a draw (1 where draws are
    not weighted).
    """
    use = experiment.schedule_sampler
    assert use is not None
    return {**use.sampler.statistics(experiment.schedule.log_snr), "ess": use.ess}


def describe_training(experiment: Experiment, folder: RunFolder) -> dict[str, Any]:
    """Steps and last loss of each training that led to the run's weights; of one whose rows are
    damaged nothing.
    """
    out = {}
    for stage, place in (("base", experiment.base_folder), ("control", folder)):
        whole = place.has(place.journal.path, experiment.keys[stage])
        rows = [row for row in place.journal.rows() if row["stage"] == stage] if whole else []
        if rows:
            out[stage] = {"steps": rows[-1]["step"], "loss": rows[-1].get("loss")}
    return out


def environment(experiment: Experiment, network: "nn.Module") -> dict[str, Any]:
    """What the run ran on."""
    import torch  # here alone, as is what imports it: runs are measured anew without

    from memctl.training.compute import Compute

    trainer = experiment.config.trainer
    compute = Compute.of(trainer, network)
    device = compute.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "device": name or f"{device.type} ({platform.machine()})",
        "precision": "bf16" if compute.bf16 else "fp32",
        "threads": trainer.threads,
        "host": socket.gethostname(),
        "finished": now(),
    }


def now() -> str:
    """The time, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
