"""Every file of conf/ and multirun_templates/ composes, and what it chooses can be built."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from memctl import data, models, registry, samplers
from memctl.config import WEIGHTINGS, Config, Metrics, Weighting
from memctl.config.ranges import RANGES
from memctl.diffusion.weighting import loss_weights
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.paths import config_root
from memctl.samplers import NoiseSchedule
from memctl.sweep.grid import axes
from memctl.sweep.plan import make_plan
from tests import compositions
from tests.conftest import installed

ROOT = config_root()
TABLES = {"data": data.SOURCES, "model": models.MODELS, "sampler": samplers.SAMPLERS}
REGISTERED = [(group, name) for group, table in TABLES.items() for name in table]
OPTIONS = [f"{path.parent.name}={path.stem}" for path in sorted((ROOT / "conf").glob("*/*.yaml"))]
CHOICES = {
    folder.name: sorted(
        {path.stem for path in folder.glob("*.yaml")} | {*TABLES.get(folder.name, ())}
    )
    for folder in sorted((ROOT / "conf").iterdir())
    if folder.is_dir()
}
TEMPLATES = [path.stem for path in sorted((ROOT / "multirun_templates").glob("*.yaml"))]


def amid_others(group: str, name: str) -> list[str]:
    """A choice, with one of each other group at the same place: so all choices are in some twenty
    configs, each of which takes Hydra a tenth of a second. An experiment sets what it likes, and
    stands alone.
    """
    if group == "experiment":
        return [f"{group}={name}"]
    place = CHOICES[group].index(name)
    others = {key: names for key, names in CHOICES.items() if key != "experiment"}
    return [f"{key}={names[place % len(names)]}" for key, names in others.items()]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes(composed: Callable[..., DictConfig], option: str) -> None:
    overrides = amid_others(*option.split("="))
    assert option in overrides
    assert composed(*overrides, "ci.low=100", "ci.high=200").ci.low == 100


def test_a_composition_that_is_kept_is_hydras_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """See tests/compositions.py."""
    installed()
    GlobalHydra.instance().clear()
    texts = ["experiment=smoke", "sampler=band", "sampler.low=3", "hydra.verbose=true"]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        kept = [compose("config", texts, return_hydra_config=True) for _ in range(2)]
        monkeypatch.setattr(compositions, "place", lambda repo: None)
        own = compose("config", texts, return_hydra_config=True)
    for found in kept:
        assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(own)


def test_every_weighting_has_a_config() -> None:
    assert {option for option in OPTIONS if option.startswith("weighting=")} == {
        f"weighting={name}" for name in WEIGHTINGS
    }


@pytest.mark.parametrize(("group", "name"), REGISTERED)
def test_every_registered_class_is_a_choice_with_all_its_fields(
    composed: Callable[..., DictConfig], group: str, name: str
) -> None:
    """With the class's defaults, where conf/ has nothing else; the sampler's use among them."""
    node = registry.defaults(group, TABLES[group][name], given=samplers.GIVEN)
    use = samplers.USE if group == "sampler" else {}
    chosen = amid_others(group, name)
    cfg = OmegaConf.to_container(composed(*chosen)[group])
    file = ROOT / "conf" / group / f"{name}.yaml"
    changed = OmegaConf.to_container(OmegaConf.load(file)) if file.is_file() else {}
    changed.pop("defaults", None)
    assert cfg == OmegaConf.to_container(OmegaConf.create({**node, **use, **changed}))
    other = composed(*chosen, *(f"{group}.{key}=7" for key in cfg))
    assert OmegaConf.to_container(other[group]) == dict.fromkeys(cfg, 7)


@pytest.mark.parametrize("option", OPTIONS)
def test_no_file_of_conf_repeats_a_default(option: str) -> None:
    """A group's file has the name of its choice, and what is not as the class has it."""
    group, name = option.split("=")
    if group in ("experiment", "start") or option == "sampler=none":
        return
    written = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / group / f"{name}.yaml"))
    if group in TABLES:
        (schema,) = written.pop("defaults")
        kind = TABLES[group][schema.removeprefix("schema/")]
        known = {**registry.defaults(group, kind, given=samplers.GIVEN), **samplers.USE}
    else:
        known = OmegaConf.to_container(OmegaConf.structured(Config)[group])
        written.pop(
            {
                "diffusion": "schedule",
                "generate": "method",
                "weighting": "name",
                "logger": "mode",
            }.get(group),
            None,
        )
    assert {key: value for key, value in written.items() if value == known[key]} == {}


