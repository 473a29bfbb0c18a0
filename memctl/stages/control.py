"""Control: the base is trained on with the run's timestep sampler."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from memctl.data import Split
from memctl.experiment import Experiment
from memctl.files import read_json, write_json
from memctl.runs.folder import RunFolder
from memctl.runs.progress import Progress
from memctl.stages.base import TRAIN_PASSES, untrained
from memctl.stages.record import sampler_statistics
from memctl.training import checkpoint
from memctl.training.along import KeepAlong
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import Resume


def work(experiment: Experiment, split: Split) -> float:
    """Its cost, in network passes of one example."""
    return TRAIN_PASSES * experiment.config.control.shown_on(len(split.train))


def control(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    log: Callable[[Mapping[str, Any]], None],
    progress: Progress,
) -> None:
    """Train the network in place, and keep its weights and what t were drawn.

    Args:
        log: Called with each row of the journal.
    """
    assert experiment.schedule_sampler is not None
    folder = progress.folder
    folder.made.forget(folder.checkpoint, folder.timesteps, folder.journal.path)
    timesteps = fit(
        network,
        experiment.config.diffusion,
        experiment.schedule_sampler,
        experiment.stage(),
        split.train,
        resume(experiment, folder),
        experiment.config.trainer,
        JournalLogger(folder.journal, "control", log),
        lambda n: progress.advance(TRAIN_PASSES * n),
        experiment.config.weighting,
        split.flip,
        [keep_along(experiment, split, folder)],
    )
    drawn = {**timesteps.summary(), "statistics": sampler_statistics(experiment)}
    save(experiment, split, network, drawn, folder)


def save(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    drawn: Mapping[str, Any],
    folder: RunFolder,
) -> None:
    """Write what control leaves: the weights, and what t were drawn."""
    key, science = experiment.keys["control"], experiment.science
    write_json(folder.timesteps, drawn)
    made_from = {key: science[key] for key in ("model", "diffusion")} | {"science": science}
    checkpoint.save(folder.checkpoint, network, {**expected(experiment, split), **made_from})
    folder.made.note(key, folder.journal.path, folder.timesteps, folder.checkpoint)


def take(experiment: Experiment, split: Split, folder: RunFolder) -> str | None:
    """Take what a run of the same sweep was trained to by the very same settings, such as one that
    only generates otherwise, and return its name; None where there is none.
    """
    if experiment.goes_along:  # which needs the weights on the way, too
        return None
    for path in sorted(folder.path.parent.glob(f"*/{folder.checkpoint.name}")):
        other, key = RunFolder(path.parent), experiment.keys["control"]
        files = (other.timesteps, other.journal.path, other.checkpoint)
        if other != folder and all(other.made.holds(file.name, key, reads=True) for file in files):
            network, drawn = untrained(experiment, split), read_json(other.timesteps)
            assert drawn is not None
            load(experiment, split, network, other)
            folder.journal.restore(other.journal.rows())
            save(experiment, split, network, drawn, folder)
            return other.name
    return None


def resume(experiment: Experiment, folder: RunFolder) -> Resume:
    """What the training goes on from."""
    return Resume(folder.resume, experiment.keys["control"], folder.journal)


def along_steps(experiment: Experiment, split: Split) -> list[int]:
    """The steps after which control keeps weights for checkpoints along it."""
    if not experiment.goes_along:
        return []
    return experiment.config.along.steps(experiment.config.control.steps_on(len(split.train)))


def along_weights(folder: RunFolder, step: int) -> Path:
    """Where the weights after that step are kept."""
    return folder.along / f"{step:07d}.pt"


def keep_along(experiment: Experiment, split: Split, folder: RunFolder) -> KeepAlong:
    """The callback that keeps them."""

    def keep(step: int, network: nn.Module) -> None:
        weights = along_weights(folder, step)
        checkpoint.save(weights, network, expected(experiment, split))
        folder.made.note(experiment.keys["control"], weights)

    return KeepAlong(along_steps(experiment, split), keep)


def expected(experiment: Experiment, split: Split) -> dict[str, Any]:
    """What the run's own weights were made from."""
    return {"key": experiment.keys["control"], "split": split.hash}


def load(experiment: Experiment, split: Split, network: nn.Module, folder: RunFolder) -> None:
    """Put the controlled weights into the network."""
    checkpoint.load(folder.checkpoint, network, expected(experiment, split))
