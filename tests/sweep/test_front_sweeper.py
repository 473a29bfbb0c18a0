"""The search as a command, whose runs are made up at once by a launcher of the tests' own."""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.utils import JobReturn, JobStatus

from memctl.experiment import Experiment
from memctl.runs.status import Status
from memctl.sweep.compose import Composer
from memctl.sweep.launcher import LocalLauncher
from tests.conftest import LONG
from tests.rivals import record

pytestmark = [LONG, pytest.mark.usefixtures("made_up_gpus")]

SCRATCH = ["start=scratch", "sweep.name=s", "metrics.full=true", "hydra.launcher.devices=[0,1]"]
UNIFORM = (0.3, 0.96, 0.005, 0.02, 0.9)


def surface(low: float, high: float, seed: int, steps: int | None) -> tuple[float, ...]:
    """Copying ends where c_l is above 500, and energy rises beside c_h of 900; as good as uniform
    is what ends within 223 steps of it.
    """
    copied = max(0.0, 0.4 * (1 - low / 500)) * (1 if steps is None else min(steps / 9, 1))
    return copied, 0.8, 0.004 + 2e-8 * (high - 900) ** 2 + 1e-5 * seed, 0.02, 0.9


class Launched:
    """What the launcher of the tests did.

    Attributes:
        jobs: Names of the runs, a list each time.
        dies: Runs after which it is killed.
    """

    def __init__(self) -> None:
        self.jobs: list[list[str]] = []
        self.reads: Callable[..., tuple[float, ...]] = surface
        self.uniform = UNIFORM
        self.compose: Composer | None = None
        self.dies: int | None = None

    def launch(
        self, launcher: LocalLauncher, jobs: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        loader = launcher.hydra_context.config_loader
        if self.compose is None or self.compose.master is not launcher.config:
            self.compose = Composer(loader, launcher.config)
        self.jobs.append([])
        for job in jobs:
            if self.dies is not None and sum(map(len, self.jobs)) >= self.dies:
                raise KeyboardInterrupt
            own = Experiment.of(
                self.compose([text for text in job if not text.startswith("hydra")])
            )
            self.jobs[-1].append(own.name)
            self.put(own)
        return [JobReturn(status=JobStatus.COMPLETED) for _ in jobs]

    def put(self, own: Experiment) -> None:
        """A finished run."""
        cell = getattr(own.sampler, "nominal", None)
        values = self.uniform
        if cell:
            seed, steps = own.config.seed, own.config.control.steps
            values = self.reads(cell["low"], cell["high"], seed, steps)
        known = record(own.name, own.config.seed, {}, values) | {
            "science": own.science,
            "keys": own.keys,
            "fingerprint": own.fingerprint,
            "ci": {k: cell[k] for k in ("low", "high")} if cell else None,
            "seconds": {"control": 60.0},
        }
        own.folder.path.mkdir(parents=True)
        own.folder.save(Status(own.keys, own.science, state="done"))
        own.folder.save_record(known)
        np.save(own.folder.samples, np.zeros((8, 1, 8), np.float32))


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    made = Launched()
    monkeypatch.setattr(LocalLauncher, "launch", lambda self, *a, **k: made.launch(self, *a, **k))
    monkeypatch.setattr("memctl.reporting.report.write", lambda *_: None)
    return made


@pytest.fixture
def tune(memctl_here: Callable[..., Any], tiny: list[str]) -> Callable[..., tuple[int, str]]:
    """`memctl tune` with these arguments: its exit code, and all it printed."""
    return lambda *arguments: memctl_here("tune", *tiny, *SCRATCH, *arguments)


def note() -> dict[str, Any]:
    return json.loads(Path("runs/s/sweep.json").read_text())


def test_the_answer_comes_from_runs_that_did_not_choose_it(tune: Any, launched: Launched) -> None:
    code, out = tune("--trials", "12", "--method", "random")
    assert code == 0, out
    first, *searched, last = launched.jobs
    assert first == ["uniform_s0", "uniform_s1", "uniform_s2"]
    assert [len(batch) for batch in searched] == [2] * 6
    names = [name for batch in searched for name in batch]
    assert names == note()["search"]
    assert len(set(names)) == 12
    assert all(name.endswith("_s0") for name in names)
    cell = last[0].removesuffix("_s1")
    assert last == [f"{cell}_s1", f"{cell}_s2"]
    low, high = (int(text[2:]) for text in cell.split("_"))
    assert low >= 500
    ends = [tuple(int(text[2:]) for text in name.split("_")[:2]) for name in names]
    assert abs(high - 900) == min(abs(h - 900) for low, h in ends if low >= 500)
    assert "12 settings were tried with seed 0." in out
    assert f"Copies less than 1 % and is as good as uniform: [{low}, {high}]. In 2 seeds" in out
    assert "it copies 0 % (at most 0.3 %) where uniform copies 30 %" in out
    assert "2 of 12 settings are known; about 5 min 00 s left" in out


@LONG
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    tune: Any, launched: Launched, tmp_path: Path
) -> None:
    assert tune("--trials", "8", "--method", "tpe")[0] == 0
    undisturbed = note()
    (tmp_path / "runs").rename(tmp_path / "first")
    launched.dies = 3 + 5 + sum(map(len, launched.jobs))  # within a pair
    assert tune("--trials", "8", "--method", "tpe")[0] == 130
    assert len(note()["search"]) == 6
    launched.dies = None
    assert tune("--trials", "8", "--method", "tpe")[0] == 0
    assert note() == undisturbed
    before = len(launched.jobs)
    code, out = tune("--trials", "8", "--method", "tpe")
    assert code == 0
    assert len(launched.jobs) == before
    assert "as good as uniform" in out


