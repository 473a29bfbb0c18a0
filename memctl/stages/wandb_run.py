"""A run's W&B copy: how it is called, sorted and grouped there."""

from collections.abc import Iterable, Mapping
from typing import Any

from omegaconf import OmegaConf

from memctl.analysis import sweep_results
from memctl.experiment import Experiment
from memctl.keys import ANEW, digest
from memctl.runs.folder import RunFolder
from memctl.runs.trackio_copy import open_copy
from memctl.runs.wandb_copy import Identity, WandbCopy
from memctl.stages.record import cell


def wandb_copy(
    experiment: Experiment, folder: RunFolder, rows: Iterable[Mapping[str, Any]]
) -> WandbCopy:
    """The W&B or Trackio run of a run, with the journal's rows so far."""
    return open_copy(experiment.config.logger, folder.path, identity(experiment, folder), rows)


def identity(experiment: Experiment, folder: RunFolder) -> Identity:
    """Which run it is: the sweep is its group, and the job type says what of a sweep it is."""
    e, sweep = experiment, folder.path.parent.name
    made = {k: v for k, v in e.keys.items() if k not in ANEW}
    sampler = e.sampler.spec()["name"] if e.sampler else "none"
    return Identity(
        name=folder.name,
        group=sweep,
        run_id=digest([made, sweep, folder.name]),
        job_type=job_type(e),
        config=settings(e),
        tags=[sweep, e.data.name, sampler, e.config.start],
    )


def job_type(experiment: Experiment) -> str:
    """base, of no control; reference, of uniform t; scratch or control, of any other."""
    if experiment.sampler is None:
        return "base"
    if kind(experiment) == "uniform":
        return "reference"
    return "scratch" if experiment.from_scratch else "control"


def kind(experiment: Experiment) -> str:
    """What the sweep's table calls it: cell, base, or the sampler's name."""
    sampler = experiment.sampler.spec() if experiment.sampler else None
    return sweep_results.kind({"sampler": sampler, "ci": cell(experiment)})


def settings(experiment: Experiment) -> dict[str, Any]:
    """The config with every setting that decides the numbers, those that the data set, the network
    and the sampler have by themselves too, and where the cell is.
    """
    out: Any = OmegaConf.to_container(OmegaConf.structured(experiment.config))
    for part, own in experiment.science.items():
        if isinstance(own, Mapping):
            out[part] = {**(out.get(part) or {}), **own}
    ends = cell(experiment)
    placed = {}
    if ends:
        placed = {
            "location": (ends["low"] + ends["high"]) / 2,
            "width": ends["high"] - ends["low"],
        }
    return {
        **out,
        "ci": {**out["ci"], **(ends or {"low": None, "high": None})},
        **placed,
        "kind": kind(experiment),
        "fingerprint": experiment.fingerprint,
    }
