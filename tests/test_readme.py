"""The README: its commands run, its links resolve, its files exist, its settings are settings."""

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from omegaconf import DictConfig
from PIL import Image
from scipy.io import savemat

import memctl.samplers
from memctl import export, report, train
from memctl.paths import config_root
from memctl.sweep import sweeper

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S)
    for line in block.splitlines()
    if line
]


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 7


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_commands_have_their_target(command: str) -> None:
    out = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert "memctl.train" in out.stdout or "pytest" in out.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.train" in c])
def test_train_commands_run(
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tiny: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As written, made small; a sweep is planned, as other tests run one."""
    arguments = [
        a.replace("FOLDER", str(flowers(tmp_path / "set"))) for a in shlex.split(command)[3:]
    ]
    small = (
        []
        if arguments[0] in ("-m", "-cn")
        else [*tiny, *(["theory.points=6"] if "theory" in command else [])]
    )
    plan = ["hydra.sweeper.plan=true"] if arguments[0] in ("-m", "-cn") else []
    plan += ["data.n_train=8", "data.n_heldout=8"] if "FOLDER" in command else []
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sweeper, "cached_measurement", lambda plan: (10.0, 20.0))
    monkeypatch.setattr(sys, "argv", ["memctl", *arguments, *small, *plan])
    train.main()
    out = capfd.readouterr().out
    assert re.search(r"is done|\b(47|12|8|6) runs|DOES NOT HOLD", out)


def flowers(folder: Path) -> Path:
    """Twenty-four images as Oxford's download unpacks."""
    (folder / "jpg").mkdir(parents=True, exist_ok=True)
    for k in range(1, 25):
        pixels = np.random.default_rng(k).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "jpg" / f"image_{k:05d}.jpg")
    savemat(folder / "imagelabels.mat", {"labels": np.arange(24) % 2})
    return folder


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.data" in c])
def test_data_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(
        sys,
        "argv",
        [a.replace("FOLDER", str(flowers(tmp_path / "set"))) for a in shlex.split(command)[2:]],
    )
    runpy.run_module("memctl.data", run_name="__main__")
    assert "data=flowers102: 24 examples of 3x64x64" in capfd.readouterr().out


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.calibrate" in c])
def test_calibrate_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    small = ["data.n_train=40", "data.n_heldout=40", "metrics.repeats=20", f"paths.runs={tmp_path}"]
    monkeypatch.setattr(sys, "argv", [*shlex.split(command)[2:], *small])
    runpy.run_module("memctl.calibrate", run_name="__main__")
    assert "dcr_share, copies from" in capfd.readouterr().out


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.evaluate" in c])
def test_evaluate_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate(("samples", "train", "heldout")):
        pixels = np.random.default_rng(k).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
        np.save(f"{name}.npy", pixels.reshape(12, -1))
        Path(name).mkdir()
        for i, image in enumerate(pixels):
            Image.fromarray(image).save(Path(name) / f"{i}.png")
    monkeypatch.setattr(sys, "argv", [*shlex.split(command)[2:], "metrics.repeats=20"])
    runpy.run_module("memctl.evaluate", run_name="__main__")
    out = capfd.readouterr().out
    assert re.search(
        "12 samples of (1 channel x 192 values|3 channels x 64 x 64 pixels), taken as [a-z]+,"
        " beside 12 training and 12 held-out examples",
        out,
    )
    assert "verdict: " in out


def test_the_templates_of_controls_exist() -> None:
    (line,) = (
        block for block in TEXT.split("\n\n") if block.startswith("**Controls** are templates")
    )
    names = re.findall(r"`(\w+)`", line)
    assert len(names) >= 8
    assert [
        n for n in names if not (config_root() / "multirun_templates" / f"{n}.yaml").exists()
    ] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.samplers" in c])
def test_sampler_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", shlex.split(command)[2:])
    runpy.run_module("memctl.samplers", run_name="__main__")
    assert "laplace" in capfd.readouterr().out
    assert (tmp_path / "samplers.png").stat().st_size > 10_000


