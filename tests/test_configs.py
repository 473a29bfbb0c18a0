"""Every file of conf/ and multirun_templates/ composes, and what it chooses can be built."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from memctl import data, models, samplers
from memctl.experiment import RANGES, Experiment
from memctl.paths import config_root

ROOT = config_root()
OPTIONS = [f"{path.parent.name}={path.stem}" for path in sorted((ROOT / "conf").glob("*/*.yaml"))]
TEMPLATES = [path.stem for path in sorted((ROOT / "multirun_templates").glob("*.yaml"))]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes(composed: Callable[..., DictConfig], option: str) -> None:
    cfg = composed(option, "ci.low=100", "ci.high=200", "data.path=x" if option == "data=signals" else "seed=0")
    assert cfg.ci.low == 100


@pytest.mark.parametrize("name", ["uniform", "interval", "none"])
def test_every_sampler_is_offered_in_conf(name: str) -> None:
    assert f"sampler={name}" in OPTIONS


def test_every_registered_object_has_a_config() -> None:
    for group, names in (("data", data.SOURCES), ("model", models.MODELS), ("sampler", samplers.SAMPLERS)):
        assert {f"{group}={name}" for name in names} <= set(OPTIONS)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_composes(composed: Callable[..., DictConfig], template: str, tmp_path: Path) -> None:
    cfg = composed(f"paths.data={tmp_path}", config_name=f"multirun_templates/{template}")
    assert cfg.base.epochs >= 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_says_its_purpose_and_command(template: str) -> None:
    text = (ROOT / "multirun_templates" / f"{template}.yaml").read_text()
    assert f"-cn multirun_templates/{template}" in text.split("defaults:")[0]


def test_every_checked_key_exists_and_its_default_is_in_range(composed: Callable[..., DictConfig]) -> None:
    from omegaconf import OmegaConf

    cfg = composed("ci.low=100", "ci.high=200")
    for key, valid, _ in RANGES:
        assert valid(OmegaConf.select(cfg, key, throw_on_missing=True)), key


def test_the_defaults_are_the_papers(composed: Callable[..., DictConfig]) -> None:
    """The paper's section 5: lr 1e-3 for the base, 30 epochs of 1e-4 for control, 50 % coverage, T = 1000, 1,000 samples."""
    e = Experiment.of(composed("ci.low=100", "ci.high=200"))
    c = e.config
    assert (c.base.lr, c.control.epochs, c.control.lr, c.ci.coverage) == (1e-3, 30, 1e-4, 0.5)
    assert (c.diffusion.timesteps, c.generate.samples, c.generate.method, c.generate.steps) == (1000, 1000, "ddim", 50)
    assert composed("data=ecg5000").base.epochs == 50
