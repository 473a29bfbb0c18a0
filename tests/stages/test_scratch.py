"""A run from scratch: random weights of its own seed, no base anywhere, and everything else as
after a base.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from memctl import data
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.stages import base
from memctl.stages import run as stages

Make = Callable[..., Experiment]
SCRATCH = ("start=scratch", "sampler=uniform")
pytestmark = pytest.mark.usefixtures("blank_pictures")


def test_it_makes_and_needs_no_base(experiment: Make) -> None:
    e = experiment(*SCRATCH)
    record = stages.run(e)
    assert not (Path(e.config.paths.runs) / "bases").exists()
    assert record["start"] == "scratch"
    assert list(record["training"]) == ["control"]
    assert "base" not in record["seconds"]


def test_its_budget_is_that_of_a_base_unless_control_has_its_own(experiment: Make) -> None:
    budget = ("base.steps=7", "base.lr=0.003", "base.weight_decay=0.01", "control.batch_size=5")
    e = experiment("start=scratch", *budget)
    control = e.config.control
    assert (control.steps, control.lr, control.weight_decay) == (7, 0.003, 0.01)
    assert e.config.control.batch_size == 5
    assert e.config.control.ema_warmup is e.config.base.ema_warmup is True


def test_the_weights_that_it_starts_from_are_of_its_seed_alone(experiment: Make) -> None:
    first, same, other = (
        base.untrained(e, data.load(e.data)).state_dict()
        for e in (
            experiment("start=scratch"),
            experiment("start=scratch", "base.seed=5", "sampler=uniform"),
            experiment("start=scratch", "seed=1"),
        )
    )
    assert all(torch.equal(first[k], same[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)


def test_what_a_base_is_made_by_is_no_part_of_it(experiment: Make) -> None:
    one, two = (experiment(*SCRATCH, f"base.seed={k}") for k in (0, 5))
    assert one.keys == two.keys
    assert one.keys["control"] != experiment("sampler=uniform").keys["control"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("sampler=none",), "sampler=none looks at the base"),
        (("base.path=x.pt",), "leave one of them out"),
    ],
)
def test_what_needs_a_base_is_refused(
    experiment: Make, settings: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        experiment("start=scratch", *settings)
