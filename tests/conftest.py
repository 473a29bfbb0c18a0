"""What many tests need: composing configs, and an experiment of seconds on a corner of the bundled
data.
"""

import os
from collections.abc import Callable
from pathlib import Path

# Before torch is imported, here and in every process a test starts: on few cores several times two
# threads only wait.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

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
    install()

    def make(*overrides: str, config_name: str = "config") -> DictConfig:
        with initialize_config_dir(str(config_root() / "conf"), version_base="1.3"):
            return compose(config_name, overrides=list(overrides))

    return make


@pytest.fixture
def experiment(composed: Callable[..., DictConfig], tmp_path: Path) -> Callable[..., Experiment]:
    """Makes a tiny experiment that works in the test's own folder."""

    def make(*overrides: str, runs: Path | None = None) -> Experiment:
        return Experiment.of(
            composed(
                *TINY,
                f"paths.runs={runs or tmp_path / 'runs'}",
                "ci.low=700",
                "ci.high=1000",
                *overrides,
            )
        )

    return make