def test_the_config_itself_repeats_no_default() -> None:
    known = OmegaConf.to_container(OmegaConf.structured(Config))
    written = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "config.yaml"))
    for group in set(written) - {"defaults", "hydra"}:
        assert {k: v for k, v in written[group].items() if v == known[group][k]} == {}


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_composes(
    composed: Callable[..., DictConfig], template: str, tmp_path: Path
) -> None:
    cfg = composed(f"paths.data={tmp_path}", config_name=f"multirun_templates/{template}")
    assert cfg.base.epochs >= 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_says_its_purpose_and_command(template: str) -> None:
    text = (ROOT / "multirun_templates" / f"{template}.yaml").read_text()
    assert f"-cn multirun_templates/{template}" in text.split("defaults:")[0]


def test_every_checked_key_exists_and_its_default_is_in_range(
    composed: Callable[..., DictConfig],
) -> None:
    cfg = composed("ci.low=100", "ci.high=200")
    for key, valid, _ in RANGES:
        assert valid(OmegaConf.select(cfg, key, throw_on_missing=True)), key


def test_the_defaults_are_the_papers(composed: Callable[..., DictConfig]) -> None:
    """The paper's section 5: lr 1e-3 for the base, 30 epochs of 1e-4 for control, 50 % coverage, T
    = 1000, 1,000 samples.
    """
    e = Experiment.of(composed("ci.low=100", "ci.high=200"))
    c = e.config
    assert (c.base.lr, c.control.epochs, c.control.lr, c.ci.coverage) == (1e-3, 30, 1e-4, 0.5)
    assert (c.diffusion.timesteps, c.generate.samples, c.generate.method, c.generate.steps) == (
        1000,
        1000,
        "ddim",
        50,
    )
    assert composed("data=ecg5000").base.epochs == 50


Make = Callable[..., Experiment]
DIFFUSIONS = [option.partition("=")[2] for option in OPTIONS if option.startswith("diffusion=")]
PREDICTIONS = ["epsilon", "sample", "v_prediction"]


@pytest.mark.parametrize(
    ("diffusion", "name"),
    [
        *(("zero_snr", name) for name in samplers.SAMPLERS),
        *((d, "laplace") for d in DIFFUSIONS if d != "zero_snr"),
    ],
)
def test_a_sampler_fits_a_diffusion(
    composed: Callable[..., DictConfig],
    experiment: Make,
    diffusion: str,
    name: str,
    tmp_path: Path,
) -> None:
    """It takes the diffusion's steps and noise schedule, and can be drawn from."""
    (tmp_path / "p.csv").write_text(" ".join(["1"] * 50))
    more = {
        "table": [f"sampler.path={tmp_path}/p.csv"],
        "fixed": ["sampler.t=50"],
        "interval": ["ci.low=10", "ci.high=30"],
        "switch": ["ci.low=10", "ci.high=30"],
    }.get(name, [])
    more += ["sampler.of={name: interval, low: 1, high: 20}"] if name == "mirror" else []
    chosen = composed(f"diffusion={diffusion}").diffusion  # as values: they take no composing
    made = experiment(
        *(f"diffusion.{key}={value}" for key, value in chosen.items()),
        "diffusion.timesteps=50",
        "generate.steps=4",
        f"sampler={name}",
        *more,
    )
    assert made.sampler.timesteps == 50
    assert made.sampler.pmf.sum() == pytest.approx(1)
    if hasattr(made.sampler, "schedule"):
        assert made.sampler.schedule == NoiseSchedule.from_config(made.config.diffusion)
        assert made.sampler.schedule.schedule == made.config.diffusion.schedule
    assert made.schedule_sampler.mode == ("correct" if name == "loss_second_moment" else "sample")
    assert made.schedule_sampler.sample(8)[0].max() < 50


