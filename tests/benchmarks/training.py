"""memctl's own training, with turns for others between its steps."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from lightning import Callback, LightningModule, Trainer
from torch import nn

from memctl.config import Diffusion, Stage
from memctl.config import Trainer as TrainerConfig
from memctl.paths import config_root
from memctl.runs.journal import Journal
from memctl.samplers import ScheduleSampler, UniformSampler
from memctl.training.along import averaged
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import Resume
from tests.benchmarks.timing import Work

Averaged = Callable[[], nn.Module]
Between = Callable[[float, Averaged], bool]


def preset(name: str) -> dict[str, Any]:
    """The settings of a network in conf/model, as `models.build` takes them."""
    spec = yaml.safe_load((config_root() / "conf" / "model" / f"{name}.yaml").read_text())
    own = {key: value for key, value in spec.items() if key != "defaults"}
    return {"name": name.partition("_")[0], **own}


class Turns(Callback):
    """After each step, what others do is not counted as memctl's.

    Args:
        between: Is given the seconds of the processor that the step took, with all that Lightning
            does around it, and what copies the averaged network; says whether to go on.
    """

    def __init__(self, between: Between) -> None:
        self.between, self.began = between, 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.began = time.process_time()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        spent = time.process_time() - self.began
        if not self.between(spent, lambda: averaged(trainer, pl_module)):
            trainer.should_stop = True
        self.began = time.process_time()


def train(
    network: nn.Module, stage: Stage, examples: np.ndarray, between: Between, precision: str
) -> None:
    """`fit` as a base is trained, until `between` says that it is enough, or the steps are done."""
    with tempfile.TemporaryDirectory() as place:
        journal = Journal(Path(place) / "metrics.jsonl")
        fit(
            network,
            Diffusion(),
            ScheduleSampler(UniformSampler(Diffusion().timesteps)),
            stage,
            examples,
            Resume(Path(place) / "resume.ckpt", "bench", journal),
            TrainerConfig(accelerator="cpu", precision=precision, checkpoint_seconds=1e9),
            JournalLogger(journal, "base"),
            also=[Turns(between)],
        )


def steps_in_turn(
    network: nn.Module,
    examples: np.ndarray,
    batch: int,
    others: dict[str, Work],
    rounds: int,
    precision: str = "fp32",
) -> dict[str, list[float]]:
    """Seconds of the processor that training steps took: of memctl's `fit`, first, and of others
    between its steps. Two rounds are not counted.
    """
    first = "memctl" if precision == "fp32" else f"memctl, {precision}"
    spent: dict[str, list[float]] = {first: [], **{name: [] for name in others}}

    def between(seconds: float, _: Averaged) -> bool:
        spent[first].append(seconds)
        for name, work in others.items():
            began = time.process_time()
            work()
            spent[name].append(time.process_time() - began)
        return True

    stage = Stage(steps=rounds + 2, batch_size=batch)
    train(network, stage, examples, between, precision)
    return {name: each[2:] for name, each in spent.items()}
