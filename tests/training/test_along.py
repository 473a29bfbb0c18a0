"""Weights along a training are those that a shorter one ends with."""

from pathlib import Path
from typing import Any

import pytest
import torch

from memctl.config import Along, Diffusion, Stage
from memctl.config import Trainer as How
from memctl.runs.journal import Journal
from memctl.samplers import ScheduleSampler
from memctl.training.along import KeepAlong
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import Resume
from tests.training.test_fit import SAMPLER, small


def trained(folder: Path, steps: int, ema: float, *also: KeepAlong) -> Any:
    train, network = small()
    folder.mkdir()
    journal = Journal(folder / "metrics.jsonl")
    fit(
        network,
        Diffusion(),
        ScheduleSampler(SAMPLER),
        Stage(steps=steps, lr=1e-3, batch_size=8, ema=ema, ema_warmup=True, seed=3),
        train,
        Resume(folder / "resume.ckpt", "key", journal),
        How(accelerator="cpu"),
        JournalLogger(journal, "control"),
        also=also,
    )
    return network


@pytest.mark.parametrize("ema", [0.9, 0.0])
def test_they_are_those_that_a_shorter_training_ends_with(tmp_path: Path, ema: float) -> None:
    kept: dict[int, Any] = {}
    long = trained(tmp_path / "long", 6, ema, KeepAlong([2, 6], kept.__setitem__))
    short = trained(tmp_path / "short", 2, ema)
    alone = trained(tmp_path / "alone", 6, ema)
    assert list(kept) == [2, 6]
    for one, other in ((kept[2], short), (kept[6], long), (alone, long)):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b)


def test_checkpoints_are_even_in_the_square_root_of_the_steps() -> None:
    assert Along(points=10).steps(6000) == [60, 240, 540, 960, 1500, 2160, 2940, 3840, 4860, 6000]
    assert Along(points=4).steps(5) == [1, 2, 3, 5]
    assert Along(points=10).steps(2) == [1, 2]  # no step twice
    assert Along().steps(6000) == []
