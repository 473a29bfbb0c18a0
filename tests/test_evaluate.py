"""`python -m memctl.evaluate` as a user types it: generators whose answer is known, both kinds of
examples, and every mistake.
"""

import csv
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from PIL import Image
from scipy.ndimage import gaussian_filter

from memctl import evaluate
from memctl.config import Metrics
from memctl.data import user_examples, user_files
from memctl.experiment import Experiment
from memctl.metrics.generators import blur
from memctl.metrics.suite import Suite
from memctl.runs.folder import RunFolder
from memctl.stages import run as stages
from tests.children import save_blank
from tests.conftest import TINY, composer

N, LENGTH = 120, 40
Command = Callable[..., tuple[int, str, str]]
FILES = [
    "evaluation.json",
    "metrics.csv",
    "neighbours.csv",
    "projection.png",
    "ratios.png",
    "samples.png",
    "suspects.png",
]
SMALL = ["metrics.repeats=100", "metrics.full=false"]
pytestmark = pytest.mark.usefixtures("blank_pictures")  # tests/test_readme.py has them drawn


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The command with these arguments, in a folder of its own: its exit code, what it printed, and
    its errors.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code: int | str | None = 0
        try:
            evaluate.main(arguments)
        except SystemExit as stop:
            code = stop.code
        out, err = capfd.readouterr()
        return (code, out, err) if isinstance(code, int) else (1, out, f"{err}{code}")

    return run


def signals(n: int, seed: int) -> np.ndarray:
    """Draws of one population: 14 factors, the fine ones weaker, and a little noise; shape (n,
    LENGTH).
    """
    rng = np.random.default_rng(seed)
    basis = (
        np.sin(np.outer(np.arange(1, 15), np.linspace(0, np.pi, LENGTH)))
        * np.arange(1, 15)[:, None] ** -0.4
    )
    return rng.normal(size=(n, 14)) @ basis + 0.02 * rng.normal(size=(n, LENGTH))


TRAIN, HELDOUT, FRESH = (signals(N, seed) for seed in range(3))


@pytest.fixture
def sides(tmp_path: Path) -> list[str]:
    """The options for files of training and held-out examples in the working folder."""
    np.save(tmp_path / "train.npy", TRAIN)
    np.save(tmp_path / "heldout.npy", HELDOUT)
    return ["--train", "train.npy", "--heldout", "heldout.npy"]


