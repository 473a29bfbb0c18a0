"""A run: what it leaves, and that neither a kill nor a changed setting costs or overwrites a
result.
"""

import json
import shutil
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.runs.record import YARDSTICKS
from memctl.runs.status import Status
from memctl.stages import run as stages
from tests.children import base_only, child, run_and_die
from tests.conftest import LONG

Make = Callable[..., Experiment]
pytestmark = pytest.mark.usefixtures("blank_pictures")


def numbers(experiment: Experiment) -> dict[str, Any]:
    """All that must not depend on how often a run was killed."""
    record = experiment.folder.record()
    assert record is not None
    return {
        "samples": np.load(experiment.folder.samples).tobytes(),
        "rows": (experiment.folder.path / "metrics.jsonl").read_text(),
        **{
            k: record[k]
            for k in ("metrics", "yardsticks", "sampler", "split", "training", "science")
        },
    }


def test_a_picture_that_cannot_be_drawn_costs_nothing_else(
    finished_run: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    e = finished_run("metrics.bins=20")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no font")

    monkeypatch.setattr("memctl.reporting.figures.ratios", fail)
    record = stages.run(e)
    assert e.folder.state(e.keys) == "done"
    assert e.folder.record() == record
    assert "ratios.png could not be drawn (RuntimeError: no font)" in capsys.readouterr().err
    assert not e.folder.picture("ratios").exists()
    assert e.folder.picture("projection").exists()
    assert record["absent"]["kid"] == "metrics.full=false leaves it out"


def test_a_run_leaves_everything(finished_run: Make) -> None:
    e = finished_run()
    record = stages.run(e)
    names = {p.name for p in e.folder.path.iterdir()}
    assert {
        "config.yaml",
        "status.json",
        "metrics.jsonl",
        "samples.npy",
        "checkpoint.pt",
        "record.json",
        "samples.png",
        "timesteps.png",
    } <= names
    assert np.load(e.folder.samples).shape == (16, 1, 140)
    from memctl.runs import record as schema

    assert record["schema"] == schema.SCHEMA == 3

    for field in record:
        assert field in (schema.__doc__ or ""), f"{field} is not in the documented schema"
    assert set(record["yardsticks"]) == set(YARDSTICKS)
    assert record["sampler"]["statistics"]["lambda"] == pytest.approx(0.75, abs=1e-3)
    assert record["sampler"]["realised"]["draws"] == 3 * 24
    assert e.folder.state(e.keys) == "done"
    rows = [json.loads(line) for line in (e.folder.path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [3, 6, 9]


def test_a_run_has_every_metric_by_default(finished_run: Make) -> None:
    record = stages.run(finished_run("metrics.full=true"))
    assert {"authpct", "adaptive_share", "coverage", "vendi_ratio", "identifiability"} <= set(
        record["metrics"]
    )
    assert {"authpct", "coverage"} <= set(record["yardsticks"]["floor"])


def test_a_finished_run_is_not_run_again(
    finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = finished_run()
    monkeypatch.setattr(stages.Run, "stages", lambda e: pytest.fail("ran again"))
    assert stages.run(e) == e.folder.record()


@pytest.mark.parametrize(
    "change",
    [
        "control.epochs=4",
        "generate.steps=5",
        "data.split_seed=1",
        "sampler.tail=clamp",
        "base.lr=2e-3",
    ],
)
def test_changed_science_under_the_same_name_is_refused(experiment: Make, change: str) -> None:
    e = experiment()
    e.folder.path.mkdir(parents=True)
    e.folder.save(Status(e.keys, e.science))
    e.folder.checkpoint.touch()
    other = experiment(change)
    if other.folder.path != e.folder.path:  # a sampler with another label has a folder of its own
        assert other.fingerprint != e.fingerprint
        return
    with pytest.raises(UserError, match=change.partition("=")[0].rpartition(".")[2]):
        stages.run(other)


def test_a_run_that_was_refused_at_its_start_is_in_nobodys_way(experiment: Make) -> None:
    """Following the message's advice must not meet the folder of the run that asked for it."""
    wrong = experiment("base.lr=1e30")
    with pytest.raises(UserError, match=r"diverged.* lower base\.lr"):
        stages.run(wrong)
    assert wrong.folder.status() is not None
    assert stages.run(experiment())["metrics"]


def test_a_diverged_control_goes_on_with_a_lower_rate_as_its_message_says(
    finished_run: Make,
) -> None:
    """Though it has saved its state on the way, which nobody can go on with."""
    saves = ("sweep.name=other", "trainer.checkpoint_seconds=1e-9")
    wrong, lower = (finished_run(*saves, f"control.lr={lr}") for lr in ("1e30", "1e-3"))
    with pytest.raises(UserError, match=r"diverged.* lower control\.lr"):
        stages.run(wrong)
    assert [wrong.folder.state(e.keys) for e in (wrong, lower)] == ["failed", "new"]
    assert stages.run(lower)["science"]["control"]["lr"] == 1e-3


@pytest.mark.parametrize(
    "change",
    [
        "generate.batch_size=5",
        "trainer.threads=2",
        "logger.mode=offline",
        "trainer.checkpoint_seconds=9",
    ],
)
def test_what_changes_no_number_is_no_other_science(experiment: Make, change: str) -> None:
    assert experiment(change).fingerprint == experiment().fingerprint


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        pytest.param("training step", 4, id="in the base, mid-epoch"),
        pytest.param("training step", 6, id="after the base's last step", marks=LONG),
        pytest.param("base saved", 1, id="base saved", marks=LONG),
        pytest.param("training step", 6 + 5, id="in control, mid-epoch"),
        pytest.param("training step", 6 + 6, id="in control, at an epoch's end", marks=LONG),
        pytest.param("training step", 6 + 9, id="after control's last step", marks=LONG),
        pytest.param("batch generated", 1, id="in generation"),
        pytest.param("pictures", 1, id="after the pictures", marks=LONG),
        pytest.param("record", 1, id="while writing the record"),
    ],
)
def test_a_killed_run_ends_with_the_same_numbers(
    experiment: Make, finished_run: Make, tmp_path: Path, where: str, calls: int
) -> None:
    every_step = "trainer.checkpoint_seconds=1e-9"
    e = experiment(every_step, runs=tmp_path / "killed")
    process = child(run_and_die, e, where, calls)
    process.start()
    process.join()
    assert process.exitcode == -9, "the run was to be killed"
    assert e.folder.state(e.keys) == "stopped"
    stages.run(experiment(every_step, runs=tmp_path / "killed"))
    assert e.folder.status()["attempt"] == 2  # type: ignore[index]
    assert numbers(e) == numbers(finished_run())


def test_a_run_with_dropout_does_not_depend_on_whether_its_base_was_there(
    experiment: Make, tmp_path: Path
) -> None:
    """Training the base draws masks of dropout, too."""
    made = experiment("model.dropout=0.3")
    stages.run(made)
    other = experiment("model.dropout=0.3", runs=tmp_path / "other")
    shutil.copytree(made.base_folder.path, other.base_folder.path)
    stages.run(other)
    assert numbers(made) == numbers(other)


def test_runs_starting_at_once_make_one_base(experiment: Make, tmp_path: Path) -> None:
    """Also those of another sweep."""
    log = tmp_path / "trained.txt"
    runs = [experiment(f"sweep.name={name}") for name in ("one", "one", "another", "another")]
    processes = [child(base_only, e, log) for e in runs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * 4
    assert len(log.read_text().splitlines()) == 1


def test_a_clock_that_runs_backwards_changes_no_number(
    finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour a look: no time is negative, nothing is taken for done or for another's."""
    e = finished_run()
    before = numbers(e)
    (e.folder.path / "record.json").unlink()
    clock = count(time.time(), -3600)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    record = stages.run(e)
    assert numbers(e) == before
    assert min(record["seconds"].values()) >= 0
    status = e.folder.status()
    assert status is not None
    assert status["updated"] < status["started"]  # the clock was looked at
    assert e.folder.state(e.keys) == "done"


def test_two_processes_do_not_work_on_one_run(experiment: Make) -> None:
    e = experiment()
    with e.folder.lock(), pytest.raises(UserError, match="is being worked on"):
        stages.run(e)


def test_the_base_reference_run_has_no_control(experiment: Make) -> None:
    e = experiment("sampler=none")
    record = stages.run(e)
    assert e.name == "base"
    assert record["sampler"] is None
    assert record["ci"] is None
    assert set(record["training"]) == {"base"}
    assert not e.folder.checkpoint.exists()


def test_a_base_given_as_a_path_gives_the_same_run(
    experiment: Make, finished_run: Make, tmp_path: Path
) -> None:
    first = finished_run()
    copy = tmp_path / "elsewhere.pt"
    shutil.copy(first.base_folder.checkpoint, copy)
    second = experiment(f"base.path={copy}", runs=tmp_path / "other")
    assert stages.run(second)["metrics"] == stages.run(first)["metrics"]


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (["model.channels=[4,16]"], "model.channels"),
        (["data.split_seed=3"], "split"),
        (["diffusion.beta_end=0.03"], "diffusion.beta_end"),
    ],
)
def test_a_checkpoint_of_another_model_or_split_is_refused(
    experiment: Make, finished_run: Make, tmp_path: Path, overrides: list[str], text: str
) -> None:
    first = finished_run()
    other = experiment(
        f"base.path={first.base_folder.checkpoint}", *overrides, runs=tmp_path / "other"
    )
    with pytest.raises(UserError, match=text):
        stages.run(other)


def test_a_damaged_checkpoint_is_named(experiment: Make, tmp_path: Path) -> None:
    path = tmp_path / "base.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(UserError, match=r"base\.pt is not a memctl checkpoint"):
        stages.run(experiment(f"base.path={path}"))
    with pytest.raises(UserError, match="cannot read"):
        experiment(f"base.path={tmp_path / 'missing.pt'}").fingerprint  # noqa: B018


def test_all_cells_start_from_the_same_noise(finished_run: Make) -> None:
    """With the same weights two cells generate the same samples: only control tells them apart."""
    e = finished_run("sampler=none", "generate.batch_size=8")
    stages.run(e)
    f = finished_run("sampler=none", "generate.batch_size=16", "sweep.name=other")
    stages.run(f)
    a, b = (np.load(x.folder.samples) for x in (e, f))
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_a_failed_run_says_so_and_can_be_run_again(
    experiment: Make, finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = finished_run("sweep.name=other")
    with monkeypatch.context() as patch:
        patch.setattr(
            "memctl.reporting.pictures.draw",
            lambda *a: (_ for _ in ()).throw(RuntimeError("no paint")),
        )
        with pytest.raises(RuntimeError, match="no paint"):
            stages.run(e)
    assert e.folder.status()["message"] == "no paint"  # type: ignore[index]
    assert e.folder.state(e.keys) == "failed"
    assert stages.run(experiment("sweep.name=other"))["metrics"]


@pytest.mark.parametrize(
    "where", ["/dev/null/runs", "/proc/runs"], ids=["not a folder", "read-only"]
)
def test_a_folder_that_cannot_be_written_is_a_clear_message(
    composed: Any, tiny: list[str], where: str
) -> None:
    with pytest.raises(UserError, match=r"cannot write .*paths\.runs"):
        stages.task(composed(*tiny, "ci.low=700", "ci.high=1000", f"paths.runs={where}"))


def test_a_full_disk_loses_nothing(
    experiment: Make, finished_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Samples that no longer fit: the message says so, and once there is space the run goes on to
    the same numbers.
    """
    e = experiment()

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(UserError, match="No space left on device"):
            stages.run(e)
    assert e.folder.state(e.keys) == "failed"
    stages.run(experiment())
    assert numbers(e) == numbers(finished_run(runs=tmp_path / "roomy"))


def test_threads_are_left_as_configured(finished_run: Make) -> None:
    stages.run(finished_run("sampler=none", "trainer.threads=1"))
    assert torch.get_num_threads() == 1
