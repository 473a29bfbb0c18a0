"""What a plan says, and how it estimates."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memctl.experiment import Experiment
from memctl.sweep import measure
from memctl.sweep.plan import Plan, Run, describe, estimate
from memctl.sweep.sweeper import cached_measurement
from tests.children import FORK

Make = Callable[..., Experiment]


def test_an_estimate_is_the_base_and_the_runs_over_the_slots(experiment: Make) -> None:
    runs = [Run((), experiment(f"ci.low={low}"), "new") for low in (100, 200, 300)]
    plan = Plan(Path("s"), runs, {})
    assert "about 50 s with 2 at once" in estimate(plan, 2, lambda: (10.0, 20.0))
    base, key = runs[0].experiment.base_folder, runs[0].experiment.keys["base"]
    base.path.mkdir(parents=True)
    base.checkpoint.touch()
    assert "about 50 s" in estimate(plan, 2, lambda: (10.0, 20.0))  # torn: it is made again
    base.made.note(key, base.checkpoint)
    assert "about 40 s with 2 at once" in estimate(plan, 2, lambda: (10.0, 20.0))
    assert "nothing is left" in estimate(
        Plan(Path("s"), [Run((), runs[0].experiment, "done")], {}), 2, lambda: (1.0, 1.0)
    )


def test_the_measurement_is_real_and_kept(
    experiment: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own: here of the fork server, which need not import all anew."""
    monkeypatch.setattr(measure.multiprocessing, "get_context", lambda method: FORK)
    plan = Plan(Path("s"), [Run((), experiment(), "new")], {})
    base, run = cached_measurement(plan)
    # The tiny base has 6 steps; a run has 9 and 2 x 4 reverse steps: milliseconds each, so well
    # below a minute.
    assert 0 < base < 60
    assert 0 < run < 60
    assert cached_measurement(plan) == (base, run)
    assert len(list((tmp_path / "runs" / "measured").iterdir())) == 1


def test_a_plan_names_its_runs_and_what_was_dropped(experiment: Make) -> None:
    plan = Plan(
        Path("s"),
        [Run((), experiment(), "failed")],
        {"c_l > c_h": [f"ci.low={k}" for k in range(9)]},
    )
    assert "failed: 1 (cl700_ch1000_s0)" in describe(plan, names=True)
    assert "ci.low=8" in describe(plan, names=True)
    short = describe(plan, names=False)
    assert "failed: 1" in short
    assert "cl700" not in short
    assert "dropped, c_l > c_h: 9 combinations\n" in short
    many = Plan(plan.directory, plan.runs, {"c_l > c_h": [f"ci.low={k}" for k in range(99)]})
    assert max(map(len, describe(many, names=True).splitlines())) < 80
