"""Colours anchored to the noise floor, and what is said where there is nothing to colour."""

import numpy as np
import pytest

from memctl.reporting.anchor import Anchor, sentence, spread
from memctl.reporting.heatmaps import Map, decimals, maps

NAN = float("nan")


def test_white_is_the_floor_and_colours_are_distances_from_it() -> None:
    anchor = Anchor.of(np.array([0.4, 0.5, 0.7, 0.9]), (0.5, 0.6))
    assert anchor.reach == pytest.approx(0.3)  # the farthest, beyond the floor's own width
    beyond = anchor.beyond([0.5, 0.55, 0.6, 0.75, 0.9, 5, 0.35])
    np.testing.assert_allclose(beyond, [0, 0, 0, 0.5, 1, 1, -0.5])
    colours = anchor.colours(0.4, 0.9)
    red, green, blue, _ = colours.to_rgba([0.4, 0.55, 0.9]).T
    assert (red[1], green[1], blue[1]) == (1, 1, 1)
    assert blue[0] > red[0]
    assert red[2] > blue[2]


def test_within_the_floors_own_width_nothing_looks_far() -> None:
    """Readings of 0.976 to 1.001 where fresh data span 0.972 to 1.011 were the whole palette."""
    anchor = Anchor.of(np.linspace(0.976, 1.001, 45), (0.972, 1.011))
    assert not anchor.beyond(np.linspace(0.976, 1.001, 45)).any()
    near = Anchor.of(np.full(5, 1.012), (0.972, 1.011))
    assert 0 < near.beyond(1.012) < 0.03


def test_a_cell_far_off_does_not_make_the_others_look_alike() -> None:
    values = np.array([0.004, 0.005, 0.006, 0.007, 0.69])
    anchor = Anchor.of(values, (0, 0.001))
    assert anchor.reach < 0.02
    assert anchor.beyond(values)[-1] == 1


def test_without_a_floor_white_is_the_middle_and_that_is_said() -> None:
    values = np.array([1.0, 2.0, 4.0, NAN])
    anchor = Anchor.of(values, (NAN, NAN))
    np.testing.assert_allclose(anchor.beyond([1, 2, 4]), [-0.5, 0, 1])
    assert sentence(anchor, values) == "3 cells; no noise floor is known, white is their median"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.6, 0.7], "all 2 cells read above fresh data, 0.435 to 0.537"),
        ([0.5, 0.5], "all 2 cells read as fresh data, 0.435 to 0.537"),
        ([0.3, 0.5, 0.9], "of 3 cells 1 above, 1 below, 1 as fresh data, 0.435 to 0.537"),
    ],
)
def test_it_is_said_how_many_cells_lie_outside_the_floor(values, expected) -> None:
    values = np.array(values)
    assert sentence(Anchor.of(values, (0.435, 0.537)), values) == expected


def test_where_all_cells_read_the_same_there_is_a_sentence_and_no_map() -> None:
    cells = [(100, 200, 0.0), (100, 300, 0.0), (200, 300, NAN)]
    content = Map("f_mem: share of copies", cells, (0.001, 0.028), {"copies": 1.0, "base": NAN})
    assert content.said == (
        "f_mem reads 0 in all 2 cells; fresh data read 0.001 to 0.028, copies\u00a01."
    )
    (axis, _) = maps([content]).axes
    assert not axis.images


def test_a_map_shows_its_cells_its_missing_ones_and_the_marks() -> None:
    cells = [(100, 200, 0.1), (100, 300, 0.2), (200, 300, NAN)]
    figure = maps([Map("m", cells, (0.0, 0.05), {"copies": 1.0, "uniform": 0.15})])
    axis, scale = figure.axes
    assert [text.get_text() for text in axis.texts][:3] == ["-", "0.100", "0.200"]
    assert [text.get_text() for text in scale.texts] == ["uniform\n0.15", "copies >\n1"]


def test_texts_beside_a_scale_stand_near_their_marks_and_not_on_each_other() -> None:
    for places in ([0.5, 0.5, 0.5], [0, 0, 1], [0.9, 0.95, 1, 1], [0.2], []):
        found = spread(places, 0.25)
        assert (np.diff(found) >= 0.25 - 1e-9).all()
        assert ((found >= 0.125 - 1e-9) & (found <= 0.875 + 1e-9)).all()
    np.testing.assert_allclose(spread([0.5, 0.5], 0.2), [0.4, 0.6])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1, 0.2, 0.3, 0.4, 0.5], 2), ([0.004, 0.005, 0.006, 0.007, 0.69], 4), ([0.3], 3)],
)
def test_numbers_have_the_decimals_that_tell_cells_apart(values, expected) -> None:
    assert decimals(np.array(values)) == expected