@pytest.mark.parametrize("diffusion", DIFFUSIONS)
def test_a_diffusion_allows_every_prediction_and_zero_terminal_snr_but_for_the_noise(
    composed: Callable[..., DictConfig], diffusion: str
) -> None:
    cfg = composed(f"diffusion={diffusion}", "sampler=uniform")
    for zero in (False, True):
        for prediction in PREDICTIONS:
            cfg.diffusion.zero_terminal_snr, cfg.diffusion.prediction = zero, prediction
            if zero and prediction == "epsilon":
                with pytest.raises(
                    UserError,
                    match=(
                        r"leaves no signal at t = T.*set diffusion\.prediction=v_prediction \(or"
                        r" sample\)"
                    ),
                ):
                    Experiment.of(cfg)
                continue
            made = Experiment.of(cfg).config.diffusion
            assert (made.prediction, made.zero_terminal_snr) == (prediction, zero)
            log_snr = NoiseSchedule.from_config(made).log_snr
            assert np.isfinite(log_snr[:-1]).all()
            assert (log_snr[-1] == -np.inf) == zero


def test_only_a_schedule_without_terminal_signal_predicts_other_than_noise(
    composed: Callable[..., DictConfig],
) -> None:
    found = {
        diffusion: composed(f"diffusion={diffusion}", "sampler=uniform").diffusion.prediction
        for diffusion in DIFFUSIONS
    }
    assert found == {
        diffusion: "v_prediction" if diffusion == "zero_snr" else "epsilon"
        for diffusion in DIFFUSIONS
    }


def test_diffusions_are_other_sciences(experiment: Make) -> None:
    made = [experiment(f"diffusion={diffusion}", "sampler=uniform") for diffusion in DIFFUSIONS]
    assert len({e.keys["base"] for e in made}) == len(DIFFUSIONS)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_every_weighting_is_one_override(experiment: Make, name: str) -> None:
    made = experiment(f"weighting={name}")
    assert made.config.weighting.name == name
    w = loss_weights(
        made.config.weighting, "epsilon", NoiseSchedule.from_config(made.config.diffusion).log_snr
    )
    assert np.isfinite(w).all()
    assert made.science["weighting"]["name"] == name


def test_weightings_have_the_constants_of_their_papers(experiment: Make) -> None:
    assert experiment("weighting=min_snr").config.weighting == Weighting("min_snr", gamma=5)
    assert experiment("weighting=soft_min_snr").config.weighting.gamma == 4
    p2 = experiment("weighting=p2").config.weighting
    assert (p2.gamma, p2.k) == (1, 1)


def test_weighting_and_use_are_science_of_the_run_and_not_of_the_base(
    composed: Callable[..., DictConfig],
) -> None:
    made = []
    for key, value in {
        "seed": 0,
        "weighting.name": "p2",
        "sampler.mode": "weight",
        "sampler.clip": 2.0,
        "sampler.stratified": True,
    }.items():
        cfg = composed("sampler=beta")
        OmegaConf.update(cfg, key, value)
        made.append(Experiment.of(cfg))
    cfg.weighting.name, cfg.weighting.gamma = "p2", 0.5
    made.append(Experiment.of(cfg))
    assert len({e.fingerprint for e in made}) == len(made)
    assert len({e.keys["base"] for e in made}) == 1


LATER = {  # settings that runs were made without
    "base.weight_decay": 0.1,
    "control.weight_decay": 0.1,
    "model.dropout": 0.1,
}


