"""The rivals' templates: each changes one thing, and all land beside each other in one sweep."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from memctl.analysis.controls import control, own_settings
from memctl.paths import TEMPLATES, config_root, template_names
from memctl.sweep.grid import axes
from memctl.sweep.plan import Plan, make_plan
from tests.conftest import LONG, composer

pytestmark = LONG

# What each changes against uniform t, as the front names it.
CONTROLS = {
    "rivals_data": {"data size"},
    "rivals_dropout": {"dropout"},
    "rivals_generation": {"generation"},
    "rivals_guidance": {"guidance"},
    "rivals_lr": {"learning rate"},
    "rivals_samplers": {"sampler", "sampler + use"},  # the adaptive one is corrected for
    "rivals_seeds": {"", "dropout", "data size", "interval"},  # "": uniform itself
    "rivals_size": {"network size"},
    "rivals_steps": {"training time"},
    "rivals_tails": {"interval"},
    "rivals_weight_decay": {"weight decay"},
    "rivals_weightings": {"weighting"},
    "why_bands": {"sampler"},
}
NUMBERS = {"Three": 3, "Four": 4, "Five": 5, "Eight": 8, "Nine": 9, "16": 16, "20": 20}


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {name: plan(f"{TEMPLATES}/{name}") for name in CONTROLS}


def plan(template: str) -> Plan:
    compose = composer(template)
    sweeper: Any = compose.master.hydra.sweeper
    texts = [f"{key}={value}" for key, value in sweeper.params.items()]
    swept = axes(OverridesParser.create().parse_overrides(texts))
    return make_plan(swept, sweeper.references, compose)


def test_every_rival_is_tested() -> None:
    assert {name for name in template_names() if name.startswith("rivals_")} < {*CONTROLS}
    made = re.search(r"for rival in (.*?); do", (config_root() / "Makefile").read_text())
    assert made is not None
    files = [path for pattern in made[1].split() for path in config_root().glob(pattern)]
    assert {path.stem for path in files} == {*CONTROLS}


def test_all_share_one_sweep_and_its_uniform_run(plans: dict[str, Plan]) -> None:
    assert {plan.directory.name for plan in plans.values()} == {"digits-rivals"}
    uniform = [
        {run.experiment.fingerprint for run in plan.runs if run.experiment.name == "uniform_s0"}
        for plan in plans.values()
    ]
    assert len(uniform[0]) == 1
    assert all(found == uniform[0] for found in uniform)


def test_no_two_runs_of_all_rivals_share_a_folder(plans: dict[str, Plan]) -> None:
    runs = [run.experiment for plan in plans.values() for run in plan.runs]
    names = {(run.name, run.fingerprint) for run in runs}
    assert len({name for name, _ in names}) == len({key for _, key in names}) == len(names)
    assert len(names) == len(runs) - len(plans) + 1  # but the uniform one


@pytest.mark.parametrize("name", CONTROLS)
def test_a_rival_changes_what_it_says_in_as_many_runs(plans: dict[str, Plan], name: str) -> None:
    found = {run.experiment.name: run.experiment.science for run in plans[name].runs}
    uniform = own_settings(found.pop("uniform_s0"))
    assert {control(own_settings(other), uniform) for other in found.values()} == CONTROLS[name]
    text = (config_root() / TEMPLATES / f"{name}.yaml").read_text()
    said = re.search(r"^# (\w+) runs and uniform", text, re.M)
    assert said is not None
    assert NUMBERS[said[1]] == len(found)


def test_the_regime_is_that_of_the_grid_from_scratch(
    plans: dict[str, Plan], composed: Callable[..., Any]
) -> None:
    grid = composed("sampler=uniform", config_name=f"{TEMPLATES}/scratch")
    uniform = next(r for r in plans["rivals_steps"].runs if r.experiment.name == "uniform_s0")
    config = uniform.experiment.config
    assert config.start == grid.start == "scratch"
    assert (config.base.steps, config.base.lr) == (grid.base.steps, grid.base.lr)
    assert config.data["n_train"] == grid.data.n_train
