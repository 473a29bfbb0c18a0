"""Along the training: samples of checkpoints of control, which are measured with the run's own.

Every checkpoint has the averaged weights that control would have ended with at its step, and its
samples start from the same noise, so that what differs is the training alone.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.runs import along
from memctl.runs.folder import RunFolder
from memctl.runs.progress import Progress
from memctl.stages import base, control, generate
from memctl.training import checkpoint


def work(experiment: Experiment, split: Split) -> float:
    """Its cost, in network passes of one example."""
    how = experiment.config.generate
    each = experiment.config.along.samples * how.steps * generate.passes(how)
    return len(control.along_steps(experiment, split)) * each


def is_done(experiment: Experiment, folder: RunFolder) -> bool:
    """Whether the samples of these settings are kept, or there are to be none."""
    key = experiment.keys.get("along")
    return key is None or along.kept(folder.along_samples, key) is not None


def lost(experiment: Experiment, split: Split, folder: RunFolder, step: int) -> list[Path]:
    """Weights up to this step that were kept and are no longer what they were: control must be done
    again. Where its samples were made, weights that are gone are of them.
    """
    noted, key = folder.made.entries() or {}, experiment.keys["control"]
    made = folder.along_samples.name in noted
    weights = [control.along_weights(folder, k) for k in control.along_steps(experiment, split)]
    return [
        path
        for path in weights
        if int(path.stem) <= step
        and (made or str(path.relative_to(folder.path)) in noted)
        and not folder.has(path, key)
    ]


def check(experiment: Experiment, split: Split, folder: RunFolder, step: int) -> None:
    """Raises: UserError where control has passed a checkpoint, up to this step, without keeping its
    weights.
    """
    steps = control.along_steps(experiment, split)
    missing = [k for k in steps if k <= step and not control.along_weights(folder, k).exists()]
    if missing:
        raise UserError(
            f"{folder.path} has not kept the weights after step {missing[0]} of its training:"
            " along.* was set after that, or trainer.keep_checkpoint=false; leave along.* as it"
            " was, or make the run under another sweep.name"
        )


def generate_along(experiment: Experiment, split: Split, progress: Progress) -> None:
    """Write along.npz; batches already on disk are not generated again.

    Raises: UserError, for weights that were not kept or samples that are not finite.
    """
    folder, key = progress.folder, experiment.keys["along"]
    steps = control.along_steps(experiment, split)
    check(experiment, split, folder, steps[-1])
    how = replace(experiment.config.generate, samples=experiment.config.along.samples)
    network, samples = base.untrained(experiment, split), []
    for step in steps:
        weights = control.along_weights(folder, step)
        checkpoint.load(weights, network, control.expected(experiment, split))
        batches = parts(folder, step) / key
        samples.append(generate.in_batches(experiment, split, network, how, batches, progress))
    made = along.SamplesAlong(np.array(steps), np.stack(samples))
    along.save(folder.along_samples, key, made)
    folder.made.note(key, folder.along_samples)
    for step in steps:
        shutil.rmtree(parts(folder, step), ignore_errors=True)


def parts(folder: RunFolder, step: int) -> Path:
    """The folder of a checkpoint's batches that are generated so far, a folder for each key."""
    return control.along_weights(folder, step).with_suffix("")