@pytest.mark.parametrize("key", LATER)
def test_a_later_setting_is_science_only_where_it_is_used(experiment: Make, key: str) -> None:
    group, name = key.split(".")
    plain, used = experiment(), experiment(f"{key}={LATER[key]}")
    assert name not in plain.science[group]
    assert used.science[group] == plain.science[group] | {name: LATER[key]}
    assert used.fingerprint != plain.fingerprint


WRONG = {
    "mode": (
        ["sampler.mode=importance"],
        "sampler.mode=importance must be sample, weight or correct",
    ),
    "clip": (["sampler.clip=-1"], "sampler.clip=-1 must be positive"),
    "stratified": (["sampler.stratified=maybe"], "sampler.stratified=maybe must be true or false"),
    "weighting": (
        ["weighting.name=max_snr"],
        "weighting.name=max_snr must be none, min_snr, soft_min_snr, p2, snr or debiased",
    ),
    "gamma": (["weighting=min_snr", "weighting.gamma=0"], "weighting.gamma=0.0 must be positive"),
    "k": (["weighting=p2", "weighting.k=-1"], "weighting.k=-1.0 must be positive"),
    "prediction": (
        ["diffusion.prediction=noise"],
        "diffusion.prediction=noise must be epsilon, sample or v_prediction",
    ),
    "schedule": (
        ["diffusion.schedule=cosine"],
        "diffusion.schedule=cosine must be linear, scaled_linear, squaredcos_cap_v2 or sigmoid",
    ),
    "steps": (
        ["sampler=uniform", "+sampler.timesteps=20"],
        "sampler.timesteps=20 is not diffusion.timesteps=1000; set the latter alone",
    ),
    "steps of a schedule": (
        ["sampler=laplace", "+sampler.timesteps=20"],
        "the noise schedule has 1000 steps, sampler=laplace 20",
    ),
    "no table": (["sampler=table"], "sampler.path is not given"),
    "number": (["sampler=laplace", "sampler.b=narrow"], "sampler.b='narrow' is not a number"),
    "range": (["sampler=beta", "sampler.alpha=0"], "sampler.alpha=0 must be positive"),
    "parts": (
        ["sampler=mixture", "sampler.parts=[{name: laplas}]"],
        "sampler=laplas is unknown (did you mean laplace?)",
    ),
    "weights": (
        ["sampler=mixture", "sampler.weights=[1]"],
        "sampler.weights=[1] must be 2 numbers",
    ),
}