def test_the_readmes_own_sampler_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The three steps, word for word: the class as printed is found and drawn."""
    (code,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", TEXT, re.S)
        if "TimestepSampler)" in block
    )
    (tmp_path / "memctl_samplers").mkdir()
    (tmp_path / "memctl_samplers" / "triangle.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shown = next(c for c in re.findall(r"`(python -m memctl.samplers triangle[^`]*)`", TEXT))
    trained = next(
        c for c in re.findall(r"`(python -m memctl.train -m sampler=triangle[^`]*)`", TEXT)
    )
    out = subprocess.run(
        [sys.executable, *shlex.split(shown)[1:]], cwd=tmp_path, capture_output=True, text=True
    )
    assert "triangle_peak300" in out.stdout, out.stderr
    assert (
        "sampler.peak=200,500,800" in trained
    )  # that such a sweep runs is tested in tests/samplers/test_own_samplers.py


def test_the_readmes_lines_for_other_code_run() -> None:
    """The draws, weights and losses of the snippet, with the names that its reader has."""
    (code,) = (
        block for block in re.findall(r"```python\n(.*?)```", TEXT, re.S) if "randint" in block
    )
    names = {"T": 1000, "n": 5, "device": "cpu", "torch": torch, "noise_scheduler": DDPMScheduler(1000), **vars(memctl.samplers),
             "sampler": memctl.samplers.BetaSampler(), "images": None, "diffusion": lambda images, times: times}  # fmt: skip
    exec(code, names)
    assert names["t"].shape == names["weights"].shape == names["loss"].shape == (5,)


MISSING = {
    "memctl.report": (report, "runs/mitdb208 is not a folder"),
    "memctl.export": (export, "runs/digits/uniform_s0 is not the folder of a finished run"),
}


@pytest.mark.parametrize("command", [c for c in COMMANDS if any(name in c for name in MISSING)])
def test_commands_on_results_parse(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There are no runs here: the command gets as far as to say so."""
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)[2:]
    module, message = MISSING[arguments[0]]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit, match=message):
        module.main()


def test_links_resolve() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_settings_of_the_table_compose(
    composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    for override in (
        "sampler=uniform",
        "sampler.tail=truncate",
        "sampler=laplace",
        "sampler.mode=weight",
        "sampler.mode=correct",
        "weighting=min_snr",
        "diffusion=cosine",
        "diffusion.prediction=v_prediction",
        "ci.coverage=0.9",
        "generate=ddpm",
        "logger=none",
        "paths.runs=x",
        "base.path=x",
        "base.saw_heldout=true",
        "data.near=0.1",
        "data.broken=skip",
        "trainer.precision=bf16",
        "trainer.memory_format=contiguous",
        "trainer.compile=true",
    ):
        assert override.split("=")[0] in TEXT.replace("`", "")
        composed(override, *(["data=images"] if override.startswith("data.") else []))
    composed("data=signals", f"data.path={tmp_path}")


def test_every_package_of_the_tree_exists() -> None:
    tree = re.search(r"```\n(conf/.*?)```", TEXT, re.S)
    assert tree
    for name in re.findall(r"^  (\w+(?:/|\.py))", tree[1], re.M):
        assert (ROOT / "memctl" / name).exists(), name


def test_every_metric_is_documented(experiment: Callable[..., object]) -> None:
    from memctl import data
    from memctl.config import Metrics
    from memctl.metrics.suite import Suite

    split = data.load(data.build({"name": "mitdb208", "n_train": 16, "n_heldout": 16}))
    names = set(Suite.of(split, Metrics(repeats=20)).evaluate(split.heldout))
    for name in names - {"ratio_q01", "ratio_q10", "ratio_median", "nn_train", "nn_heldout"}:
        assert re.sub(r"_C\d", "_Ck", name).replace("wasserstein_sd", "wasserstein") in TEXT, name


def test_templates_named_in_the_readme_exist() -> None:
    for name in re.findall(r"multirun_templates/(\w+)", TEXT):
        assert (config_root() / "multirun_templates" / f"{name}.yaml").exists()
