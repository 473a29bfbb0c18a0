"""Files that were damaged, lost or put there by somebody: none is believed, nothing is mixed, and
what can be made again is made again, with the same bits.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memctl import data
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.stages import base, control, generate
from memctl.stages import run as stages
from memctl.training import checkpoint
from tests.children import child, run_and_die
from tests.conftest import LONG
from tests.stages.test_run import numbers

Make = Callable[..., Experiment]
Calls = Callable[[], list[str]]
EVERY_STEP = "trainer.checkpoint_seconds=1e-9"
OF_DEAD = ".status.json.0123456789abcdef.part"  # what a killed writer left
IN_CONTROL = ("training step", 3 + 5)  # after the base's six
pytestmark = pytest.mark.usefixtures("blank_pictures")


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def killed(e: Experiment, where: str, calls: int) -> None:
    process = child(run_and_die, e, where, calls)
    process.start()
    process.join()
    assert process.exitcode == -9


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is trained and generated from now on."""
    done: list[str] = []
    for module, name in ((base, "train"), (control, "control"), (generate, "generate")):
        real = getattr(module, name)

        def noted(*args: Any, name: str = name, real: Any = real, **kwargs: Any) -> Any:
            done.append(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, noted)
    return done


@pytest.fixture
def undisturbed(finished_run: Make, tmp_path: Path) -> dict[str, Any]:
    return numbers(finished_run(runs=tmp_path / "undisturbed"))


