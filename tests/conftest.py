"""What many tests need: composing configs, and an experiment of seconds on a corner of the bundled
data.
"""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

MEMORY = Path("/dev/shm")
# Before torch is imported, here and in every process a test starts: on few cores several times two
# threads only wait.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
# A run waits until each of its files is on the disk, some thirty times: in memory that is a moment.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4e9:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
# Torch and pandas leave a million objects, which each search for garbage looks through: at Python's
# own pace that is an eighth of the time. See also `pytest_collection_finish`.
gc.set_threshold(100_000, 10, 10)

import pytest
from filelock import FileLock
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, open_dict

from memctl import __main__
from memctl.experiment import Experiment
from memctl.paths import config_root
from memctl.sweep import devices
from memctl.sweep.compose import Composer
from memctl.sweep.plugins import install
from tests import compositions
from tests.children import FIGURES, draw_blank, save_blank

TINY = [
    "data.n_train=24", "data.n_heldout=24", "model.channels=[4,8]", "model.attention=[1]",
    "base.epochs=2", "base.batch_size=8", "control.epochs=3", "control.batch_size=8",
    "generate.steps=4", "generate.samples=16", "generate.batch_size=8", "metrics.repeats=20",
    "metrics.full=false", "probe.examples=0", "logger.mode=disabled",
    "trainer.base_threads=1",
]  # fmt: skip
# Where one test takes seconds, or starts processes; those that share a fork server together.
FIRST = (
    "test_shell.py",
    "test_cli.py",
    "test_own_samplers.py",
    "test_stops.py",
    "test_run.py",
    "test_plan.py",
    "test_install.py",
    "test_examples.py",
    "test_launcher.py",
    "test_sections.py",
    "test_docs.py",
    "test_readme.py",
    "test_configs.py",
)
compositions.keep()
LONG = pytest.mark.long
BLANK = pytest.mark.usefixtures("blank_pictures")  # of tests that look at no picture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first. Each worker begins with a stretch of the list, and who is done takes from
    the end of another's: a long test at the end would be waited for by all.
    """
    rank = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(FIRST)))


def pytest_collection_finish() -> None:
    """What is imported stays: the searches for garbage, of which pytest ends with several, need not
    look at it.
    """
    gc.freeze()


@pytest.fixture
def tiny() -> list[str]:
    """Overrides that make any experiment small."""
    return list(TINY)


@pytest.fixture
def composed() -> Callable[..., DictConfig]:
    """Composes a config of conf/, or of a template, from overrides."""

    return lambda *overrides, config_name="config": composer(config_name)(overrides)


@cache
def composer(config_name: str) -> Composer:
    """A sweep's, which takes a tenth of Hydra's time where only values differ."""
    installed()
    with initialize_config_dir(str(config_root() / "conf"), version_base="1.3"):
        master = compose(config_name, return_hydra_config=True)
        made = Composer(GlobalHydra.instance().config_loader(), master)
    plain = deepcopy(master)
    with open_dict(plain):
        del plain["hydra"]
    made.composed[()] = plain  # what it would compose without overrides
    return made


@cache
def installed() -> None:
    """Have Hydra know, in this process, what memctl brings."""
    install()


@pytest.fixture
def experiment(composed: Callable[..., DictConfig], tmp_path: Path) -> Callable[..., Experiment]:
    """Makes a tiny experiment that works in the test's own folder."""

    def make(*overrides: str, runs: Path | None = None) -> Experiment:
        cfg = composed(*TINY, "ci.low=700", "ci.high=1000", *overrides)
        cfg.paths.runs = str(runs or tmp_path / "runs")
        return Experiment.of(cfg)

    return make


@pytest.fixture
def memctl(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """`memctl` with these arguments, in this process: its exit code, and all that it printed. What
    Hydra learns on the way, such as samplers of one's own, it forgets after the test.
    """

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["memctl", *arguments])
        GlobalHydra.instance().clear()
        code = 0
        try:
            __main__.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1 if end.code else 0
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        captured = capfd.readouterr()
        return code, captured.out + captured.err

    installed()
    known = branches(ConfigStore.instance().repo)
    yield run
    ConfigStore.instance().repo = known


@pytest.fixture
def memctl_here(
    memctl: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """`memctl` in an empty folder, where runs/ and what is the user's own lie."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MEMCTL_PLUGINS", raising=False)
    return memctl


@pytest.fixture
def made_up_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch can use whatever GPUs a test names."""
    ask = lambda names: tuple(devices.Card(name, memory=int(80e9)) for name in names)
    monkeypatch.setattr(devices, "ask", ask)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a shell script of this name and text before all other programs."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def write(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    return write


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes files into a new folder, and makes it the one that MEMCTL_PLUGINS names."""

    def write(*texts: str, folder: str = "own") -> Path:
        (tmp_path / folder).mkdir()
        for number, text in enumerate(texts):
            (tmp_path / folder / f"file{number}.py").write_text(dedent(text))
        monkeypatch.setenv("MEMCTL_PLUGINS", str(tmp_path / folder))
        return tmp_path / folder

    return write


def branches(tree: dict[str, Any]) -> dict[str, Any]:
    """A copy of Hydra's store with the very leaves, which it replaces and never changes."""
    return {k: branches(v) if isinstance(v, dict) else v for k, v in tree.items()}


@pytest.fixture
def blank_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's pictures are one pixel; others are drawn, but saved as one."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", save_blank)
    for name in FIGURES:
        monkeypatch.setattr(f"memctl.reporting.figures.{name}", draw_blank)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of a finished tiny cell, [700, 1000], made once for all processes of the session.
    It is to be copied, not changed: see `finished_run`.
    """
    from memctl.stages import run

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with FileLock(folder / "finished.lock"):
        if not (folder / "finished").exists():
            paths = f"paths.runs={folder / 'made'}"
            overrides = (*TINY, paths, "ci.low=700", "ci.high=1000")
            run.run(Experiment.of(composer("config")(overrides)))
            (folder / "made").rename(folder / "finished")
    return folder / "finished"


@pytest.fixture
def finished_run(
    finished: Path, experiment: Callable[..., Experiment]
) -> Callable[..., Experiment]:
    """Makes a tiny experiment that finds the finished cell's runs where it works: base, yardsticks
    and, with nothing overridden, all of it.
    """

    def make(*overrides: str, runs: Path | None = None) -> Experiment:
        made = experiment(*overrides, runs=runs)
        shutil.copytree(finished, made.runs, dirs_exist_ok=True)
        return made

    return make


@pytest.fixture
def keyless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No W&B key, and no way to one."""
    for name in (
        "WANDB_API_KEY",
        "WANDB_MODE",
        "WANDB_IDENTITY_TOKEN_FILE",
        "https_proxy",
        "HTTPS_PROXY",
        "http_proxy",
        "HTTP_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
