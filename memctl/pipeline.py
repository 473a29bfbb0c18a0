"""One run from start to record: base, control, generate, evaluate.

Killed anywhere, it goes on from there.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import threadpoolctl
import torch
from filelock import Timeout
from omegaconf import OmegaConf
from torch import nn

from memctl import data, provenance
from memctl.data import Split
from memctl.diffusion.generate import generate
from memctl.errors import UserError
from memctl.experiment import Experiment, differences, digest
from memctl.files import atomic, read_json, said_plainly, write_json
from memctl.metrics.catalogue import METRICS
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks
from memctl.probes import run as run_probe
from memctl.reporting import pictures
from memctl.runs import folder
from memctl.runs.journal import Journal
from memctl.runs.progress import Progress, witnessed
from memctl.runs.record import flat, measures
from memctl.runs.wandb_copy import WandbCopy
from memctl.training import checkpoint
from memctl.training.base import CHECKPOINT, TRAIN_PASSES, base_network
from memctl.training.compute import Compute
from memctl.training.fit import RESUME, fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import resumed_step

LOW_ESS = 0.01


def run(experiment: Experiment) -> dict[str, Any]:
    """Do the run, or what is left of it, and return its record; a finished run is only read.

    Raises:
        UserError: the folder holds another science's run, another process works on this one, or
            anything of the user's to mend.
    """
    directory = experiment.directory
    finished = _finished(experiment)
    if finished is not None:
        return finished
    try:
        with folder.lock(directory).acquire(blocking=False):
            return _finished(experiment) or _work(experiment)
    except Timeout:
        current = folder.status(directory) or {}
        raise UserError(
            f"{directory} is being worked on by process {current.get('pid')} on"
            f" {current.get('host')}"
        ) from None


def _finished(experiment: Experiment) -> dict[str, Any] | None:
    """The record, if the run is done. Raises: UserError for a run of another science in its folder."""
    current = folder.status(experiment.directory)
    if current is not None and current.get("fingerprint") != experiment.fingerprint:
        if not folder.begun(experiment.directory):
            return None
        raise folder.conflict(
            experiment.directory,
            differences(current.get("science"), json.loads(json.dumps(experiment.science))),
        )
    done = current is not None and current.get("state") == "done"
    return folder.record(experiment.directory) if done else None


def _work(experiment: Experiment) -> dict[str, Any]:
    config, directory = experiment.config, experiment.directory
    torch.set_num_threads(config.trainer.threads)
    if experiment.schedule_sampler is not None:
        ess = (
            experiment.schedule_sampler.ess
        )  # a distribution that cannot be, or cannot be corrected for, is refused now
        if ess < LOW_ESS:
            print(
                f"effective sample size a draw: {ess:.1g}; few draws carry all the weight. Bound it"
                " with sampler.clip, or mix with uniform"
            )
    previous = folder.status(directory)
    status = folder.Status(
        experiment.fingerprint,
        experiment.science,
        attempt=previous["attempt"] + 1 if previous else 1,
        base=str(experiment.base_directory),
    )
    seconds: dict[str, float] = {}
    with witnessed(
        Progress(directory, status, f"{config.sweep.name}/{experiment.name}")
    ) as progress:
        split = data.load(experiment.data)
        control_passes = (
            TRAIN_PASSES * config.control.shown_on(len(split.train)) if experiment.sampler else 0
        )
        generate_passes = config.generate.samples * config.generate.steps
        probe_passes = run_probe.passes(split, config)
        status.total = control_passes + generate_passes + probe_passes
        with atomic(directory / "config.yaml") as file:
            file.write(OmegaConf.to_yaml(OmegaConf.structured(config), resolve=True).encode())
        progress.stage("base")
        with timed(seconds, "base"):
            network = base_network(experiment, split)
        journal = Journal(
            (directory if experiment.sampler else experiment.base_directory) / "metrics.jsonl"
        )
        rows = (
            journal.rewind(resumed_step(directory / RESUME))
            if _resuming(experiment)
            else journal.rows()
        )
        copy = WandbCopy(
            config.logger, directory, name=experiment.name, group=config.sweep.name, rows=rows,
            run_id=digest([experiment.fingerprint, config.sweep.name, experiment.name]),
            config={**OmegaConf.to_container(OmegaConf.structured(config)), "fingerprint": experiment.fingerprint},  # type: ignore[dict-item]
        )  # fmt: skip
        failed = True
        try:
            realised = None
            if experiment.sampler is not None:
                progress.stage("control", 0)
                with timed(seconds, "control"):
                    realised = control(
                        experiment,
                        split,
                        network,
                        JournalLogger(journal, "control", copy.log),
                        progress,
                    )
            progress.stage("generate", control_passes)
            with timed(seconds, "generate"):
                samples = generated(experiment, split, network, progress)
            progress.stage("probe", control_passes + generate_passes)
            with timed(seconds, "probe"):
                probed = run_probe.probed(experiment, split, network, progress.advance)
            progress.stage("evaluate", status.total)
            with timed(seconds, "evaluate"):
                threadpoolctl.threadpool_limits(config.trainer.threads)
                suite = Suite.of(split, config.metrics)
                found = suite.scan(suite.prepare(samples))
                measured = measures(suite.evaluate(samples, found))
                known = cached_yardsticks(experiment, suite, split)
            record = {
                **provenance.identity(experiment),
                "split": {"hash": split.hash, **split.summary},
                "sampler": provenance.described(experiment, realised),
                "base": provenance.origin(experiment),
                "training": provenance.training(experiment, journal),
                "metrics": {**measured, **measures(run_probe.summary(probed))},
                "yardsticks": known,
                "probe": probed,
                "science": experiment.science,
                "environment": {
                    **provenance.environment(experiment, network),
                    "wandb": f"{copy.mode} ({copy.reason})",
                },
                "seconds": {k: round(v, 2) for k, v in seconds.items()},
            }
            drawn = pictures.draw(
                directory, experiment.name, samples, split, suite, found, realised
            )
            drawn |= run_probe.draw(probed, f"{config.sweep.name}/{experiment.name}", directory)
            copy.summarise(flat(record), drawn)
            write_json(directory / "record.json", record)
            failed = False
        finally:
            copy.finish(failed)
        (directory / RESUME).unlink(missing_ok=True)
        if not config.trainer.keep_checkpoint:
            (directory / CHECKPOINT).unlink(missing_ok=True)
    return record


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[stage] = time.monotonic() - began


def _resuming(experiment: Experiment) -> bool:
    """Whether control is still to be done, so that rows after its last checkpoint will be written
    again.
    """
    return experiment.sampler is not None and not (experiment.directory / CHECKPOINT).exists()


def control(
    experiment: Experiment,
    split: Split,
    network: nn.Module,
    logger: JournalLogger,
    progress: Progress,
) -> dict[str, Any]:
    """Fine-tune the network in place with the run's sampler; return what was drawn.

    A finished control is loaded.
    """
    assert experiment.schedule_sampler is not None
    directory, path = experiment.directory, experiment.directory / CHECKPOINT
    expected = {"fingerprint": experiment.fingerprint, "split": split.hash}
    drawn = directory / "timesteps.json"
    if not path.exists():
        timesteps = fit(
            network, experiment.config.diffusion, experiment.schedule_sampler, experiment.stage(), split.train, directory,
            experiment.config.trainer, logger, lambda n: progress.advance(TRAIN_PASSES * n),
            experiment.config.weighting, split.flip,
        )  # fmt: skip
        write_json(drawn, {**timesteps.summary(), "statistics": provenance.statistics(experiment)})
        checkpoint.save(
            path,
            network,
            {
                **expected,
                "model": experiment.science["model"],
                "diffusion": experiment.science["diffusion"],
                "science": experiment.science,
            },
        )
    checkpoint.load(path, network, expected)
    return read_json(drawn) or {}


def generated(
    experiment: Experiment, split: Split, network: nn.Module, progress: Progress
) -> np.ndarray:
    """The run's samples, shape (samples, channels, *dims); batches already on disk are not
    generated again.
    """
    how, directory = experiment.config.generate, experiment.directory
    path, parts = directory / "samples.npy", directory / "samples"
    if path.exists():
        return np.asarray(np.load(path))
    compute = Compute.of(experiment.config.trainer, network)
    network = compute.place(network).eval()
    batches = []
    for start in range(0, how.samples, how.batch_size):
        seeds = range(how.seed + start, how.seed + min(start + how.batch_size, how.samples))
        part = parts / f"{seeds.start:07d}-{seeds.stop:07d}.npy"
        if not part.exists():
            with compute.autocast():
                x = generate(
                    network,
                    experiment.config.diffusion,
                    how,
                    seeds,
                    split.train.shape[1:],
                    compute.device,
                    split.bound,
                    progress.advance,
                )
            with atomic(part) as file:
                np.save(file, x.numpy())
        else:
            progress.advance(len(seeds) * how.steps)
        batches.append(np.load(part))
    samples = np.concatenate(batches)
    broken = int((~np.isfinite(samples)).reshape(len(samples), -1).any(axis=1).sum())
    if broken:
        raise UserError(
            f"{broken} generated samples are not finite: the training diverged; lower control.lr"
        )
    with atomic(path) as file:
        np.save(file, samples)
    shutil.rmtree(parts, ignore_errors=True)
    return samples


def cached_yardsticks(experiment: Experiment, suite: Suite, split: Split) -> dict[str, Any]:
    """The yardsticks of this split, metrics and number of samples: computed by the first run, then
    read.
    """
    key = digest(
        [
            split.hash,
            experiment.science["metrics"],
            experiment.science["generate"]["samples"],
            experiment.science["format"],
        ]
    )
    path = experiment.runs / "yardsticks" / f"{key}.json"
    known = read_json(path)
    if known is None:
        known = {
            name: measures(values)
            for name, values in yardsticks(suite, split, experiment.config.generate.samples).items()
        }
        write_json(path, known)
    return known


def task(cfg: Any) -> dict[str, Any]:
    """One run from its composed config. Raises: UserError."""
    with said_plainly():
        return run(Experiment.of(cfg))


def summary(record: dict[str, Any]) -> str:
    """A finished run in three lines: its main metrics beside the held-out examples' own."""
    lines = [f"{record['sweep']}/{record['name']} is done"]
    for name in (metric.name for metric in METRICS.values() if metric.main):
        m, real = record["metrics"][name], record["yardsticks"]["heldout"][name]["value"]
        interval = f" [{m['low']:.4f}, {m['high']:.4f}]" if m["low"] is not None else ""
        lines.append(f"  {name:18s} {m['value']:.4f}{interval}   held-out examples: {real:.4f}")
    return "\n".join(lines)