@pytest.mark.parametrize(
    ("name", "damage", "again"),
    [
        ("samples.npy", tear, ["generate"] * 2),
        ("samples.npy", flip, ["generate"] * 2),
        ("samples.npy", lose, ["generate"] * 2),
        ("checkpoint.pt", flip, ["control"]),
        ("timesteps.json", empty, []),
        ("neighbours.csv", flip, []),
    ],
)
def test_a_finished_run_makes_what_is_damaged_again_and_nothing_else(
    finished_run: Make,
    undisturbed: dict[str, Any],
    calls: list[str],
    name: str,
    damage: Callable[[Path], None],
    again: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    e = finished_run()
    path = e.folder.path / name
    before = path.read_bytes()
    damage(path)
    assert e.folder.state(e.keys) == "damaged"
    stages.run(e)
    assert calls == again
    assert f"{path} is damaged, and is made again" in capfd.readouterr().out
    assert e.folder.state(e.keys) == "done"
    assert numbers(e) == undisturbed
    assert name == "checkpoint.pt" or path.read_bytes() == before


def test_what_is_damaged_is_not_read(finished_run: Make) -> None:
    """Also where nothing was noted of it, as of an earlier memctl."""
    folder = finished_run().folder
    rows = folder.neighbours.read_bytes()
    assert len(folder.kept_neighbours()) == 16
    last = rows.rindex(b",", 0, -9)  # within the last row
    for content in (b"", b"\xff" + rows, rows[:last], b"sample,d1\n"):
        folder.neighbours.write_bytes(content)
        assert folder.kept_neighbours().empty
    folder.made.path.unlink()
    assert folder.kept_neighbours().empty
    folder.neighbours.write_bytes(rows[:last])
    assert folder.kept_neighbours().empty
    assert folder.kept_samples() is not None
    for damage in (empty, tear, lose):
        damage(folder.samples)
        assert folder.kept_samples() is None


def test_damaged_samples_whose_weights_were_removed_are_trained_for_again(
    finished_run: Make, undisturbed: dict[str, Any], calls: list[str]
) -> None:
    e = finished_run()
    e.folder.checkpoint.unlink()
    assert e.folder.state(e.keys) == "done"
    tear(e.folder.samples)
    stages.run(e)
    assert calls == ["control", "generate", "generate"]
    assert numbers(e) == undisturbed


def test_a_run_of_an_earlier_memctl_is_believed_by_its_status(
    finished_run: Make, undisturbed: dict[str, Any], calls: list[str]
) -> None:
    """It noted nothing of its files."""
    e = finished_run()
    e.folder.made.path.unlink()
    e.base_folder.made.path.unlink()
    assert e.folder.state(e.keys) == "done"
    tear(e.folder.samples)
    assert e.folder.state(e.keys) == "damaged"
    stages.run(e)
    assert calls == ["generate"] * 2
    assert numbers(e) == undisturbed
    assert e.folder.made.damage(e.keys) == []


def test_a_folder_that_was_copied_is_as_good(finished_run: Make, tmp_path: Path) -> None:
    e = finished_run()
    shutil.copytree(e.folder.path, tmp_path / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(e.folder.path)
    (tmp_path / "copy").rename(e.folder.path)
    assert e.folder.state(e.keys) == "done"


@pytest.mark.parametrize("damage", [empty, tear])
def test_lost_rows_are_said(
    experiment: Make,
    finished_run: Make,
    damage: Callable[[Path], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    e = finished_run()
    whole = stages.run(e)
    damage(e.folder.journal.path)
    stages.run(e)
    said = "metrics.jsonl was damaged: rows of the training are missing"
    assert said in capfd.readouterr().out
    changed = experiment("metrics.bins=20")
    assert stages.run(changed)["training"] == whole["training"]
    assert said in capfd.readouterr().out
    e.folder.made.path.unlink()  # an earlier memctl's: the record knows the last step
    stages.run(changed)
    assert said in capfd.readouterr().out


@LONG
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("checkpoint.pt", tear),
        ("checkpoint.pt", flip),
        ("timesteps.json", empty),
        ("made.json", empty),
        ("status.json", empty),
        ("resume.ckpt", flip),
        ("metrics.jsonl", flip),
    ],
)
def test_an_unfinished_run_gets_past_a_damaged_file(
    experiment: Make,
    finished_run: Make,
    undisturbed: dict[str, Any],
    name: str,
    damage: Callable[[Path], None],
    tmp_path: Path,
) -> None:
    """Stopped in generation: all that control left is there."""
    e = finished_run(EVERY_STEP, runs=tmp_path / "killed")
    shutil.rmtree(e.folder.path)
    killed(e, "batch generated", 2)
    damage(e.folder.path / name)
    record = stages.run(experiment(EVERY_STEP, runs=tmp_path / "killed"))
    assert record["sampler"]["realised"]["draws"] == 3 * 24
    found = numbers(e)
    if name == "metrics.jsonl":  # said, see above
        found["rows"], found["training"] = undisturbed["rows"], undisturbed["training"]
    assert found == undisturbed
    assert [p.name for p in e.folder.path.rglob(".*.part")] == []


@LONG
def test_lost_status_never_mixes_two_trainings(
    experiment: Make, finished_run: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Stopped in control: other settings do not go on with its weights, status or not."""
    e = finished_run(EVERY_STEP)
    shutil.rmtree(e.folder.path)
    killed(e, "training step", 5)
    (e.folder.path / "status.json").write_text("")
    other = experiment(EVERY_STEP, "control.lr=1e-2")
    stages.run(other)
    assert "belongs to a training with other settings; the training starts" in (
        capfd.readouterr().out
    )
    alone = experiment("control.lr=1e-2", "sweep.name=alone")
    stages.run(alone)
    assert numbers(other) == numbers(alone)


def test_lost_status_does_not_overwrite_a_run_of_other_settings(
    experiment: Make, finished_run: Make
) -> None:
    """Stopped in generation: what it made says whose it is."""
    e = finished_run()
    (e.folder.path / "status.json").write_text("")
    (e.folder.path / "record.json").write_text("{}")
    other = experiment("control.lr=1e-2")
    assert other.folder.state(other.keys) == "conflict"
    with pytest.raises(UserError, match=r"other settings.*\n.*for its status.json is damaged"):
        stages.run(other)
    assert e.folder.state(e.keys) == "stopped"


@LONG
def test_a_torn_batch_is_made_again_alone(
    experiment: Make, finished_run: Make, undisturbed: dict[str, Any], calls: list[str]
) -> None:
    e = finished_run()
    shutil.rmtree(e.folder.path)
    killed(e, "batch generated", 2)
    parts = sorted(e.folder.sample_parts.glob("*/*.npz"))
    assert [p.parent.name for p in parts] == [e.keys["generate"]]
    other = e.folder.sample_parts / "another" / parts[0].name
    shutil.copytree(parts[0].parent, other.parent)
    left = [folder / OF_DEAD for folder in (e.folder.path, e.runs / "yardsticks")]
    for part in left:
        part.touch()
    stages.run(e)
    assert [part for part in left if part.exists()] == []
    assert calls == ["generate"]
    assert numbers(e) == undisturbed
    assert not e.folder.sample_parts.exists()
    e.folder.samples.unlink()
    generate.arrays.save(parts[0], "another", {"samples": np.zeros((8, 1, 140))})
    stages.run(e)
    assert calls == ["generate"] * 3
    assert numbers(e) == undisturbed


def test_a_killed_writer_leaves_nothing_beside_a_base_that_is_done(finished_run: Make) -> None:
    e = finished_run()
    (e.base_folder.path / OF_DEAD).touch()
    base.base_network(e, data.load(e.data))
    assert not (e.base_folder.path / OF_DEAD).exists()


def spoil(path: Path, how: str) -> None:
    """A checkpoint with a fault in its weights, or in its file."""
    if how == "torn":
        tear(path)
        return
    stored = torch.load(path, weights_only=True)
    first = next(iter(stored["state"]))
    if how in ("flipped", "beside"):  # a bit of a weight, or of what fills the file before it
        content = bytearray(path.read_bytes())
        content[content.index(stored["state"][first].numpy().tobytes()) - (how == "beside")] ^= 1
        path.write_bytes(content)
        return
    if how == "nan":
        stored["state"][first].view(-1)[0] = torch.nan
    elif how == "lacks":
        del stored["state"][first]
    elif how == "shape":
        stored["state"][first] = torch.zeros(1, 2, 3)
    elif how == "fields":
        del stored["made_from"]
    torch.save(stored, path)


FAULTS = {
    "torn": "is damaged",
    "flipped": "is damaged",
    "beside": None,
    "nan": "not finite",
    "lacks": "lacks weights of this model",
    "shape": "other shapes",
    "fields": "is damaged",
}


@pytest.mark.parametrize(
    "noted", [True, pytest.param(False, marks=LONG)], ids=["", "of an earlier memctl"]
)
@pytest.mark.parametrize("how", FAULTS)
def test_a_damaged_base_is_made_again_and_one_that_was_named_is_refused(
    experiment: Make,
    finished_run: Make,
    how: str,
    noted: bool,
    calls: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    from memctl import data

    e = finished_run()
    split, path = data.load(e.data), e.base_folder.checkpoint
    weights = {k: v.clone() for k, v in base.base_network(e, split).state_dict().items()}
    if not noted:
        e.base_folder.made.path.unlink()
    spoil(path, how)
    elsewhere = shutil.copy(path, path.parent.parent / "base.pt")
    again = base.base_network(e, split).state_dict()
    seen = noted or FAULTS[how] is not None
    assert calls == ["train"] * seen
    assert ("the base is trained again" in capfd.readouterr().out) == seen
    assert all(torch.equal(weights[k], again[k]) for k in weights)
    assert checkpoint.read(path)
    named = experiment(f"base.path={elsewhere}", "sweep.name=named")
    if FAULTS[how] is None:  # its weights are whole
        base.base_network(named, split)
        return
    with pytest.raises(UserError, match=FAULTS[how]) as refusal:
        base.base_network(named, split)
    assert len(str(refusal.value).splitlines()) == 1


def test_weights_along_that_are_damaged_are_made_again(
    experiment: Make, finished_run: Make, calls: list[str]
) -> None:
    how = ("along.points=3", "along.samples=8", "sweep.name=along", EVERY_STEP)
    e = finished_run(*how)
    record = stages.run(e)
    files = [e.folder.along_samples, e.folder.samples]
    before = [path.read_bytes() for path in files]
    flip(e.folder.along_samples)
    assert e.folder.state(e.keys) == "damaged"
    calls.clear()
    assert stages.run(experiment(*how))["along"] == record["along"]
    assert calls == ["generate"] * 3
    flip(next(e.folder.along.glob("*.pt")))
    lose(e.folder.along_samples)
    calls.clear()
    assert stages.run(experiment(*how))["along"] == record["along"]
    assert calls == ["control", *["generate"] * 3]
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize("field", ["keys", "split", "yardsticks", "seed", "metrics", "science"])
def test_a_record_without_a_field_is_made_again(finished_run: Make, field: str) -> None:
    e = finished_run()
    known = stages.run(e)
    (e.folder.path / "record.json").write_text(
        json.dumps({k: v for k, v in known.items() if k != field})
    )
    assert e.folder.record() is None
    assert e.folder.state(e.keys) == "stopped"
    assert stages.run(e)["metrics"] == known["metrics"]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2]", "a: [", "a: b: c", "\x00", "seed: many", "nothing: 1", "data: 3", "42"],
    ids=repr,
)
def test_a_damaged_config_is_one_message(finished_run: Make, text: str) -> None:
    e = finished_run()
    e.folder.config.write_text(text)
    with pytest.raises(UserError, match=r"config\.yaml is damaged") as refusal:
        e.folder.settings()
    assert len(str(refusal.value).splitlines()) == 1


def test_yardsticks_that_were_changed_are_not_believed(finished_run: Make, tmp_path: Path) -> None:
    e = finished_run()
    known = stages.run(e)
    (cache,) = (e.runs / "yardsticks").glob("*.json")
    text = cache.read_text()
    for old in ('"digest"', '"yardsticks"'):
        cache.write_text(text.replace(old, '"other"', 1))
        e.folder.path.joinpath("record.json").unlink()
        assert stages.run(e)["yardsticks"] == known["yardsticks"]
    changed = json.loads(text)
    changed["yardsticks"]["copies"]["f_mem"]["value"] = 0.123
    cache.write_text(json.dumps(changed))
    e.folder.path.joinpath("record.json").unlink()
    assert stages.run(e)["yardsticks"] == known["yardsticks"]
    assert json.loads(cache.read_text()) == json.loads(text)
