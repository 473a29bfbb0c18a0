"""What two runs of a sweep are trained to by the same settings is trained once."""

import shutil
from collections.abc import Callable

import pytest

from memctl.experiment import Experiment
from memctl.stages import control
from memctl.stages import run as stages
from memctl.training import checkpoint
from tests.conftest import BLANK
from tests.stages.test_damage import tear
from tests.stages.test_run import numbers

Make = Callable[..., Experiment]
pytestmark = BLANK
OTHERWISE = ("generate.steps=3", "sweep.tag=steps-3")


def test_a_run_that_generates_otherwise_takes_the_weights(
    finished_run: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = finished_run(*OTHERWISE, "sweep.name=alone")
    stages.run(alone)
    assert "are taken" not in capfd.readouterr().out
    e = finished_run(*OTHERWISE)
    monkeypatch.setattr(control, "control", None)  # it is not called
    stages.run(e)
    assert "trained as cl700_ch1000_s0 was; its weights are taken" in capfd.readouterr().out
    assert numbers(e) == numbers(alone)
    (made, weights), (its, own) = (checkpoint.read(x.folder.checkpoint) for x in (e, alone))
    assert made == its
    assert all((weights[name] == own[name]).all() for name in own)
    assert e.folder.made.damage(e.keys) == []


def test_other_or_damaged_weights_are_not_taken(finished_run: Make, experiment: Make) -> None:
    e = finished_run(*OTHERWISE)
    split = stages.Run(e).split
    assert control.take(experiment("seed=1"), split, experiment("seed=1").folder) is None
    assert control.take(e, split, experiment().folder) is None  # the run itself
    assert control.take(e, split, e.folder) == "cl700_ch1000_s0"
    shutil.rmtree(e.folder.path)
    tear(experiment().folder.checkpoint)
    assert control.take(e, split, e.folder) is None
