"""The base checkpoint: made once, kept by its key in runs/bases/KEY/, shared by every run that
needs it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from memctl import data
from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import path_of
from memctl.keys import settings
from memctl.models.pretrained import Pretrained
from memctl.runs.progress import Progress
from memctl.samplers import ScheduleSampler, UniformSampler
from memctl.stages.runner import Chain, Stage
from memctl.training import checkpoint
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import Resume

TRAIN_PASSES = 4  # of training on one example: backward, optimiser, small batches


def untrained(experiment: Experiment, split: Split) -> nn.Module:
    """The network with the random weights that its base starts from or, from scratch, the run."""
    config = experiment.config
    torch.manual_seed(config.seed if experiment.from_scratch else config.base.seed)
    return experiment.model.network(split.train.shape[1:])


def base_network(
    experiment: Experiment, split: Split, meanwhile: Callable[[], None] = lambda: None
) -> nn.Module:
    """The network that control starts from: from scratch an untrained one, else the base's, from
    `base.path`, from the cache, or trained now with uniform t.

    Where several runs ask at once one trains, under a lock, and the others wait for it; one that
    dies is taken over.

    Args:
        meanwhile: Done by one that has to wait.

    Raises:
        UserError: a checkpoint that does not fit, or a training that diverged.
    """
    network = untrained(experiment, split)
    if experiment.from_scratch:
        return network
    science = settings(experiment.science, "base")
    made_from = {"model": science["model"], "diffusion": science["diffusion"], "split": split.hash}
    if experiment.pretrained is not None:
        load_pretrained(experiment, experiment.pretrained, split, network)
    elif experiment.config.base.path:
        checkpoint.load(path_of(experiment.config.base.path), network, made_from)
    else:
        chain(experiment, split, network, made_from, meanwhile).run()
        checkpoint.load(experiment.base_folder.checkpoint, network, made_from)
    return network


def make(experiment: Experiment) -> None:
    """Train the base of an experiment, or what is left of it, for the runs that start from it.

    Raises: UserError.
    """
    torch.set_num_threads(experiment.config.trainer.threads)
    base_network(experiment, data.load(experiment.data))


def load_pretrained(
    experiment: Experiment, pretrained: Pretrained, split: Split, network: nn.Module
) -> None:
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


def is_made(
    experiment: Experiment, split: Split, network: nn.Module, made_from: dict[str, Any]
) -> bool:
    """Whether the cache holds the base, whole; then the network has its weights, and otherwise
    stays as it is. What is wrong with one that is there is said: it is made again.
    """
    path = experiment.base_folder.checkpoint
    if not path.exists():
        return False
    try:
        state = checkpoint.fitting(path, network, made_from)
    except UserError as error:
        print(f"{str(error).partition(';')[0]}; the base is trained again", flush=True)
        return False
    if not experiment.base_folder.has(path, experiment.keys["base"], reads=True):
        print(f"{path} is not what was written there; the base is trained again", flush=True)
        return False
    network.load_state_dict(state)
    return True


def chain(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    made_from: dict[str, Any],
    meanwhile: Callable[[], None],
) -> Chain:
    """The training of the base, in its own folder: one stage."""
    folder = experiment.base_folder
    done = lambda: is_made(experiment, split, network, made_from)
    work = TRAIN_PASSES * experiment.config.base.shown_on(len(split.train))
    return Chain(
        folder,
        {"base": experiment.keys["base"]},
        settings(experiment.science, "base"),
        f"base {experiment.data.name}",
        done,
        lambda: [
            Stage("base", work, done, lambda p: train(experiment, split, network, made_from, p))
        ],
        waiting=f"waiting for the base that another run is making in {folder.path}",
        meanwhile=meanwhile,
    )


def train(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    made_from: dict[str, Any],
    progress: Progress,
) -> None:
    """Train the network in place with uniform t, and keep it."""
    config, folder, key = experiment.config, experiment.base_folder, experiment.keys["base"]
    folder.made.forget(folder.checkpoint, folder.journal.path)
    threads = torch.get_num_threads()
    torch.set_num_threads(config.trainer.base_threads)
    try:
        fit(
            network,
            config.diffusion,
            ScheduleSampler(UniformSampler(config.diffusion.timesteps)),
            config.base,
            split.train,
            Resume(folder.resume, key, folder.journal),
            config.trainer,
            JournalLogger(folder.journal, "base"),
            lambda n: progress.advance(TRAIN_PASSES * n),
            flip=split.flip,
        )
        science = settings(experiment.science, "base")
        checkpoint.save(folder.checkpoint, network, {**made_from, "science": science})
    finally:
        torch.set_num_threads(threads)
    folder.made.note(key, folder.journal.path, folder.checkpoint)
    folder.resume.unlink(missing_ok=True)
