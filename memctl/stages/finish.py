"""The last stage: the samples are measured, and the record is written, with pictures and the W&B
copy. Free of torch, so that runs are measured anew in no time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from memctl.analysis.along import curve
from memctl.analysis.measurement import (
    Measurement,
    kept_yardsticks,
    known_yardsticks,
    measure,
)
from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.keys import STAGES, yardsticks_key
from memctl.metrics.catalogue import METRICS
from memctl.metrics.suite import Suite
from memctl.probes import rows as probe
from memctl.reporting import pictures
from memctl.runs.along import kept
from memctl.runs.folder import RunFolder
from memctl.runs.lock import MOMENT, lock_of
from memctl.runs.progress import Progress
from memctl.runs.record import SMOKE, measures
from memctl.runs.wandb_copy import WandbCopy
from memctl.stages.record import describe, now
from memctl.stages.runner import Chain, Stage
from memctl.stages.wandb_run import wandb_copy


def finish(
    experiment: Experiment,
    split: Split,
    copy: WandbCopy,
    environment: Mapping[str, Any],
    progress: Progress,
    say: Callable[[str], None] = lambda _: None,
) -> Measurement:
    """Measure the samples of a run and write its record, last of all.

    Args:
        environment: What the run ran on.
        say: Called before each long step.
    """
    folder, config, began = progress.folder, experiment.config, time.monotonic()
    samples = read_samples(experiment, folder)
    seen = bool(config.base.path and config.base.saw_heldout)
    cache = yardsticks_cache(experiment)
    measurement = measure(samples, split, config.metrics, saw_heldout=seen, cache=cache, say=say)
    rows = probe.kept(folder, experiment.keys["probe"]) or []
    answers = {**measurement.answers, **probe.inside(rows)}
    points = curve(measurement.suite, kept(folder.along_samples, experiment.keys.get("along")))
    before = folder.record() or {}  # what a moved folder, or one of a former format, still knows
    spent = {k: v for k, v in before.get("seconds", {}).items() if k in STAGES}
    seconds = {**spent, **progress.status.seconds, "measure": round(time.monotonic() - began, 2)}
    about = describe(experiment, folder)
    record = {
        **about,
        "training": {**before.get("training", {}), **about["training"]},
        "split": {"hash": split.hash, **split.summary},
        "metrics": {**measurement.metrics, **measures(probe.summary(rows))},
        "absent": measurement.absent,
        "yardsticks": measurement.yardsticks,
        "answers": {k: v.as_json() for k, v in answers.items()},
        "verdict": asdict(measurement.verdict),
        "probe": rows,
        "along": points,
        "environment": {
            **environment,
            "wandb": f"{copy.mode} ({copy.reason})",
            "measured": now(),
        },
        "seconds": seconds,
    }
    drawn = pictures.draw(
        folder.path,
        experiment.name,
        samples,
        split,
        measurement.suite,
        measurement.scan,
        (record["sampler"] or {}).get("realised"),
    )
    folder.made.note(experiment.keys["measure"], folder.neighbours)
    if folder.picture("probe").exists() and rows:
        drawn["probe"] = folder.picture("probe")
    copy.summarise(record, drawn)
    folder.save_record(record)
    return measurement


def yardsticks_cache(experiment: Experiment) -> Path:
    """The file of the yardsticks that the run is measured by, its like share, and one computes."""
    return experiment.runs / "yardsticks" / f"{yardsticks_key(experiment.science)}.json"


def prepare(experiment: Experiment, split: Split) -> None:
    """Have the yardsticks computed before the samples are there, where they are not kept and no
    other run is at it: for one that has to wait. Raises: UserError.
    """
    config, cache = experiment.config, yardsticks_cache(experiment)
    if kept_yardsticks(cache) is not None:
        return
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_of(cache.parent)
        lock.acquire(timeout=MOMENT)
    except (Timeout, OSError):  # it is computed later
        return
    try:
        known_yardsticks(Suite.of(split, config.metrics), split, config.generate.samples, cache)
    finally:
        lock.release()


def read_samples(experiment: Experiment, folder: RunFolder) -> NDArray[np.float32]:
    """The run's samples. Raises: UserError where they are damaged or of other settings."""
    if not folder.has(folder.samples, experiment.keys["generate"], reads=True):
        raise UserError(
            f"{folder.samples} is damaged, or was not made by this run's settings; the command that"
            " made the run generates it again"
        )
    samples: NDArray[np.float32] = np.load(folder.samples)
    return samples


def measure_again(
    experiment: Experiment, folder: RunFolder, split: Split, say: Callable[[str], None]
) -> Measurement:
    """Measure a finished run anew, whatever its record says; train and generate nothing.

    Raises:
        UserError: the folder holds a run of other settings, or another process works on it.
    """
    before, done = folder.record(), []
    environment = before["environment"] if before else {}
    journal = folder.journal if experiment.sampler else experiment.base_folder.journal
    copy = wandb_copy(experiment, folder, journal.rows())

    def do(progress: Progress) -> None:
        done.append(finish(experiment, split, copy, environment, progress, say))

    chain = Chain(
        folder,
        experiment.keys,
        experiment.science,
        f"{folder.path.parent.name}/{folder.name}",
        lambda: False,
        lambda: [Stage("measure", 0, lambda: False, do)],
        base=experiment.base_place,
    )
    try:
        chain.run()
    finally:
        copy.finish(failed=not done)
    return done[0]


def summary(record: Mapping[str, Any]) -> str:
    """A finished run in a few lines: its main metrics beside the held-out examples' own, the
    answers, and the verdict.
    """
    lines = [f"{record['sweep']}/{record['name']} is done"]
    if record.get("smoke"):
        lines.append(f"  {SMOKE}")
    for name in (metric.name for metric in METRICS.values() if metric.main):
        if name not in record["metrics"]:
            lines.append(f"  {name:18s} not taken: {record['absent'][name]}")
            continue
        m, real = record["metrics"][name], record["yardsticks"]["heldout"][name]["value"]
        interval = f" [{m['low']:.4f}, {m['high']:.4f}]" if m["low"] is not None else ""
        value = f"{m['value']:.4f}"
        lines.append(f"  {name:18s} {value}{interval}   held-out examples: {real:.4f}")
    lines += [f"  {answer['question']} {answer['text']}" for answer in record["answers"].values()]
    verdict = record["verdict"]
    return "\n".join([*lines, f"  verdict: {verdict['word']}: {verdict['reason']}"])
