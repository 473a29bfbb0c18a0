"""Keys: a changed setting changes those of its stage and of the stages after it, and no other."""

import json

import pytest

from memctl import keys
from memctl.keys import STAGES, Stage

SCIENCE = {name: {"x": 1, "samples": 5} for stage in STAGES.values() for name in stage.settings}
AFTER = {
    "data": set(STAGES),
    "base": set(STAGES),
    "sampler": set(STAGES) - {"base"},
    "seed": set(STAGES) - {"base"},
    "generate": {"generate", "along", "measure"},
    "along": {"along"},
    "probe": {"probe"},
    "metrics": {"measure"},
}


def changed(old: dict[str, str], new: dict[str, str]) -> set[str]:
    return {stage for stage in old if old[stage] != new[stage]}


@pytest.mark.parametrize("setting", AFTER)
def test_a_setting_changes_its_stage_and_those_after_it(setting: str) -> None:
    other = {**SCIENCE, setting: {"x": 2, "samples": 5}}
    assert changed(keys.keys(SCIENCE), keys.keys(other)) == AFTER[setting]


@pytest.mark.parametrize("stage", STAGES)
def test_so_does_a_stages_format(stage: str) -> None:
    raised = {**STAGES, stage: STAGES[stage]._replace(format=STAGES[stage].format + 1)}
    after = {name for name in STAGES if name == stage or stage in before(name)}
    assert changed(keys.keys(SCIENCE), keys.keys(SCIENCE, raised)) == after


def before(name: str) -> set[str]:
    """The stages that a stage rests on."""
    first = STAGES[name].before
    return {first, *before(first)} if first else set()


def test_every_stage_comes_after_the_one_it_starts_from() -> None:
    names = list(STAGES)
    for name, stage in STAGES.items():
        assert stage.before is None or names.index(stage.before) < names.index(name)


def test_keys_do_not_depend_on_the_order_of_settings_or_on_json() -> None:
    turned = json.loads(json.dumps(dict(reversed(SCIENCE.items()))))
    assert keys.keys(turned) == keys.keys(SCIENCE)


def test_a_run_without_the_settings_of_an_optional_stage_has_the_other_keys_alone() -> None:
    without = {k: v for k, v in SCIENCE.items() if k != "along"}
    every = keys.keys(SCIENCE)
    assert keys.keys(without) == {stage: key for stage, key in every.items() if stage != "along"}


def test_a_key_is_pinned() -> None:
    """What is kept on disks is found by it: a change here needs an entry in CHANGELOG.md."""
    chain = {"a": Stage(None, ("x",), 1), "b": Stage("a", ("y",), 2)}
    assert keys.keys({"x": 1, "y": [2.5, None]}, chain) == {
        "a": "6829aa9290b5ebf0",
        "b": "7f18908930c4ee57",
    }


def test_yardsticks_follow_data_metrics_and_number_of_samples_alone() -> None:
    first = keys.yardsticks_key(SCIENCE)
    for setting in ("model", "base", "sampler", "seed", "probe"):
        assert keys.yardsticks_key({**SCIENCE, setting: 0}) == first
    for setting in ("data", "metrics"):
        assert keys.yardsticks_key({**SCIENCE, setting: 0}) != first
    assert keys.yardsticks_key({**SCIENCE, "generate": {"samples": 6}}) != first


def test_differences_name_each_leaf() -> None:
    old, new = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 4}, "e": 5}
    assert keys.differences(old, new) == ["a.c: 2 -> 4", "d: 3 -> None", "e: None -> 5"]
