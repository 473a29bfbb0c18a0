"""What a plan says, and how it estimates."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memctl.experiment import Experiment
from memctl.sweep import measure
from memctl.sweep.devices import per_card
from memctl.sweep.measure import Measured
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
    base, run, step, memory, disk = cached_measurement(plan)
    # The tiny base has 6 steps; a run has 9 and 2 x 4 reverse steps: milliseconds each, so well
    # below a minute.
    assert 0 < base < 60
    assert 0 < run < 60
    assert 0 < step < run
    assert memory == 0
    # 16 signals of 140 numbers, and the weights
    assert disk > 4 * 16 * 140
    assert cached_measurement(plan) == (base, run, step, memory, disk)
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


def test_a_plan_says_what_a_run_needs(experiment: Make) -> None:
    plan = Plan(Path("s"), [Run((), experiment(), "new")] * 2, {})
    told = estimate(plan, 2, lambda: Measured(0, 5, 1, 2.5e9, 455e6))
    assert "  a run needs 2.5 GB on a GPU and 455 MB on disk, 2 runs 0.91 GB" in told
    assert "needs" not in estimate(plan, 2, lambda: (0.0, 5.0))


@pytest.mark.parametrize(
    ("memory", "need", "steps", "expected"),
    [
        (80e9, 2e9, {1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0, 16: 1.0, 32: 1.0}, 32),  # memory for 36
        (80e9, 2e9, {1: 1.0, 2: 1.0, 4: 1.5, 8: 2.9}, 4),  # 8 at once get 3 % more done
        (80e9, 2e9, {1: 1.0, 2: 2.0}, 1),
        (10e9, 4e9, {1: 1.0, 2: 1.0}, 2),
        (10e9, 6e9, {}, 1),
        (10e9, 20e9, {}, 1),
    ],
)
def test_a_card_is_filled_while_more_at_once_get_more_done(
    memory: float, need: float, steps: dict[int, float], expected: int
) -> None:
    assert per_card(memory, need, steps.__getitem__) == expected
