"""experiment=theory: measure the gradients of a base at some forty steps, judge Eqs. 3-8, draw
them.

Writes into runs/SWEEP/: gradients.jsonl (one row a step, as it is measured), theory.json,
theory.csv, theory.png.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from memctl import data, keys
from memctl.config.ranges import check_logger, check_names
from memctl.data import Split
from memctl.diffusion.schedule import forward_process
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import atomic, read_json, said_plainly, write_json
from memctl.reporting.figures import optional
from memctl.runs.folder import RunFolder
from memctl.runs.progress import Progress
from memctl.runs.trackio_copy import open_copy
from memctl.runs.wandb_copy import Identity
from memctl.samplers import IntervalSampler, TimestepSampler, UniformSampler
from memctl.stages.base import base_network
from memctl.stages.runner import Chain, Stage
from memctl.theory.claims import summary
from memctl.theory.figure import draw
from memctl.theory.gradients import measure, steps_of
from memctl.theory.learning import Theory
from memctl.training.batches import generator
from memctl.training.compute import accelerator_device

STAGES = {"base": keys.STAGES["base"], "gradients": keys.Stage("base", ("theory",), 4)}


def run(experiment: Experiment) -> dict[str, Any]:
    """Measure, or go on measuring, and return the summary; a finished one is only read.

    Raises:
        UserError: the folder holds another probe's rows, another process works on it, or a setting
            cannot be.
    """
    folder = RunFolder(experiment.sweep_directory)
    samplers_of(experiment)  # before the folder knows of it: a wrong setting leaves nothing behind
    science = keys.settings(experiment.science, "base")
    science["theory"] = asdict(experiment.config.theory)
    wanted = keys.keys(science, STAGES)
    result = lambda: read_json(folder.path / "theory.json")

    def is_done() -> bool:
        status = folder.status() or {}
        return status.get("keys") == wanted and status.get("state") == "done" and bool(result())

    Chain(
        folder,
        wanted,
        science,
        f"{experiment.config.sweep.name}/theory",
        is_done,
        lambda: [stage(experiment)],
        base=str(experiment.base_folder.path),
    ).run()
    known = result()
    assert known is not None
    return known


def stage(experiment: Experiment) -> Stage:
    """The gradients, at each step of each example, and what they say."""
    split, config = data.load(experiment.data), experiment.config
    steps = steps_of(config.diffusion.timesteps, config.theory.points)
    work = len(steps) * min(config.theory.examples, len(split.train))
    return Stage("gradients", work, lambda: False, lambda p: _work(experiment, split, steps, p))


def samplers_of(experiment: Experiment) -> dict[str, TimestepSampler]:
    """Uniform, and the intervals asked for, by name."""
    timesteps, tail = experiment.config.diffusion.timesteps, experiment.config.theory.tail
    samplers: dict[str, TimestepSampler] = {"uniform": UniformSampler(timesteps)}
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
        samplers[f"[{pair[0]:g}, {pair[1]:g}]"] = sampler
    return samplers


def _work(experiment: Experiment, split: Split, steps: Sequence[int], progress: Progress) -> None:
    config, directory = experiment.config, progress.folder.path
    samplers = samplers_of(experiment)
    torch.set_num_threads(config.trainer.threads)
    network = base_network(experiment, split)
    device = accelerator_device(config.trainer.accelerator)
    network, scheduler = network.to(device).eval(), forward_process(config.diffusion)
    chosen = torch.randperm(len(split.train), generator=generator(config.theory.seed, 0))[
        : config.theory.examples
    ]
    if len(chosen) < 3:
        raise UserError(
            f"theory.examples={config.theory.examples}: alignment needs at least 3 training"
            " examples"
        )
    x0 = torch.from_numpy(split.train)[chosen].to(device)
    noise = torch.randn(x0.shape, generator=generator(config.theory.seed, 1))
    eps = noise.to(device)  # the same at every t
    journal = progress.folder.gradients
    rows = {row["t"]: row for row in journal.rewind(len(steps))}
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
    with optional(directory / "theory.png"):
        draw(theory, title, directory / "theory.png")
    with atomic(directory / "theory.csv") as file:
        pd.DataFrame(theory.rows).drop(columns=["stage", "step"]).to_csv(file, index=False)
    result = {
        "title": title,
        "base": experiment.keys["base"],
        "examples": len(x0),
        **summary(theory),
    }
    _copy_to_wandb(experiment, result)
    write_json(directory / "theory.json", result)


def _copy_to_wandb(experiment: Experiment, result: dict[str, Any]) -> None:
    """The rows, the verdicts and the figure, in W&B."""
    config, directory = experiment.config, experiment.sweep_directory
    copy = open_copy(
        config.logger,
        directory,
        Identity(
            name="theory",
            group=config.sweep.name,
            run_id=keys.digest([experiment.keys["base"], asdict(config.theory), config.sweep.name]),
            job_type="probe",
            config={"theory": asdict(config.theory), "base": experiment.keys["base"]},
            tags=[config.sweep.name, experiment.data.name],
        ),
        result["rows"],
    )
    numbers = {
        f"places/{name}/{k}": v
        for name, place in result["places"].items()
        for k, v in place.items()
    }
    claims = {f"claims/{claim['equation']}": claim["verdict"] for claim in result["claims"]}
    copy.add(numbers | claims, {"theory": directory / "theory.png"}, {}, {})
    copy.finish(failed=False)


def describe(experiment: Experiment, result: dict[str, Any]) -> str:
    """The verdicts in words."""
    lines = [result["title"], ""]
    for claim in result["claims"]:
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
        for name, p in result["places"].items()
    ]
    return "\n".join([*lines, "", f"figure: {experiment.sweep_directory / 'theory.png'}"])


def task(cfg: Any) -> str:
    """The experiment from its composed config; what it measured, in words. Raises: UserError."""
    experiment = Experiment.of(cfg)
    check_names(experiment.config.sweep, "theory")
    check_logger(experiment.config.logger)
    with said_plainly():
        return describe(experiment, run(experiment))
