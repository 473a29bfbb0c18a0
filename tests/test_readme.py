"""The README and the pages: their commands run, their links resolve, their files exist, their
settings are settings.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from PIL import Image
from scipy.io import savemat

import memctl.__main__
import memctl.samplers
from memctl import data, export, report, train
from memctl.config import Metrics
from memctl.experiment import Experiment
from memctl.metrics.suite import Suite
from memctl.paths import config_root
from memctl.splice import __main__ as splice
from memctl.sweep import sweeper

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}
TEXT = "\n".join(TEXTS.values())
TESTED = (
    "train", "data", "calibrate", "evaluate", "samplers", "report", "export", "splice", "tune",
)  # fmt: skip
COMMANDS = list(
    dict.fromkeys(
        command
        for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S)
        for line in block.splitlines()
        if (command := line.split("#")[0].strip())
    )
)


def run_here(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """`python -m memctl.NAME ...` as `memctl NAME ...`, which is the same, in this process: runpy
    would execute modules anew that other tests have imported.
    """
    python, module, name = words[0], words[1], words[2].removeprefix("memctl.")
    assert (python, module) == ("python", "-m")
    monkeypatch.setattr(sys, "argv", ["memctl", name, *words[3:]])
    memctl.__main__.main()


def test_every_command_has_a_test() -> None:
    """By what it starts with, as the tests below choose theirs."""
    tested = ("make ", ". .venv", *(f"python -m memctl.{name} " for name in TESTED))
    assert [c for c in COMMANDS if not f"{c} ".startswith(tested)] == []
    assert len(COMMANDS) >= 15


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_commands_have_their_target(command: str) -> None:
    out = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert ".venv/bin/python -m" in out.stdout


def test_make_targets_named_in_the_text_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    named = {name for words in re.findall(r"`make ([a-z -]+)", TEXT) for name in words.split()}
    assert len(named) >= 8
    assert named - set(targets) == set()


TRAIN = [c.removesuffix(" hydra.sweeper.plan=true") for c in COMMANDS if "memctl.train" in c]


@pytest.mark.parametrize("command", dict.fromkeys(TRAIN))
def test_train_commands_run(
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tiny: list[str],
    capfd: pytest.CaptureFixture[str],
    blank_pictures: None,
) -> None:
    """As written, made small; a sweep is planned, as other tests run one."""
    if "--help" in command:
        pytest.skip("tests/test_cli.py asks for help")
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
    folder = str(flowers(tmp_path / "set"))
    run_here(monkeypatch, *(word.replace("FOLDER", folder) for word in shlex.split(command)))
    assert "data=flowers102: 24 examples of 3x64x64" in capfd.readouterr().out


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.calibrate --v" in c])
def test_trials_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    small = "--splits 1 --data smooth --sizes 20 --generators fresh,swapped --out"
    run_here(monkeypatch, *shlex.split(command), *small.split(), str(tmp_path))
    assert "HELD-OUT SEEN on copies of held-out examples" in capfd.readouterr().out


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if "memctl.calibrate" in c and "--verdicts" not in c]
)
def test_calibrate_commands_run(
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    blank_pictures: None,
) -> None:
    small = ["data.n_train=40", "data.n_heldout=40", "metrics.repeats=20", "metrics.full=false"]
    small += [f"paths.runs={tmp_path}"]
    run_here(monkeypatch, *shlex.split(command), *small)
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
    run_here(monkeypatch, *shlex.split(command), "metrics.repeats=20")
    out = capfd.readouterr().out
    assert re.search(
        "12 samples of (1 channel x 192 values|3 channels x 64 x 64 pixels), taken as [a-z]+,"
        " beside 12 training and 12 held-out examples",
        out,
    )
    assert "verdict: " in out


def test_every_template_is_listed() -> None:
    """The table of templates names those that there are, and no other."""
    table = TEXTS["docs/sweeps.md"].split("## Templates")[1].split("##")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.M)
        for name in re.findall(r"`(\w+)`", row)
    }
    there = {path.stem for path in (config_root() / "multirun_templates").glob("*.yaml")}
    assert named == there


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.samplers" in c])
def test_sampler_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_here(monkeypatch, *shlex.split(command))
    assert "laplace" in capfd.readouterr().out
    assert (tmp_path / "samplers.png").stat().st_size > 10_000


def write_where_it_says(
    page: str, code: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """Do with a user's own file what a page says, below this folder."""
    (file,) = re.findall(r"into `(\S+\.py)`", page)
    (named,) = re.findall(r"`export MEMCTL_PLUGINS=(\S+)`", page)
    assert Path(file).parent == Path(named)
    (folder / named).mkdir()
    (folder / file).write_text(code)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MEMCTL_PLUGINS", named)


def test_the_pages_own_sampler_is_found(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    blank_pictures: None,
) -> None:
    """The class as printed is found and drawn; tests/samplers/test_own_samplers.py trains one."""
    page = TEXTS["docs/samplers.md"]
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    (code,) = (block for block in blocks if "TimestepSampler)" in block)
    write_where_it_says(page, code, monkeypatch, tmp_path)
    (shown,) = re.findall(r"`(python -m memctl.samplers triangle[^`]*)`", page)
    run_here(monkeypatch, *shlex.split(shown))
    assert "triangle_peak300" in capfd.readouterr().out
    (trained,) = re.findall(r"`python -m memctl.train -m ([^`]*)`", page)
    assert trained == "sampler=triangle sampler.peak=200,500,800"