def test_a_grids_cells_are_known_and_other_runs_are_not(
    tune: Any, launched: Launched, experiment: Callable[..., Experiment]
) -> None:
    for cell in product((100, 600), (700, 900)):
        place = [f"ci.low={cell[0]}", f"ci.high={cell[1]}"]
        for more in ((), ("control.lr=0.5", "sweep.tag=lr")):
            launched.put(experiment(*SCRATCH[:3], *place, *more))
    code, out = tune("--trials", "4", "hydra.sweeper.plan=true")
    assert code == 0, out
    assert "4 settings, 4 of them known" in out
    assert "left: 5 runs" in out
    code, out = tune("--trials", "4")
    assert code == 0, out
    assert launched.jobs[-2:] == [
        ["uniform_s0", "uniform_s1", "uniform_s2"],
        ["cl600_ch900_s1", "cl600_ch900_s2"],
    ]
    assert "uniform: [600, 900]" in out


def test_a_winner_of_chance_is_refuted_and_the_next_is_asked(tune: Any, launched: Launched) -> None:
    """With the seed that chooses nothing is copied; with others half of all."""
    launched.reads = lambda low, high, seed, steps: (0.5 * (seed > 0), 0.8, 0.005, 0.02, 0.9)
    code, out = tune("--trials", "5", "--method", "random")
    assert code == 0, out
    assert out.count("Not [") == 3
    assert "may copy" in out
    assert "none found; 3 seemed to, and were not in other seeds" in out


def test_none_found_names_the_nearest(tune: Any, launched: Launched) -> None:
    launched.reads = lambda low, high, seed, steps: (low / 1000, 0.8, 0.005, 0.02, 0.9)
    code, out = tune("--trials", "6", "--method", "random")
    assert code == 0, out
    assert "none found. Nearest of 6 settings is [" in out
    assert "which may copy" in out
    launched.reads = lambda low, high, seed, steps: (0.0, 0.8, 0.05 + high, 0.02, 0.5)
    code, out = tune("--trials", "2", "--method", "random", "sweep.name=other")
    assert "which loses in energy and recall" in out


@pytest.mark.parametrize(
    ("uniform", "flags", "said"),
    [(0.0, (), "CAUTION: the uniform run copies"), (0.1, ("--copying", "0.2"), "uniform itself")],
)
def test_where_uniform_leaves_nothing_to_gain_nothing_is_searched(
    tune: Any, launched: Launched, uniform: float, flags: tuple[str, ...], said: str
) -> None:
    launched.uniform = (uniform, *UNIFORM[1:])
    code, out = tune(*flags)
    assert code == 0, out
    assert said in out
    assert len(launched.jobs) == 1


def test_the_budget_is_searched_too(tune: Any, launched: Launched) -> None:
    code, out = tune("--steps", "3", "30", "--trials", "6", "--method", "random")
    assert code == 0, out
    names = note()["search"]
    steps = {name.partition("control.steps-")[2] for name in names}
    assert len(steps) > 2
    assert all(3 <= int(number) <= 30 for number in steps)
    assert "training time" not in out.split("uniform: ")[-1].split(".")[0]
    assert " steps. In 2 seeds" in out or "none found" in out


MISTAKES = {
    "copying": (["--copying", "2"], "--copying 2.0 must be a share of the samples"),
    "copying in words": (["--copying", "few"], "hydra.sweeper.copying=few"),
    "trials": (["--trials", "0"], "--trials 0 must be at least 1"),
    "seeds": (["--seeds", "1"], "--seeds 1 must be at least 2"),
    "method": (["--method", "grid"], "--method grid must be gp, tpe, nsga2, random"),
    "steps": (["--steps", "9", "3"], "--steps [9, 3] must be LEAST MOST"),
    "interval": (["ci.low=100"], "ci.low is what is searched; leave ci.low=100 out"),
    "swept": (["control.lr=1e-3,1e-4"], "control.lr: a search tries intervals alone"),
    "sampler": (["sampler=laplace"], "sampler=laplace has no interval to be searched"),
    "data": (["data.n_train=9999"], "do not fit"),
    "quality": (["metrics.full=false"], "metrics.full=false leaves out what quality is judged by"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_clear_message(tune: Any, launched: Launched, name: str) -> None:
    arguments, text = MISTAKES[name]
    code, out = tune(*arguments)
    assert code == 1
    assert text in out
    assert "Traceback" not in out
    assert launched.jobs == []


def test_a_template_gives_its_settings_and_not_its_grid(memctl_here: Any) -> None:
    template = ("-cn", "multirun_templates/scratch", "hydra.launcher.devices=[0,1]")
    code, out = memctl_here("tune", *template, "--trials", "7", "--cfg", "hydra")
    assert code == 0, out
    assert "trials: 7" in out
    assert "FrontSweeper" in out


def test_after_a_base_it_says_what_to_expect(
    memctl_here: Any, launched: Launched, tiny: list[str]
) -> None:
    code, out = memctl_here("tune", *tiny, *SCRATCH[1:], "--trials", "2", "--method", "random")
    assert code == 0, out
    assert "start=scratch is where they do" in out


def test_without_optuna_it_says_how_to_get_it(
    tune: Any, launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, out = tune()
    assert code == 1
    assert "memctl: memctl tune needs Optuna: pip install 'optuna>=5,<6'" in out
    assert launched.jobs == []
