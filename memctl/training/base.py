"""The base checkpoint: made once, kept by content in runs/bases/FINGERPRINT/, shared by every run
that needs it.
"""

import time
from pathlib import Path
from typing import Any

import torch
from filelock import Timeout
from torch import nn

from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.models.pretrained import Pretrained
from memctl.runs import folder
from memctl.runs.journal import Journal
from memctl.runs.progress import Progress, witnessed
from memctl.samplers import ScheduleSampler, UniformSampler
from memctl.training import checkpoint
from memctl.training.fit import RESUME, fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import resumed_step

CHECKPOINT = "checkpoint.pt"
TRAIN_PASSES = 4  # what training on one example costs, in forward passes of one: backward, optimiser, small batches


def base_network(experiment: Experiment, split: Split) -> nn.Module:
    """The base's network with its weights: from `base.path`, from the cache, or trained now with
    uniform t.

    Where several runs ask at once one trains, under a lock, and the others wait for it; one that
    dies is taken over.

    Raises:
        UserError: a checkpoint that does not fit, or a training that diverged.
    """
    torch.manual_seed(experiment.config.base.seed)
    network = experiment.model.network(split.train.shape[1:])
    made_from = {k: experiment.base_science[k] for k in ("model", "diffusion")} | {
        "split": split.hash
    }
    if experiment.pretrained is not None:
        load(experiment, experiment.pretrained, split, network)
        return network
    if experiment.config.base.path:
        checkpoint.load(Path(experiment.config.base.path), network, made_from)
        return network
    directory = experiment.base_directory
    path = directory / CHECKPOINT
    if not path.exists():
        lock = folder.lock(directory)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            print(f"waiting for the base that another run is making in {directory}", flush=True)
            lock.acquire()
        try:
            if not path.exists():
                train(experiment, split, network, {**made_from, "science": experiment.base_science})
        finally:
            lock.release()
    checkpoint.load(path, network, made_from)
    return network


def load(experiment: Experiment, pretrained: Pretrained, split: Split, network: nn.Module) -> None:
    """Put a checkpoint of diffusers into the network.

    Raises: UserError, where it does not fit the run, or may know the held-out side.
    """
    pretrained.load_into(network)
    pretrained.check_schedule(experiment.config.diffusion)
    if pretrained.split != split.hash and not experiment.config.base.saw_heldout:
        made = (
            "was trained on another split"
            if pretrained.split
            else "does not say what it was trained on"
        )
        raise UserError(
            f"base.path={pretrained.path} {made}: it may have seen the held-out examples, and then"
            " no comparison with them is fair. Train a base here, or go on with"
            " base.saw_heldout=true, which the record and the report will say"
        )


def train(
    experiment: Experiment, split: Split, network: nn.Module, made_from: dict[str, Any]
) -> None:
    """Train the base in its directory, with its own status and journal."""
    stage, directory = experiment.config.base, experiment.base_directory
    previous = folder.status(directory)
    status = folder.Status(
        experiment.base_fingerprint,
        experiment.base_science,
        stage="base",
        total=TRAIN_PASSES * stage.shown_on(len(split.train)),
        attempt=previous["attempt"] + 1 if previous else 1,
    )
    progress = Progress(directory, status, f"base {experiment.data.name}")
    journal = Journal(directory / "metrics.jsonl")
    journal.rewind(resumed_step(directory / RESUME))
    threads = torch.get_num_threads()
    torch.set_num_threads(experiment.config.trainer.base_threads)
    began = time.monotonic()
    try:
        with witnessed(progress):
            fit(
                network,
                experiment.config.diffusion,
                ScheduleSampler(UniformSampler(experiment.config.diffusion.timesteps)),
                stage,
                split.train,
                directory,
                experiment.config.trainer,
                JournalLogger(journal, "base"),
                lambda n: progress.advance(TRAIN_PASSES * n),
                flip=split.flip,
            )
            checkpoint.save(directory / CHECKPOINT, network, made_from)
            status.message = f"{time.monotonic() - began:.1f} s"
    finally:
        torch.set_num_threads(threads)
    (directory / RESUME).unlink(missing_ok=True)
