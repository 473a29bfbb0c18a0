"""Two tiny runs of one base, spliced."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.runs.folder import RunFolder
from memctl.splice import splice as splicing
from memctl.splice.cuts import Cut
from memctl.splice.models import spliced
from memctl.splice.splice import splice
from memctl.stages import run as stages
from tests.conftest import BLANK, LONG

pytestmark = [LONG, BLANK]
Make = Callable[..., Experiment]


@pytest.fixture
def runs(finished_run: Make) -> tuple[Path, Path]:
    """The finished cell, and uniform control of the same base."""
    cell, uniform = finished_run(), finished_run("sampler=uniform")
    stages.run(uniform)
    return cell.folder.path, uniform.folder.path


def done(runs: tuple[Path, Path], **settings: Any) -> tuple[str, pd.DataFrame]:
    said = splice(*runs, **{"bands": 3, "samples": 16, "out": None, **settings})
    out = settings.get("out") or runs[0].parent / "splice" / f"{runs[0].name}--{runs[1].name}"
    return said, pd.read_csv(out / "splice.csv")


def test_the_network_of_a_step_is_the_cuts() -> None:
    network = spliced(lambda x, t: x + t, lambda x, t: -x, Cut("inside", 5, 10, 20))
    x = torch.ones(2)
    for index in range(20):
        expected = x + index if 5 <= index < 10 else -x  # t = 6..10 have the indices 5..9
        assert torch.equal(network(x, torch.full((2,), index)), expected)


def test_all_steps_of_one_model_are_its_own_run(runs: tuple[Path, Path]) -> None:
    """As generated and measured by the run itself."""
    said, table = done(runs)
    above = table[table.kind == "above"].reset_index()
    for row, run in ((above.iloc[0], runs[0]), (above.iloc[-1], runs[1])):
        metrics = RunFolder(run).record()["metrics"]
        for name in ("f_mem", "dcr_share", "energy_heldout"):
            assert row[name] == pytest.approx(metrics[name]["value"], rel=1e-12), name
    assert table.energy_heldout.nunique() > 4
    assert len(table) == 14
    assert f"table and figure: {runs[0].parent / 'splice'}" in said


def test_a_splice_that_was_stopped_goes_on(
    runs: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made, names = splicing.made, []

    def counted(pair: Any, cut: Cut, *rest: Any) -> np.ndarray:
        if len(names) == 3:
            raise KeyboardInterrupt
        names.append(cut.name)
        return made(pair, cut, *rest)

    monkeypatch.setattr(splicing, "made", counted)
    with pytest.raises(KeyboardInterrupt):
        done(runs, out=tmp_path / "a")
    before, names[:] = list(names), []
    monkeypatch.setattr(
        splicing, "made", lambda p, c, *r: (names.append(c.name), made(p, c, *r))[1]
    )
    _, resumed = done(runs, out=tmp_path / "a")
    assert len(before) == 3
    assert not set(before) & set(names)
    assert len(names) == 8 - 3
    pd.testing.assert_frame_equal(resumed, done(runs, out=tmp_path / "b")[1])


def test_what_does_not_fit_is_refused(
    runs: tuple[Path, Path], finished_run: Make, tmp_path: Path
) -> None:
    first, second = runs
    refused = lambda said, *pair, **settings: pytest.raises(UserError, match=said)
    with refused("is not the folder of a finished run"):
        done((first, tmp_path))
    with refused("have the same weights"):
        done((first, first))
    with refused(r"--bands=1 must be in 2\.\.1000"):
        done(runs, bands=1)
    with refused(r"--samples=3 must be in 8\.\."):
        done(runs, samples=3)
    done(runs, bands=2, samples=8)
    with refused(r"holds splices of other settings .*generate\.samples: 8 -> 16"):
        done(runs)
    with refused("do not fit each other: generate.steps: 4 -> 3"):
        other = finished_run("sampler=uniform", "generate.steps=3", "sweep.name=other")
        stages.run(other)
        done((first, other.folder.path))
    lost = tmp_path / "lost" / second.name
    shutil.copytree(second, lost)
    (lost / "checkpoint.pt").unlink()
    with refused("has no weights of its own"):
        done((first, lost))