def made(kind: str) -> np.ndarray:
    """N samples of a generator without a model."""
    rng = np.random.default_rng(9)
    copied = TRAIN[rng.integers(N, size=N)]
    if kind == "some copies":
        return np.concatenate([copied[: N // 4], FRESH[N // 4 :]])
    known = {
        "copies": copied,
        "soft copies": copied + 0.5 * rng.normal(size=copied.shape),
        "fresh": FRESH,
    }
    return np.asarray(known[kind] if kind in known else blur(FRESH[:, None])[:, 0])


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("copies", "COPYING"),
        ("some copies", "COPYING"),
        ("soft copies", "COPYING"),
        (
            "fresh",
            "HEALTHY|UNDECIDED",
        ),  # 120 examples are few: chance may leave one number's interval beyond its floor
        ("blurred", "COLLAPSED"),
    ],
)
def test_known_generators_get_their_word(
    command: Command, sides: list[str], tmp_path: Path, kind: str, word: str
) -> None:
    np.save(tmp_path / "samples.npy", made(kind))
    code, out, err = command("samples.npy", *sides, *SMALL)
    assert code == 0, err
    assert (
        f"120 samples of 1 channel x {LENGTH} values, taken as signals, beside 120 training and 120"
        " held-out examples" in out
    )
    assert re.search(f"verdict: ({word})", out)
    assert "CAUTION" not in out
    found = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert found["verdict"]["word"] in word.split("|")
    hits = found["metrics"]["f_mem"]["value"]
    assert {
        "copies": hits == 1,
        "some copies": 0.25 <= hits < 0.3,
        "soft copies": 0 < hits < 0.5,
    }.get(kind, hits == 0)


def test_what_is_written_is_the_suites(command: Command, sides: list[str], tmp_path: Path) -> None:
    """Every metric, in the file as in the suite that runs use; neighbours by brute force."""
    samples = np.concatenate([TRAIN[5:6], FRESH[:59]])
    np.savetxt(tmp_path / "samples.csv", samples, delimiter=",", header="a,b", comments="")
    code, out, err = command(
        "samples.csv", *sides, "--out", "here", "metrics.repeats=20", "metrics.bins=20"
    )
    assert code == 0, err
    assert "metrics, nearest examples and pictures: here" in out
    assert "comparing 60 samples with 120 training and 120 held-out examples ..." in err
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == FILES
    told = json.loads((tmp_path / "here" / "evaluation.json").read_text())
    config = Metrics(repeats=20, bins=20)
    split = user_examples.compare(
        *(user_files.read(p) for p in ("samples.csv", "train.npy", "heldout.npy"))
    ).split
    expected = Suite.of(split, config).evaluate(samples[:, None].astype(np.float32))
    table = pd.read_csv(tmp_path / "here" / "metrics.csv", index_col="metric")
    assert list(table.index) == list(expected) == list(told["metrics"])
    np.testing.assert_allclose(table["value"], [m.value for m in expected.values()], rtol=1e-5)
    assert list(table.columns) == [
        "value",
        "low",
        "high",
        "floor_low",
        "floor_high",
        "heldout",
        "copies",
        "blurred",
        "mean",
    ]
    assert table.loc["f_mem", "copies"] == 1
    assert table.loc["dcr_share", "floor_low"] == pytest.approx(
        told["yardsticks"]["floor"]["dcr_share"]["low"], rel=1e-5
    )
    assert told["split"]["hash"] == split.hash
    assert told["settings"]["bins"] == 20
    assert told["sources"]["train"] == "train.npy"
    near = pd.read_csv(tmp_path / "here" / "neighbours.csv")
    d = np.linalg.norm(samples[:, None] - TRAIN[None], axis=-1)
    np.testing.assert_array_equal(near["nearest_train"], d.argmin(axis=1))
    assert near["nearest_train"][0] == 5


def test_neighbours_keep_their_place_in_the_users_file(
    command: Command, sides: list[str], tmp_path: Path
) -> None:
    np.save(tmp_path / "train.npy", np.concatenate([TRAIN[:1], TRAIN]))
    np.save(tmp_path / "samples.npy", TRAIN[:20])
    code, out, _ = command("samples.npy", *sides, *SMALL)
    assert code == 0
    assert "left out: 1 examples that repeat another of their side" in out
    assert pd.read_csv(tmp_path / "evaluation" / "neighbours.csv")["nearest_train"].tolist() == [
        0,
        *range(2, 21),
    ]


def pictures(folder: Path, pixels: np.ndarray) -> None:
    folder.mkdir()
    for k, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{k:02d}.png")


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    """Smooth colours of 12 x 12 pixels, and samples of which half are copies, mirrored: uint8,
    shape (n, 12, 12, 3).
    """
    rng = np.random.default_rng(0)
    values = gaussian_filter(rng.normal(size=(90, 12, 12, 3)), (0, 2, 2, 0.5))
    pixels = np.clip(128 + 60 * values / values.std(), 0, 255).astype(np.uint8)
    train, heldout = pixels[:40], pixels[40:80]
    return {
        "train": train,
        "heldout": heldout,
        "samples": np.concatenate([train[[3, 3, *range(10, 18)], :, ::-1], pixels[80:]]),
    }


def test_folders_of_images(command: Command, tmp_path: Path, images: dict[str, np.ndarray]) -> None:
    """Repeated samples count each; an array of the same images reads the same."""
    for name, pixels in images.items():
        pictures(tmp_path / name, pixels)
        np.save(tmp_path / f"{name}.npy", pixels)
    code, out, err = command(
        "samples", "--train", "train", "--heldout", "heldout", "--size", "12", "--out", "a", *SMALL
    )
    assert code == 0, err
    assert (
        "20 samples of 3 channels x 12 x 12 pixels, taken as images, beside 40 training and 40"
        " held-out examples" in out
    )
    assert "verdict: COPYING" in out
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == FILES
    with (tmp_path / "a" / "neighbours.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["nearest_train"] for row in rows[:10]] == [
        "03.png",
        "03.png",
        *(f"{k}.png" for k in range(10, 18)),
    ]
    assert rows[0]["sample"] == "00.png"
    first = pd.read_csv(tmp_path / "a" / "metrics.csv", index_col="metric")["value"]
    assert first["f_mem"] == 0.5

    assert (
        command(
            "samples.npy", "--train", "train.npy", "--heldout", "heldout.npy", "--out", "b", *SMALL
        )[0]
        == 0
    )
    second = pd.read_csv(tmp_path / "b" / "metrics.csv", index_col="metric")["value"]
    for metric, scale in {
        "f_mem": 1,
        "dcr_share": 1,
        "dcr_p": 1,
        "distance_to_train": 127.5,
        "energy_heldout": 127.5,
    }.items():
        assert second[metric] == pytest.approx(scale * first[metric], rel=1e-4)

    assert (
        command(
            "samples.npy",
            "--train",
            "train.npy",
            "--heldout",
            "heldout.npy",
            "--no-mirror",
            "--out",
            "c",
            *SMALL,
        )[0]
        == 0
    )
    assert pd.read_csv(tmp_path / "c" / "metrics.csv", index_col="metric")["value"]["f_mem"] == 0


def test_copies_in_another_range_are_cautioned(
    command: Command, tmp_path: Path, images: dict[str, np.ndarray]
) -> None:
    train, heldout = (images[name] / 127.5 - 1 for name in ("train", "heldout"))
    for name, values in {
        "train": train,
        "heldout": heldout,
        "same": 1.05 * train,
        "other": (train + 1) / 2,
    }.items():
        np.save(tmp_path / f"{name}.npy", values)
    for name, count in {"same": 0, "other": 1}.items():
        code, out, err = command(f"{name}.npy", *BOTH, *SMALL)
        assert code == 0, err
        assert (
            out.count("CAUTION: most samples lie in [0, 1], most training images in [-1, 1]")
            == out.count("CAUTION")
            == count
        )


def test_grey_images_without_channels_are_asked_for(command: Command, tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(size=(60, 8, 8))
    for k, name in enumerate(("samples", "train", "heldout")):
        np.save(tmp_path / f"{name}.npy", images[20 * k : 20 * k + 20])
    code, _, err = command("samples.npy", *BOTH, *SMALL)
    assert code == 1
    assert "shape (20, 8, 8) may be (n, channels, length) or (n, length, channels)" in err
    assert "Grey images of 8 x 8 pixels: reshape all arrays to (n, 1, 8, 8)" in err
    code, out, err = command("samples.npy", *BOTH, *SMALL, "--layout", "channels_first")
    assert code == 0, err
    assert "20 samples of 8 channels x 8 values, taken as signals, beside" in out


def test_the_class_that_a_table_holds_is_no_value_of_the_signal(
    command: Command, tmp_path: Path
) -> None:
    """Copies with other classes than theirs are copies; files without classes fit those with."""
    rng = np.random.default_rng(5)
    for name, values in {"train": TRAIN, "heldout": HELDOUT, "samples": TRAIN[::-1]}.items():
        with_class = np.column_stack([rng.integers(1, 51, N), values])
        np.savetxt(tmp_path / f"{name}.tsv", with_class, delimiter="\t")
        np.savetxt(tmp_path / f"{name}.csv", with_class, delimiter=",")
        np.save(tmp_path / f"{name}.npy", values)
    for ending in (".tsv", ".npy"):
        code, out, err = command(
            f"samples{ending}", "--train", "train.tsv", "--heldout", "heldout.tsv", *SMALL
        )
        assert code == 0, err
        assert (
            "train.tsv: column 0 is left out: the class of each row, as in files of the UCR" in out
        )
        assert "verdict: COPYING" in out
    sides = ("--train", "train.csv", "--heldout", "heldout.csv", *SMALL)
    code, _, err = command("samples.npy", *sides)
    assert code == 1
    assert "train.csv: column 0 holds other values than the columns beside" in err
    assert "Leave out with --drop-columns 0, or keep every column with --drop-columns none" in err
    code, out, err = command("samples.npy", *sides, "--drop-columns", "0")
    assert code == 0, err
    assert "verdict: COPYING" in out


def test_its_own_pictures_are_none_of_the_samples(
    command: Command, tmp_path: Path, images: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, pixels in images.items():
        pictures(tmp_path / name, pixels)
    monkeypatch.chdir(tmp_path / "samples")
    arguments = (".", "--train", "../train", "--heldout", "../heldout", "--size", "12", *SMALL)
    first, second = (command(*arguments) for _ in range(2))
    assert "20 samples of 3 channels" in first[1]
    assert "20 samples of 3 channels" in second[1]
    assert ".: left out: 7 in folders that memctl wrote" in second[1]
    assert ": left out:" not in first[1]
    code, _, err = command(*arguments, "--out", ".")
    assert (code, "--out . is a folder of examples" in err) == (1, True)
    monkeypatch.chdir(tmp_path)
    code, _, err = command(".", "--train", "train", "--heldout", "heldout", *SMALL)
    assert (code, "so its images would be read as both" in err) == (1, True)


@pytest.mark.parametrize("name", [b"caf\xe9_%d.png", b"US$%d_$.png", b"a$\\frac%d$.png"], ids=str)
def test_files_of_any_name(
    command: Command, tmp_path: Path, images: dict[str, np.ndarray], name: bytes
) -> None:
    for side, pixels in images.items():
        pictures(tmp_path / side, pixels)
        for k, file in enumerate(sorted((tmp_path / side).iterdir())):
            file.rename(file.with_name(os.fsdecode(name % k)))
    code, out, err = command(
        "samples", "--train", "train", "--heldout", "heldout", "--size", "12", *SMALL
    )
    assert code == 0, err
    assert "verdict: COPYING" in out
    near = pd.read_csv(tmp_path / "evaluation" / "neighbours.csv")
    assert near["nearest_train"][0] == (name % 3).decode("utf-8", "backslashreplace")


def test_what_was_found_outlives_a_picture_that_cannot_be_drawn(
    command: Command, sides: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "samples.npy", FRESH)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no font")

    monkeypatch.setattr("memctl.reporting.figures.ratios", fail)
    code, out, err = command("samples.npy", *sides, *SMALL)
    assert code == 0
    assert "verdict: " in out
    assert "evaluation/ratios.png could not be drawn (RuntimeError: no font)\n" in err
    for file in (
        "evaluation.json",
        "metrics.csv",
        "neighbours.csv",
        "samples.png",
        "projection.png",
    ):
        assert (tmp_path / "evaluation" / file).is_file()
    assert not (tmp_path / "evaluation" / "ratios.png").exists()


def test_cautions(command: Command, sides: list[str], tmp_path: Path) -> None:
    """Sides of two populations, of two sizes; samples in other units."""
    np.save(tmp_path / "samples.npy", 1000 * FRESH)
    np.save(tmp_path / "heldout.npy", 1.5 * HELDOUT[:60])
    code, out, err = command("samples.npy", *sides, *SMALL)
    assert code == 0, err
    assert out.count("CAUTION") == 3
    for text in (
        "differ by more than draws of one population do",
        "20 random subsets of 60 examples of the larger",
        "are they in the same units?",
    ):
        assert text in out
    told = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert told["exchangeable"]["p"] <= 0.01
    assert len(told["cautions"]) == 3


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two tiny runs."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", save_blank)
        for cell in ("sampler=uniform", "sampler=none"):
            stages.task(composer("config")((*TINY, f"paths.runs={folder}", cell)))
    return folder / "mitdb208"


def test_a_run_is_measured_anew_and_nothing_else(
    command: Command, sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record follows; samples and weights stay, byte for byte."""
    run = RunFolder(shutil.copytree(sweep, tmp_path / "sweep") / "uniform_s0")
    before, samples = run.record(), run.samples.read_bytes()
    assert before
    code, out, err = command(str(run.path), "metrics.bins=20")
    assert code == 0, err
    after = run.record()
    assert after
    assert f"verdict: {after['verdict']['word']}" in out
    assert after["science"]["metrics"]["bins"] == 20
    changed = {stage for stage, key in after["keys"].items() if key != before["keys"][stage]}
    assert changed == {"measure"}
    assert after["metrics"]["js_divergence_C1"] != before["metrics"]["js_divergence_C1"]
    assert after["metrics"]["dcr_share"] == before["metrics"]["dcr_share"]
    assert after["probe"] == before["probe"]
    assert after["seconds"]["control"] == before["seconds"]["control"]
    assert run.samples.read_bytes() == samples
    code, _, err = command(str(run.path))  # and back
    assert code == 0, err
    assert run.record()["metrics"] == before["metrics"]  # type: ignore[index]


def test_a_run_that_cannot_be_measured_says_why(
    command: Command, sweep: Path, tmp_path: Path
) -> None:
    run = RunFolder(shutil.copytree(sweep, tmp_path / "sweep") / "base")
    run.config.rename(run.path / "other.yaml")
    code, _, err = command(str(run.path))
    assert (code, "base holds no config.yaml" in err) == (1, True)
    run.config.write_text("data: [")
    code, _, err = command(str(run.path))
    assert (code, "config.yaml is damaged" in err) == (1, True)
    (run.path / "other.yaml").rename(run.config)
    record = json.loads((run.path / "record.json").read_text())
    run.save_record({**record, "split": {**record["split"], "hash": "0123"}})
    code, _, err = command(str(run.path))
    assert (code, "the data has changed" in err) == (1, True)
    run.save_record({**record, "schema": 99})
    code, _, err = command(str(run.path))
    assert (code, "is of schema 99" in err) == (1, True)


def test_a_base_that_saw_held_out_examples_is_cautioned(
    command: Command, sweep: Path, tmp_path: Path
) -> None:
    run = RunFolder(shutil.copytree(sweep, tmp_path / "sweep") / "base")
    config = run.settings()
    config.base.path = str(next(sweep.parent.glob("bases/*/checkpoint.pt")))
    config.base.saw_heldout = True
    run.config.write_text(OmegaConf.to_yaml(config))
    record = json.loads((run.path / "record.json").read_text())
    keys = Experiment.of(config).keys  # of another base
    run.save_record({**record, "base": {"path": "x", "saw_heldout": True}, "keys": keys})
    (run.path / "status.json").unlink()
    run.made.path.unlink()
    code, out, err = command(str(run.path))
    assert code == 0, err
    assert "CAUTION: the generator may have been trained on held-out examples" in out


def test_a_sweep_is_measured_anew_and_reported(
    command: Command, sweep: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sweep, tmp_path / "sweep")
    (copy / "uniform_s0" / "config.yaml").unlink()
    code, out, err = command(str(copy), "metrics.bins=20")
    assert code == 1
    assert "1 of 2 runs could not be measured anew" in err
    assert "uniform_s0: could not be measured" in out
    assert (copy / "report" / "index.html").exists()
    bins = {name: RunFolder(copy / name).record()["science"]["metrics"]["bins"]  # type: ignore[index]
            for name in ("base", "uniform_s0")}  # fmt: skip
    assert bins == {"base": 20, "uniform_s0": 50}
    code, _, err = command(str(copy), "--out", str(tmp_path / "x"))
    assert (code, "--out is for one set of samples" in err) == (1, True)


def test_a_folder_of_format_4_is_read_and_gone_on_with(
    command: Command, sweep: Path, tmp_path: Path
) -> None:
    """As memctl left it before stages had keys: its names, one fingerprint, schema 1."""
    run = RunFolder(shutil.copytree(sweep, tmp_path / "sweep") / "uniform_s0")
    record, status = (
        json.loads((run.path / name).read_text()) for name in ("record.json", "status.json")
    )
    science = {k: v for k, v in record["science"].items() if k != "use"}
    science |= {
        "format": 4,
        "drawing": record["science"]["use"],
        "probe": {"records": 0, "bins": 20, "draws": 1, "seed": 0},
    }
    old = {k: v for k, v in record.items() if k not in ("keys", "verdict")}
    split = {k: v for k, v in record["split"].items() if k != "examples"}
    split["records"] = record["split"]["examples"]
    run.save_record({**old, "schema": 1, "science": science, "split": split})
    del status["keys"]
    (run.path / "status.json").write_text(json.dumps({**status, "science": science}))
    text = run.config.read_text()
    run.config.write_text(
        text.replace("  examples:", "  records:").replace("per_example", "per_record")
    )
    known = run.record()
    assert known
    assert known["science"]["use"] == record["science"]["use"]
    assert known["split"]["examples"] == record["split"]["examples"]
    assert run.state(record["keys"]) == "outdated"  # its samples are as good as new
    code, _, err = command(str(run.path))
    assert code == 0, err
    assert run.record()["keys"] == record["keys"]  # type: ignore[index]
    assert run.state(record["keys"]) == "done"
    science["format"] = 2
    (run.path / "status.json").write_text(json.dumps({**status, "science": science}))
    assert run.state(record["keys"]) == "conflict"
    code, _, err = command(str(run.path))
    assert (code, "it was made by an earlier memctl" in err) == (1, True)


def spoiled(array: np.ndarray, *rows: int) -> np.ndarray:
    array = array.copy()
    array[list(rows), 3] = np.nan
    return array


BOTH = ("--train", "train.npy", "--heldout", "heldout.npy")
MISTAKES = {
    "no such file": (("nowhere.npy", *BOTH), "nowhere.npy is neither a file nor a folder"),
    "one side": (("samples.npy", "--train", "train.npy"), "--train and --heldout go together"),
    "neither side": (("samples.npy",),
        "samples.npy is not the folder of a finished run or sweep; of other samples name --train"),
    "another shape": (("short.npy", *BOTH),
        "examples differ in shape: samples 1x20, train 1x40, held-out 1x40"),
    "text": (("text.csv", *BOTH), "text.csv: line 2 holds 'beat'"),
    "another ending": (("text.txt", *BOTH), "text.txt: .txt is not read"),
    "no array": (("broken.npy", *BOTH), "broken.npy is not a readable NumPy file"),
    "no numbers": (("words.npy", *BOTH), "words.npy: expected numbers of shape (n, length)"),
    "nan": (("nan.npy", *BOTH),
        "nan.npy: 2 of 120 examples hold NaN or infinity (counted from 0: 3, 7)"),
    "too large for float32": (("huge.npy", *BOTH),
        "huge.npy: 120 of 120 examples hold NaN or infinity"),
    "nan in train": (("samples.npy", "--train", "nan.npy", "--heldout", "heldout.npy"),
        "nan.npy: 2 of 120 examples"),
    "few samples": (("few.npy", *BOTH), "few.npy holds 7 examples; at least 8 are needed"),
    "few training examples": (("samples.npy", "--train", "few.npy", "--heldout", "heldout.npy"),
        "few.npy holds 7 examples"),
    "few distinct ones": (("samples.npy", "--train", "same.npy", "--heldout", "heldout.npy"),
        "1 distinct training examples are too few"),
    "the same sides": (("samples.npy", "--train", "train.npy", "--heldout", "train.npy"),
        "120 of the 120 distinct held-out examples are"),
    "alpha": (("alpha.npy", *BOTH),
        "shape (9, 8, 8, 4) looks like images with alpha, of which no distance should know"),
    "short examples": (("tiny.npy", *BOTH), "examples of 5 values are too short"),
    "unknown setting": (("samples.npy", *BOTH, "metrics.bin=5"),
        "metrics.bin=5 is no setting (did you mean metrics.bins?)"),
    "another group": (("samples.npy", *BOTH, "data.path=x"), "data.path=x is no setting"),
    "out of range": (("samples.npy", *BOTH, "metrics.bins=2"), "metrics.bins=2 must be at least 3"),
    "wrong type": (("samples.npy", *BOTH, "metrics.bins=few"), "metrics.bins=few: Value 'few'"),
    "no image": (("empty", *BOTH), "empty holds no image"),
    "broken image": (("broken", *BOTH),
        "00.png (no image that Pillow knows) cannot be read as images"),
    "size": (("samples.npy", *BOTH, "--size", "2"), "--size 2 must be at least 4"),
    "unwritable": (("samples.npy", *BOTH, "--out", "few.npy/x"),
        "cannot write few.npy/x: Not a directory; choose another"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_clear_message(
    command: Command, sides: list[str], tmp_path: Path, name: str
) -> None:
    arguments, text = MISTAKES[name]
    arrays = {
        "samples": FRESH, "short": FRESH[:, :20], "nan": spoiled(FRESH, 3, 7), "few": FRESH[:7],
        "tiny": FRESH[:, :5], "same": np.repeat(FRESH[:1], 20, axis=0),
        "huge": 1e300 * (2 + np.abs(FRESH)), "words": np.array(["a", "b"]),
        "alpha": np.ones((9, 8, 8, 4)),
    }  # fmt: skip
    for file, array in arrays.items():
        np.save(tmp_path / f"{file}.npy", array)
    for file in ("text.csv", "text.txt"):
        (tmp_path / file).write_text("1,2\n3,beat\n")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY nothing")
    (tmp_path / "empty").mkdir()
    pictures(tmp_path / "broken", np.zeros((9, 8, 8, 3), dtype=np.uint8))
    (tmp_path / "broken" / "00.png").write_bytes(b"no image")
    code, _, err = command(*arguments)
    assert code == 1
    assert text in err
    assert "memctl: " in err
    assert "Traceback" not in err
    assert not (tmp_path / "evaluation").exists()
