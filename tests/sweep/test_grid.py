"""From overrides to runs."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from memctl.errors import UserError
from memctl.sweep.grid import axes, cells, interval_fault, references, tag

parser = OverridesParser.create()


def parsed(*texts: str) -> object:
    return axes(parser.parse_overrides(list(texts)))


def test_axes_sorts_swept_from_shared_and_the_last_of_a_key_holds() -> None:
    a = parsed(
        "ci.low=1,2", "seed=3", "ci.low=7,8", "ci.high=range(10,30,10)", "control.lr=choice(1,2)"
    )
    assert a.swept == {"ci.low": ["7", "8"], "ci.high": ["10", "20"], "control.lr": ["1", "2"]}
    assert a.shared == ["seed=3"]


def test_a_fixed_value_on_the_command_line_overrides_a_templates_sweep() -> None:
    a = parsed("ci.low=1,2", "ci.high=3,4", "ci.low=1")
    assert cells(a) == [
        ("ci.low=1", "ci.high=3"),
        ("ci.low=1", "ci.high=4"),
    ]


def test_a_reference_may_need_several_overrides_and_replaces_the_cell() -> None:
    a = parsed("sampler=interval", "ci.low=1,2", "seed=3,4")
    wanted = ["sampler=none", "sampler=band 'sampler.low=5' data.n_train=8"]
    assert references(a, wanted) == [
        ("seed=3", "sampler=none"),
        ("seed=4", "sampler=none"),
        ("seed=3", "sampler=band", "sampler.low=5", "data.n_train=8"),
        ("seed=4", "sampler=band", "sampler.low=5", "data.n_train=8"),
    ]


def test_cells_for_three_values_written_out() -> None:
    jobs = cells(parsed("ci.low=1,2,3", "ci.high=1,2,3"))
    kept = [j for j in jobs if interval_fault(*(float(o[-1]) for o in j), False, 1000) is None]
    assert kept == [("ci.low=1", "ci.high=2"), ("ci.low=1", "ci.high=3"), ("ci.low=2", "ci.high=3")]


@pytest.mark.parametrize(
    ("low", "high", "degenerate", "reason"),
    [
        (1, 2, False, None),
        (2, 2, False, "c_l = c_h"),
        (2, 2, True, None),
        (3, 2, True, "c_l > c_h"),
        (None, 2, False, None),
        # none of the steps: the sampler's to refuse, not dropped
        (float("nan"), 2, False, None),
        (2, float("nan"), False, None),
        (5000, 2, False, None),
        (3, -2, False, None),
    ],
)
def test_why_a_cell_is_dropped(
    low: float | None, high: float, degenerate: bool, reason: str | None
) -> None:
    assert interval_fault(low, high, degenerate, 1000) == reason


def test_references_are_there_once_for_each_other_setting() -> None:
    a = parsed("ci.low=1,2", "ci.high=3,4", "seed=0,1", "control.lr=5")
    assert references(a, ["sampler=none", "sampler=uniform"]) == [
        ("control.lr=5", "seed=0", "sampler=none"),
        ("control.lr=5", "seed=1", "sampler=none"),
        ("control.lr=5", "seed=0", "sampler=uniform"),
        ("control.lr=5", "seed=1", "sampler=uniform"),
    ]


def test_tag_names_what_is_swept_besides_cell_and_seed() -> None:
    a = parsed("ci.low=1,2", "ci.high=3", "seed=0,1", "control.lr=1e-3,1e-4", "control.epochs=3")
    assert [tag(a, job) for job in cells(a)][:2] == ["control.lr-0.001", "control.lr-0.0001"]
    b = parsed("ci.low=1,2", "ci.high=3")
    assert tag(b, cells(b)[0]) == ""


def test_a_range_that_cannot_be_listed_is_refused() -> None:
    with pytest.raises(UserError, match="listed"):
        parsed("ci.low=interval(0,1)")
