"""experiment=theory: measure the gradients of a base at some forty steps, judge Eqs. 3-8, draw
them.

Writes into runs/SWEEP/: gradients.jsonl (one row a step, as it is measured), theory.json,
theory.csv, theory.png.
"""

from dataclasses import asdict
from typing import Any

import pandas as pd
import torch
from filelock import Timeout

from memctl import data
from memctl.diffusion.schedule import forward_process
from memctl.errors import UserError
from memctl.experiment import FORMAT, Experiment, differences, digest
from memctl.files import atomic, read_json, said_plainly, write_json
from memctl.runs import folder
from memctl.runs.journal import Journal
from memctl.runs.progress import Progress, witnessed
from memctl.runs.wandb_copy import WandbCopy
from memctl.samplers import IntervalSampler, TimestepSampler, UniformSampler
from memctl.theory.claims import summary
from memctl.theory.figure import draw
from memctl.theory.gradients import measure, steps_of
from memctl.theory.learning import Theory
from memctl.training.base import base_network
from memctl.training.batches import generator
from memctl.training.compute import accelerator_device


def run(experiment: Experiment) -> dict[str, Any]:
    """Measure, or go on measuring, and return the summary; a finished one is only read.

    Raises:
        UserError: the folder holds another probe's rows, another process works on it, or a setting
            cannot be.
    """
    directory = experiment.sweep_directory
    science = {
        "base": experiment.base_science,
        "theory": asdict(experiment.config.theory),
        "format": FORMAT,
    }
    fingerprint = digest(science)
    samplers_of(experiment)  # before the folder knows of it: a wrong setting leaves nothing behind
    try:
        with folder.lock(directory).acquire(blocking=False):
            before = folder.status(directory)
            begun = bool(Journal(directory / "gradients.jsonl").rows())
            if begun and before is not None and before.get("fingerprint") != fingerprint:
                raise folder.conflict(directory, differences(before.get("science"), science))
            known = read_json(directory / "theory.json")
            if (
                before is None
                or before.get("fingerprint") != fingerprint
                or before.get("state") != "done"
                or known is None
            ):
                status = folder.Status(
                    fingerprint, science, stage="base", base=str(experiment.base_directory)
                )
                with witnessed(
                    Progress(directory, status, f"{experiment.config.sweep.name}/theory")
                ) as progress:
                    known = _work(experiment, progress)
            return known
    except Timeout:
        raise UserError(f"{directory} is being worked on by another process") from None


def samplers_of(experiment: Experiment) -> dict[str, TimestepSampler]:
    """Uniform, and the intervals asked for, by name."""
    timesteps, tail = experiment.config.diffusion.timesteps, experiment.config.theory.tail
    found: dict[str, TimestepSampler] = {"uniform": UniformSampler(timesteps)}
    for pair in experiment.config.theory.intervals:
        if not isinstance(pair, list) or len(pair) != 2:
            raise UserError(
                f"theory.intervals={experiment.config.theory.intervals}: each must be a pair [low,"
                " high]"
            )
        try:
            sampler = IntervalSampler(
                timesteps,
                low=pair[0],
                high=pair[1],
                coverage=experiment.config.ci.coverage,
                tail=tail,
            )
        except UserError as error:
            raise UserError(
                f"theory.intervals={experiment.config.theory.intervals} with theory.tail={tail}:"
                f" {error}"
            ) from None
        found[f"[{pair[0]:g}, {pair[1]:g}]"] = sampler
    return found


def _work(experiment: Experiment, progress: Progress) -> dict[str, Any]:
    config, directory = experiment.config, progress.directory
    samplers = samplers_of(experiment)
    split = data.load(experiment.data)
    torch.set_num_threads(config.trainer.threads)
    network = base_network(experiment, split)
    device = accelerator_device(config.trainer.accelerator)
    network, scheduler = network.to(device).eval(), forward_process(config.diffusion)
    chosen = torch.randperm(len(split.train), generator=generator(config.theory.seed, 0))[
        : config.theory.examples
    ]
    if len(chosen) < 3:
        raise UserError(
            f"theory.examples={config.theory.examples}: alignment needs at least 3 training examples"
        )
    x0 = torch.from_numpy(split.train)[chosen].to(device)
    eps = torch.randn(x0.shape, generator=generator(config.theory.seed, 1)).to(
        device
    )  # the same at every t
    steps = steps_of(config.diffusion.timesteps, config.theory.points)
    journal = Journal(directory / "gradients.jsonl")
    rows = {row["t"]: row for row in journal.rewind(len(steps))}
    progress.status.total = len(steps) * len(x0)
    progress.stage("gradients", len(rows) * len(x0))
    for step, t in enumerate(steps, start=1):
        if t not in rows:
            rows[t] = {
                "stage": "gradients",
                "step": step,
                **measure(network, scheduler, x0, eps, t, progress.advance),
            }
            journal.append(rows[t])
    theory = Theory([rows[t] for t in steps], experiment.schedule.log_snr, samplers)
    title = (
        f"{experiment.data.name}: gradients of {len(x0)} training examples at the base,"
        f" {sum(p.numel() for p in network.parameters()):,} parameters, predicting"
        f" {config.diffusion.prediction}"
    )
    draw(theory, title, directory / "theory.png")
    with atomic(directory / "theory.csv") as file:
        pd.DataFrame(theory.rows).drop(columns=["stage", "step"]).to_csv(file, index=False)
    found = {
        "title": title,
        "base_fingerprint": experiment.base_fingerprint,
        "examples": len(x0),
        **summary(theory),
    }
    _copy_to_wandb(experiment, found)
    write_json(directory / "theory.json", found)
    return found


def _copy_to_wandb(experiment: Experiment, found: dict[str, Any]) -> None:
    """The rows, the verdicts and the figure, in W&B."""
    config, directory = experiment.config, experiment.sweep_directory
    copy = WandbCopy(
        config.logger, directory, name="theory", group=config.sweep.name, rows=found["rows"],
        run_id=digest([experiment.base_fingerprint, asdict(config.theory), config.sweep.name]),
        config={"theory": asdict(config.theory), "base_fingerprint": experiment.base_fingerprint},
    )  # fmt: skip
    numbers = {
        f"places/{name}/{k}": v for name, place in found["places"].items() for k, v in place.items()
    }
    copy.summarise(numbers, {"theory": directory / "theory.png"})
    copy.finish(failed=False)


def describe(experiment: Experiment, found: dict[str, Any]) -> str:
    """The verdicts in words."""
    lines = [found["title"], ""]
    for claim in found["claims"]:
        lines += [
            f"Eq. {claim['equation']}: {claim['says']}",
            f"  {claim['verdict'].upper()}: {claim['measured']}",
            f"  ({claim['rule']})",
        ]
    lines += [
        "",
        (
            f"{'mean t of':16s} {'draws':>8s} {'predicted':>10s} {'mean norm':>10s}"
            f" {'mean gradient':>14s}"
        ),
    ]
    lines += [
        f"{name:16s} {p['draws']:8.0f} {p['predicted']:10.0f} {p['measured']:10.0f}"
        f" {p['followed']:14.0f}"
        for name, p in found["places"].items()
    ]
    return "\n".join([*lines, "", f"figure: {experiment.sweep_directory / 'theory.png'}"])


def task(cfg: Any) -> str:
    """The experiment from its composed config, and what it found in words. Raises: UserError."""
    experiment = Experiment.of(cfg)
    with said_plainly():
        return describe(experiment, run(experiment))
