"""A run's control has the name of what it changes."""

import pytest

from memctl.analysis.controls import settings
from tests.rivals import UNIFORM, all_runs, interval, record, written

SWITCH = {
    "name": "switch",
    "timesteps": 1000,
    "at": 0.5,
    "parts": [{"name": "uniform"}, {"name": "interval", "low": 700.0, "high": 1000.0}],
}


def named(tmp_path, *changes):
    """Control and label of a run with each of these changes, beside the uniform one."""
    runs = [record("uniform_s0", 0, {}, UNIFORM)]
    runs += [record(f"run{k}_s0", 0, change, UNIFORM) for k, change in enumerate(changes)]
    found = settings(written(tmp_path / "s", runs))
    assert (found[0].control, found[0].runs) == ("uniform", {"[0, 0, false]": "uniform_s0"})
    return [(one.control, one.label) for one in found[1:]]


@pytest.mark.parametrize(
    ("changes", "control", "label"),
    [
        (interval(700, 1000), "interval", "[700, 1000]"),
        ({"sampler": {"name": "laplace", "timesteps": 1000, "mean": 3.0}}, "sampler", "laplace"),
        ({"control": {"steps": 3500}}, "training time", "3,500 steps"),
        ({"control": {"epochs": 20}}, "training time", "20 epochs"),
        ({"control": {"weight_decay": 0.1}}, "weight decay", "weight decay 0.1"),
        ({"control": {"lr": 1e-3}}, "learning rate", "lr 0.001"),
        ({"model": {"channels": [8, 16]}}, "network size", "channels 8-16"),
        ({"model": {"dropout": 0.2}}, "dropout", "dropout 0.2"),
        ({"data": {"n_train": 1024}}, "data size", "n = 1,024"),
        ({"weighting": {"name": "p2"}}, "weighting", "p2"),
        ({"generate": {"steps": 10}}, "generation", "10 steps"),
        ({"generate": {"guidance": {"scale": 2.0}}}, "guidance", "scale 2"),
        ({"control": {"mixed_in": 0.5}}, "mixed in", "mixed in 0.5"),
        (
            {"sampler": SWITCH, "model": {"dropout": 0.1}},
            "sampler + dropout",
            "switch, dropout 0.1",
        ),
        (
            {**interval(700, 1000), "control": {"steps": 3500}},
            "interval + training time",
            "[700, 1000], 3,500 steps",
        ),
    ],
)
def test_a_control_is_named_by_what_it_changes(tmp_path, changes, control, label):
    beside = ({"control": {"steps": 1}}, {"model": {"dropout": 0.9}}, interval(100, 200))
    assert named(tmp_path, changes, *beside)[0] == (control, label)


def test_a_setting_that_runs_were_made_without_is_named_in_both_directions(tmp_path):
    (first,) = named(tmp_path, {"generate": {"clip": True}})
    assert first == ("generation", "clip")
    assert named(tmp_path / "2", {"control": {"cosine": False}}) == [("learning rate", "no cosine")]
    plain = [record("b_s0", 0, {}, UNIFORM), record("c_s0", 0, interval(1, 2), UNIFORM)]
    runs = [record(f"a_s{k}", k, {"control": {"cosine": True}}, UNIFORM) for k in (0, 1)]
    cell = record("d_s0", 0, {**interval(1, 2), "control": {"cosine": True}}, UNIFORM)
    found = settings(written(tmp_path / "3", [*plain, *runs, cell]))
    assert [(one.control, one.label) for one in found[1:]] == [
        ("learning rate", "default"),
        ("interval + learning rate", "[1, 2]"),
        ("interval", "[1, 2]"),
    ]


def test_parameters_of_a_sampler_are_named_where_they_tell_settings_apart(tmp_path):
    laplace = {"name": "laplace", "timesteps": 1000, "scale": 50}
    tails = [{"sampler": {**interval(700, 1000)["sampler"], "tail": t}} for t in ("clip", "fold")]
    found = named(
        tmp_path,
        *({"sampler": {**laplace, "mean": mean}} for mean in (200, 800)),
        *tails,
    )
    assert [label for _, label in found] == [
        "laplace, mean 200",
        "laplace, mean 800",
        "[700, 1000], tail clip",
        "[700, 1000], tail fold",
    ]


def test_parts_of_a_sampler_are_told_in_their_order(tmp_path):
    parts = SWITCH["parts"]
    changes = [{"sampler": {**SWITCH, "parts": p}} for p in (parts, parts[::-1])]
    assert [label for _, label in named(tmp_path, *changes)] == [
        "switch, uniform / [700, 1000]",
        "switch, [700, 1000] / uniform",
    ]


def test_after_a_base_is_another_protocol_whose_training_is_not_compared(tmp_path):
    runs = [record(f"u{k}", k, {}, UNIFORM) for k in (0, 1)]
    base = record("b", 0, {"control": {"epochs": 30, "steps": None, "lr": 1e-4}}, UNIFORM)
    base["science"]["base"] = {"epochs": 600, "lr": 1e-3}
    both = record("c", 0, {**interval(1, 2), "control": {"lr": 1e-4}}, UNIFORM)
    both["science"]["base"] = {"epochs": 600, "lr": 1e-3}
    found = settings(written(tmp_path / "s", [*runs, base, both]))
    assert [(one.control, one.label) for one in found[1:]] == [
        ("start", "after a base"),
        ("interval + start", "[1, 2], after a base"),
    ]


def test_seeds_and_splits_are_repetitions_of_a_setting(tmp_path):
    runs = [record(f"uniform_s{k}", k, {}, UNIFORM) for k in range(3)]
    runs += [record(f"cl7_s{k}", k, interval(700, 1000), UNIFORM) for k in range(2)]
    runs += [record("cl7_split1", 0, {**interval(700, 1000), "data": {"split_seed": 1}}, UNIFORM)]
    uniform, cell = settings(written(tmp_path / "s", runs))
    assert [*uniform.runs.values()] == ["uniform_s0", "uniform_s1", "uniform_s2"]
    assert [*cell.runs.values()] == ["cl7_s0", "cl7_s1", "cl7_split1"]
    assert set(uniform.runs) & set(cell.runs) == {"[0, 0, false]", "[1, 0, false]"}


def test_the_reference_is_the_uniform_run_that_most_are_like(tmp_path):
    runs = all_runs(1)
    late = [run for run in runs if run["science"]["control"]["steps"] != 6000]
    found = settings(written(tmp_path / "s", [*late, *(r for r in runs if r not in late)]))
    assert [*found[0].runs.values()] == ["uniform_s0"]
    assert {one.control for one in found} == {"uniform", "interval", "training time", "dropout"}


def test_a_sweep_without_a_uniform_run_has_no_controls(tmp_path):
    assert settings(written(tmp_path / "s", all_runs(1)[1:7])) == []


def test_how_a_run_is_looked_at_is_no_control(tmp_path):
    looked = {"along": {"points": 10, "samples": 500}, "probe": {"bins": 7}}
    (one,) = named(tmp_path, {**interval(700, 1000), **looked})
    assert one == ("interval", "[700, 1000]")