@pytest.mark.parametrize(("overrides", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_is_refused_by_its_key(
    experiment: Make, overrides: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        experiment(*overrides)


@pytest.fixture
def swept(
    composed: Callable[..., DictConfig], tiny: list[str], tmp_path: Path
) -> Callable[..., list[Experiment]]:
    """The runs of a sweep over these values, as its plan has them."""

    def runs(*overrides: str) -> list[Experiment]:
        compose = lambda job: composed(*tiny, f"paths.runs={tmp_path / 'runs'}", *job)
        return [
            run.experiment
            for run in make_plan(
                axes(OverridesParser.create().parse_overrides(list(overrides))), [], compose
            ).runs
        ]

    return runs


SWEEPS = {
    "mode": ["sampler=beta", "sampler.mode=sample,weight,correct"],
    "mode of cells": ["ci.low=100,200", "ci.high=300", "sampler.mode=sample,weight"],
    "clip": ["sampler=beta", "sampler.mode=correct", "sampler.clip=5.5,null"],
    "stratified": ["sampler=uniform", "sampler.stratified=true,false"],
    "samplers": ["sampler=uniform,lognormal,loss_second_moment,mixture,fixed"],
    "numbers": ["sampler=laplace", "sampler.mu=-2,1.5", "sampler.b=0.25,1"],
    "parts": ["sampler=mixture", "sampler.weights=[3,1],[1,3]"],
    "steps": ["sampler=fixed", "sampler.t=1,2,20"],
    "schedules": ["sampler=laplace", "diffusion=linear,cosine"],
    "predictions": ["sampler=uniform", "diffusion.prediction=epsilon,v_prediction"],
    "weightings": ["sampler=uniform", "weighting=none,min_snr"],
}


@pytest.mark.parametrize("overrides", SWEEPS.values(), ids=SWEEPS.keys())
def test_the_runs_of_a_sweep_have_folders_of_their_own(
    swept: Callable[..., list[Experiment]], overrides: list[str]
) -> None:
    runs = swept(*overrides)
    expected = np.prod([len(re.sub(r"\[.*?\]", "x", text).split(",")) for text in overrides])
    assert (
        len({run.folder.path for run in runs})
        == len({run.fingerprint for run in runs})
        == len(runs)
        == expected
    )
    assert all(re.fullmatch(r"[A-Za-z0-9._+-]+", run.name) for run in runs)


def test_the_names_of_modes(swept: Callable[..., list[Experiment]]) -> None:
    names = [
        run.name for run in swept("sampler=beta", "sampler.mode=sample,weight,correct", "seed=4")
    ]
    assert names == ["beta_s4", "beta_weight_s4", "beta_correct_s4"]


def test_a_table_is_its_content_wherever_it_lies(
    experiment: Make, swept: Callable[..., list[Experiment]], tmp_path: Path
) -> None:
    for name, first in {"a.csv": 1, "b.csv": 1, "c.csv": 2}.items():
        (tmp_path / name).write_text(" ".join(map(str, [first] + [1] * 999)))
    a, b, c = (
        experiment("sampler=table", f"sampler.path={tmp_path / name}")
        for name in ("a.csv", "b.csv", "c.csv")
    )
    assert a.science == b.science
    assert a.fingerprint == b.fingerprint != c.fingerprint
    assert a.name == b.name != c.name
    assert a.keys["base"] == c.keys["base"]
    paths = ",".join(str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv"))
    assert [run.name for run in swept("sampler=table", f"sampler.path={paths}")] == [a.name, c.name]


def test_a_constant_that_a_weighting_does_not_use_makes_no_other_run(experiment: Make) -> None:
    assert (
        experiment("weighting=snr").fingerprint
        == experiment("weighting=snr", "weighting.gamma=4").fingerprint
    )


def test_a_message_names_presets_that_are_there() -> None:
    assert {f"unet2d_{size}" for size in models.PRESETS} == {
        path.stem for path in (ROOT / "conf" / "model").glob("unet2d_*.yaml")
    }


def test_a_base_forgets_its_random_start_and_a_control_keeps_its_average(
    composed: Callable[..., DictConfig],
) -> None:
    cfg = composed()
    assert (cfg.base.ema_warmup, cfg.control.ema_warmup) == (True, False)


def test_every_switch_of_the_metrics_is_used() -> None:
    """By a choice of conf/metrics that a template or page names, or on a page."""
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "multirun_templates").glob("*.yaml")]
    text = "".join(page.read_text() for page in pages)
    choices = {path.stem: OmegaConf.load(path) for path in (ROOT / "conf/metrics").glob("*.yaml")}
    used = {key for name, choice in choices.items() for key in choice if name in text}
    for field in fields(Metrics):
        assert field.name in used or f"metrics.{field.name}=" in text, field.name


def test_a_path_in_any_setting_may_begin_with_the_home_folder(
    memctl_here: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The shell leaves ~ behind =, and Hydra's grammar and folders know none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEMCTL_DATA", "~/data")
    typed = ["data.path=~/x.csv", "base.path=~", "paths={runs: '~/runs'}"]
    code, out = memctl_here("train", "data=ecg5000", *typed, "--cfg", "all", "--resolve")
    assert code == 0, out
    cfg = OmegaConf.create(out[out.index("hydra:") :])
    assert cfg.data.path == str(tmp_path / "x.csv")
    assert cfg.base.path == str(tmp_path)
    assert cfg.paths == {"runs": str(tmp_path / "runs"), "data": str(tmp_path / "data")}
    assert cfg.hydra.sweep.dir.startswith(str(tmp_path / "runs"))
