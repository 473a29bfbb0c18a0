"""Generation: the run's samples, in batches that are kept as they are made."""

import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from memctl.config import Generate
from memctl.data import Split
from memctl.diffusion.generate import generate
from memctl.diffusion.guidance import PASSES, Guidance
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import atomic
from memctl.runs import arrays
from memctl.runs.progress import Progress
from memctl.training.compute import Compute


def work(experiment: Experiment) -> float:
    """Its cost, in network passes of one example."""
    how = experiment.config.generate
    return how.samples * how.steps * passes(how)


def passes(how: Generate) -> int:
    """What one step of one sample costs."""
    return PASSES if how.guidance else 1


def generate_samples(
    experiment: Experiment, split: Split, network: nn.Module, progress: Progress
) -> None:
    """Write samples.npy, shape (samples, channels, *dims); batches already on disk are not
    generated again.

    Raises: UserError for samples that are not finite.
    """
    how, folder, key = experiment.config.generate, progress.folder, experiment.keys["generate"]
    samples = in_batches(experiment, split, network, how, folder.sample_parts / key, progress)
    with atomic(folder.samples) as file:
        np.save(file, samples)
    folder.made.note(key, folder.samples)
    shutil.rmtree(folder.sample_parts, ignore_errors=True)


def in_batches(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    how: Generate,
    parts: Path,
    progress: Progress,
) -> NDArray[np.float32]:
    """Samples of the network, shape (how.samples, channels, *dims).

    Args:
        parts: The folder in which batches are kept as they are made; those that it has, whole, are
            not generated again. Its name is their key, and what is beside it is of other keys.

    Raises: UserError for samples that are not finite.
    """
    compute = Compute.of(experiment.config.trainer, network)
    network = compute.place(network).eval()
    train = torch.from_numpy(split.train).to(compute.device)
    guidance = Guidance.of(how, experiment.config.diffusion, train, split.flip)
    remove_others(parts)
    batches = []
    for start in range(0, how.samples, how.batch_size):
        seeds = range(how.seed + start, how.seed + min(start + how.batch_size, how.samples))
        part = parts / f"{seeds.start:07d}-{seeds.stop:07d}.npz"
        shape = (len(seeds), *split.train.shape[1:])
        batch = (arrays.kept(part, parts.name) or {}).get("samples")
        if batch is None or batch.shape != shape:
            with compute.autocast():
                x = generate(
                    network,
                    experiment.config.diffusion,
                    how,
                    seeds,
                    shape[1:],
                    compute.device,
                    split.bound,
                    lambda n: progress.advance(n * passes(how)),
                    guidance,
                )
            batch = x.numpy()
            arrays.save(part, parts.name, {"samples": batch})
        else:
            progress.advance(len(seeds) * how.steps * passes(how))
        batches.append(batch)
    samples: NDArray[np.float32] = np.concatenate(batches)
    broken = int((~np.isfinite(samples)).reshape(len(samples), -1).any(axis=1).sum())
    if broken:
        stage = "control" if experiment.sampler else "base"
        raise UserError(
            f"{broken} generated samples are not finite: the training diverged; lower {stage}.lr,"
            " and give that run another sweep.name=NAME, since this one keeps its weights"
        )
    return samples


def remove_others(parts: Path) -> None:
    """Remove what lies beside a folder of batches: batches of other keys, which nobody needs."""
    for other in parts.parent.glob("*"):
        if other != parts:
            shutil.rmtree(other, ignore_errors=True) if other.is_dir() else other.unlink()
