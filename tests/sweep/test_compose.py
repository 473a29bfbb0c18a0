"""Composed configs as objects: the quick way gives what OmegaConf gives."""

import pytest
from omegaconf import OmegaConf

from memctl.errors import UserError
from memctl.sweep.compose import dependents, references
from tests.conftest import composer

# One after another of one composer, so that each meets what those before it have left.
JOBS = (
    ["ci.low=1", "ci.high=2"],
    ["ci.low=1", "ci.high=5"],
    ["ci.low=2"],
    [],
    ["ci.low=1", "ci.high=2", "sampler.tail=clamp"],
    ["sampler=uniform", "seed=3"],
    ["sampler=uniform", "seed=4", "control.lr=0.5", "control.steps=9"],
    ["start=scratch", "base.lr=0.5", "base.epochs=3"],
    ["start=scratch", "base.lr=0.25", "base.epochs=3", "sweep.tag=x"],
    ["start=scratch", "base.epochs=3", "data.base_epochs=8"],
    ["data.base_epochs=7", "ci.low=4"],
    ["data.base_epochs=9", "ci.low=4", "sweep.name=${data.name}-more"],
    ["data=digits", "model=unet2d_8", "model.channels=[8,16]", "data.n_train=9"],
    ["data=digits", "model=unet2d_8", "model.channels=[16,16]", "data.n_train=9"],
    ["sampler=mixture", "sampler.weights=[3,1]"],
    ["sampler=mixture", "sampler.weights=[1,3]"],
    ["sampler=mixture", "sampler.parts.0.name=beta"],
    ["ci.low=${ci.high}", "ci.high=7"],
    ["ci.low=null", "ci.high=7"],
    ["seed=1", "sampler=uniform", "seed=2"],  # the last counts
    ["seed=2", "sampler=uniform", "seed=1"],
    ["seed=2", "sampler=uniform", "seed=3"],
    ["seed=3", "sampler=uniform", "seed=2"],
    ["sampler=uniform", "base={lr: 0.5}", "base.lr=0.25"],
    ["sampler=uniform", "base={lr: 0.75}", "base.lr=0.25"],
    ["ci.low=1", "ci.high=2", "paths.runs=elsewhere", "+theory.intervals=[[1,2]]"],
)


def test_a_config_is_the_same_object_however_it_is_made() -> None:
    compose = composer("config")
    for job in (*JOBS, *JOBS[::-1]):
        assert compose.typed(job) == OmegaConf.to_object(compose(job)), job
    for wrong in (["ci.low=abc", "ci.high=2"], ["ci.lo=1"], ["hydra.mode=RUN"]):
        with pytest.raises(UserError, match=wrong[0].partition("=")[0]):
            compose.typed(wrong)
    for job in JOBS:
        assert compose.typed(job) == OmegaConf.to_object(compose(job)), job


def test_what_refers_to_a_setting_is_found_over_others_too() -> None:
    refers = references({"a": {"x": "${b.y}"}, "b": {"y": "${.z}", "z": 1}, "c": ["${a}", "d"]})
    assert refers == {"a.x": "${b.y}", "b.y": "${.z}", "c.0": "${a}"}
    assert set(dependents("b.z", refers)) == set(refers)
    assert dependents("e", refers) == []
