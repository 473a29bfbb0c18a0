"""Checkpoints along the training: they change nothing, survive a kill, and are measured anew from
their samples alone.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.runs.along import kept
from memctl.stages import control, generate
from memctl.stages import run as stages
from tests.children import child, run_and_die
from tests.conftest import LONG

Make = Callable[..., Experiment]
ALONG = ("along.points=3", "along.samples=8")
EVERY_STEP = "trainer.checkpoint_seconds=1e-9"
pytestmark = pytest.mark.usefixtures("blank_pictures")


def read(e: Experiment) -> dict[str, object]:
    """All that must not depend on how often a run was killed."""
    record = e.folder.record()
    assert record is not None
    names = ("samples.npy", "along.npz", "metrics.jsonl")
    files = {name: (e.folder.path / name).read_bytes() for name in names}
    return {**files, **{k: record[k] for k in ("metrics", "along", "keys", "training")}}


@pytest.fixture(scope="module")
def made() -> dict[str, object]:
    """What an undisturbed run leaves, put here by the first test that needs it."""
    return {}


@pytest.fixture
def undisturbed(made: dict[str, object], finished_run: Make) -> dict[str, object]:
    if not made:
        e = finished_run(*ALONG, "sweep.name=undisturbed")
        stages.run(e)
        made.update(read(e))
    return made


def test_the_run_itself_is_the_same(finished_run: Make) -> None:
    off = finished_run()
    on = finished_run(*ALONG, "sweep.name=along")
    record, before = stages.run(on), stages.run(off)
    for name in ("samples.npy", "metrics.jsonl"):
        assert (on.folder.path / name).read_bytes() == (off.folder.path / name).read_bytes()
    assert {k: v for k, v in on.keys.items() if k != "along"} == off.keys
    assert record["metrics"] == before["metrics"]
    assert before["along"] == []
    assert "along" not in before["keys"]


def test_each_checkpoint_is_measured_and_the_last_is_the_end(finished_run: Make) -> None:
    e = finished_run(*ALONG, "sweep.name=along")
    record = stages.run(e)
    along = kept(e.folder.along_samples, e.keys["along"])
    assert along is not None
    assert [row["step"] for row in record["along"]] == list(along.steps) == [1, 4, 9]
    assert along.samples.shape == (3, 8, 1, 140)
    np.testing.assert_array_equal(along.samples[-1], np.load(e.folder.samples)[:8])
    assert not np.array_equal(along.samples[0], along.samples[-1])
    assert {"f_mem", "dcr_share", "energy_heldout"} <= set(record["along"][0]["metrics"])
    assert record["along"][0]["metrics"]["f_mem"]["high"] > 0
    assert sorted(p.name for p in e.folder.along.iterdir()) == [
        f"{step:07d}.pt" for step in (1, 4, 9)
    ]


@LONG
@pytest.mark.parametrize(
    ("where", "calls"),
    [
        pytest.param("training step", 4, id="at a checkpoint"),
        pytest.param("training step", 6, id="between two"),
        pytest.param("batch generated", 2 + 2, id="in the second's generation"),
        pytest.param("record", 1, id="while writing the record"),
    ],
)
def test_a_killed_run_ends_with_the_same_numbers(
    experiment: Make,
    finished_run: Make,
    undisturbed: dict[str, object],
    tmp_path: Path,
    where: str,
    calls: int,
) -> None:
    chosen, runs = (*ALONG, EVERY_STEP, "sweep.name=undisturbed"), tmp_path / "killed"
    e = finished_run(*chosen, runs=runs)
    process = child(run_and_die, e, where, calls)
    process.start()
    process.join()
    assert process.exitcode == -9, "the run was to be killed"
    stages.run(experiment(*chosen, runs=runs))
    assert read(e) == undisturbed


def test_changed_metrics_are_read_from_the_samples_that_are_kept(
    experiment: Make, finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    spared = (*ALONG, "sweep.name=along", "trainer.keep_checkpoint=false")
    e = finished_run(*spared)
    first = stages.run(e)
    assert not e.folder.along.exists()
    for module, name in ((control, "control"), (generate, "in_batches")):
        monkeypatch.setattr(module, name, lambda *a, name=name: pytest.fail(f"{name} was called"))
    again = stages.run(experiment(*spared, "metrics.threshold=0.999"))
    assert again["keys"]["along"] == first["keys"]["along"]
    hits = [[row["metrics"]["f_mem"]["value"] for row in r["along"]] for r in (first, again)]
    assert max(hits[0]) < min(hits[1])


def test_more_samples_need_the_weights_alone(
    experiment: Make, finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stages.run(finished_run(*ALONG, "sweep.name=along"))
    monkeypatch.setattr(control, "control", lambda *a: pytest.fail("trained again"))
    again = experiment("along.points=3", "along.samples=16", "sweep.name=along")
    assert again.folder.state(again.keys) == "outdated"
    stages.run(again)
    along = kept(again.folder.along_samples, again.keys["along"])
    assert along is not None
    assert along.samples.shape[1] == 16
    assert kept(again.folder.along_samples, first["keys"]["along"]) is None


def test_checkpoints_that_training_has_passed_are_not_made_up(
    experiment: Make, finished_run: Make
) -> None:
    with pytest.raises(UserError, match=r"not kept the weights after step 1 .*leave along\.\*"):
        stages.run(finished_run(*ALONG))
    e = experiment(EVERY_STEP, "sweep.name=begun")
    process = child(run_and_die, e, "training step", 3)
    process.start()
    process.join()
    begun = experiment(*ALONG, EVERY_STEP, "sweep.name=begun")
    with pytest.raises(UserError, match="not kept the weights after step 1 "):
        stages.run(begun)
    assert not json.loads((begun.folder.path / "status.json").read_text())["seconds"].get("control")


def test_a_base_has_no_training_of_its_own_to_follow(experiment: Make) -> None:
    assert "along" not in experiment("sampler=none", *ALONG).keys


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "along.npz").write_bytes(b"PK torn")
    assert kept(tmp_path / "along.npz", "k") is None
    assert kept(tmp_path / "none.npz", "k") is None
