"""What many tests need: composing configs, and an experiment of seconds on a corner of the bundled
data.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

# Before torch is imported, here and in every process a test starts: on few cores several times two
# threads only wait.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import pytest
from filelock import FileLock
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from memctl import __main__
from memctl.experiment import Experiment
from memctl.paths import config_root
from memctl.sweep.plugins import install

TINY = [
    "data.n_train=24", "data.n_heldout=24", "model.channels=[4,8]", "model.attention=[1]",
    "base.epochs=2", "base.batch_size=8", "control.epochs=3", "control.batch_size=8",
    "generate.steps=4", "generate.samples=16", "generate.batch_size=8", "metrics.repeats=20",
    "metrics.full=false", "probe.examples=0", "logger.mode=disabled",
    "trainer.checkpoint_seconds=1e-9", "trainer.base_threads=1",
]  # fmt: skip


@pytest.fixture
def tiny() -> list[str]:
    """Overrides that make any experiment small; it saves its state at every step."""
    return list(TINY)


@pytest.fixture
def composed() -> Callable[..., DictConfig]:
    """Composes a config of conf/, or of a template, from overrides."""

    def make(*overrides: str, config_name: str = "config") -> DictConfig:
        return deepcopy(composed_once(config_name, overrides))

    return make


@cache
def composed_once(config_name: str, overrides: tuple[str, ...]) -> DictConfig:
    """Hydra takes a tenth of a second, and most tests ask for the same."""
    install()
    with initialize_config_dir(str(config_root() / "conf"), version_base="1.3"):
        return compose(config_name, overrides=list(overrides))


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

    install()  # what Hydra and memctl bring stays
    known = deepcopy(ConfigStore.instance().repo)
    yield run
    ConfigStore.instance().repo = known


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
            run.run(Experiment.of(composed_once("config", overrides)))
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