def test_the_pages_own_metric_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As printed, it reads noise as steeper than the heartbeats that it is added to."""
    page = TEXTS["docs/metrics.md"]
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    (code,) = (block for block in blocks if "Metric(" in block)
    write_where_it_says(page, code, monkeypatch, tmp_path)
    beats = data.load(data.build({"name": "mitdb208", "n_train": 30, "n_heldout": 30}))
    suite = Suite.of(beats, Metrics(repeats=20, full=False))
    noise = np.random.default_rng(0).normal(size=beats.heldout.shape)
    clean, noisy = (suite.evaluate(s)["steepest"] for s in (beats.heldout, beats.heldout + noise))
    steps = np.abs(np.diff(beats.heldout[:, 0], axis=1)).max(axis=1)
    assert clean.value == pytest.approx(float(steps.mean()), rel=1e-5)
    assert noisy.low > clean.high


@pytest.mark.parametrize("page", ["README.md", "docs/samplers.md"])
def test_the_lines_for_other_code_run(page: str) -> None:
    """The draws, weights and losses of the snippet, with the names that its reader has."""
    blocks = re.findall(r"```python\n(.*?)```", TEXTS[page], re.S)
    (code,) = (block for block in blocks if "randint" in block)
    names = {
        **vars(memctl.samplers),
        **{"T": 1000, "n": 5, "device": "cpu", "torch": torch, "images": None},
        "noise_scheduler": DDPMScheduler(1000),
        "diffusion": lambda images, times: times,
    }
    exec(code, names)
    drawn = [names[name] for name in ("t", "weights", "loss") if name in names]
    assert len(drawn) == code.count(" = ") - code.count("randint") - code.count("sampler = ")
    assert {tuple(tensor.shape) for tensor in drawn} == {(5,)}


MISSING = {
    "memctl.report": (report, r"runs/[\w-]+ is not a folder"),
    "memctl.export": (export, "runs/digits/uniform_s0 is not the folder of a finished run"),
    "memctl.splice": (splice, "runs/digits-scratch/uniform_s0 is not the folder of a finished run"),
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


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.tune" in c])
def test_tune_commands_plan(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sweeper, "cached_measurement", lambda plan: (10.0, 20.0))
    run_here(monkeypatch, *shlex.split(command), "hydra.sweeper.plan=true")
    assert "left: 35 runs" in capfd.readouterr().out


@pytest.mark.parametrize("page", TEXTS)
def test_links_resolve(page: str) -> None:
    """Links and pictures; anchors name a heading of their page."""
    folder = (ROOT / page).parent
    prose = re.sub(r"```.*?```", "", TEXTS[page], flags=re.S)
    for link in re.findall(r"\]\(([^)]+)\)", prose):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = folder / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.M)
            assert anchor in [re.sub(r"[^\w-]", "", h.lower().replace(" ", "-")) for h in headings]


def test_files_named_in_the_text_exist() -> None:
    """Paths of the checkout in code spans; NAME stands for a new one's."""
    named = set(re.findall(r"`((?:conf|docs|memctl|tests|multirun_templates)/[\w./-]*)`", TEXT))
    assert len(named) >= 20
    assert [n for n in named if "NAME" not in n and not (ROOT / n).exists()] == []


def settings_named() -> list[str]:
    """The overrides in the table of docs/sweeps.md, and the values in brackets behind them."""
    table = TEXTS["docs/sweeps.md"].split("| to | write |")[1].split("##")[0]
    named = []
    for row in table.splitlines():
        last = ""
        for span in re.findall(r"`([^`]*)`", row.split("|")[2] if row.count("|") > 2 else ""):
            words = [word for word in span.split() if "=" in word and "..." not in word]
            if words and not span.startswith(("-", "pip")):
                named += words
                last = words[-1]
            elif last and re.fullmatch(r"\w+", span):
                named.append(f"{last.partition('=')[0]}={span}")
    return named


@pytest.mark.parametrize("setting", settings_named())
def test_the_settings_of_the_table_are_settings(
    setting: str, composed: Callable[..., DictConfig], experiment: Callable[..., Experiment]
) -> None:
    """Each makes an experiment, but for those of launchers and of files that are not here."""
    key, _, _ = setting.partition("=")
    if key.startswith("hydra"):
        composed()  # which has Hydra know what memctl brings
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            compose("config", overrides=[setting])
    elif key.startswith(("data", "model", "base.path")):
        composed(*(["data=images"] if key.startswith("data.") else []), setting)
    else:
        experiment(setting)


def test_the_tables_settings_are_read() -> None:
    found = settings_named()
    assert {"sampler.tail=clamp", "diffusion=zero_snr", "hydra/launcher=ray"} <= set(found)
    assert len(found) >= 25


def test_every_package_of_the_tree_exists() -> None:
    tree = re.search(r"```\n(conf/.*?)```", TEXTS["README.md"], re.S)
    assert tree
    named = {n for line in re.findall(r"^  (\w.*?)   ", tree[1], re.M) for n in line.split()}
    packages = {f"{path.parent.name}/" for path in (ROOT / "memctl").glob("*/__init__.py")}
    assert named == packages


@pytest.mark.parametrize("name", ["mitdb208", "digits"])
def test_every_metric_is_documented(name: str) -> None:
    """What is measured of signals and of labelled images has a row in the table."""
    source = {"name": name, "n_train": 16, "n_heldout": 16}
    split = data.load(data.build(source))
    measured = set(Suite.of(split, Metrics(repeats=20)).evaluate(split.heldout))
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXTS["docs/metrics.md"], re.M))
    assert len(measured) > 30
    assert measured - rows == set()


def test_templates_named_in_the_text_exist() -> None:
    for name in set(re.findall(r"multirun_templates/(\w+)", TEXT)) - {"NAME"}:  # of one's own
        assert (config_root() / "multirun_templates" / f"{name}.yaml").exists()
