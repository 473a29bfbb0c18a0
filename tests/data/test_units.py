"""Sides in other units, and files of other sizes."""

import numpy as np
import pytest

from memctl.data.units import cautions, is_sheet, of_sizes, usual_range

RNG = np.random.default_rng(0)
TRAIN, HELDOUT, FRESH = (RNG.normal(size=(60, 2, 30)).astype(np.float32) for _ in range(3))


def fatal(*sides: np.ndarray) -> list[bool]:
    return [caution.fatal for caution in cautions(*sides)]


def test_held_out_examples_in_other_units_leave_no_verdict() -> None:
    assert fatal(FRESH, TRAIN, HELDOUT) == []
    assert fatal(FRESH, TRAIN, 1.3 * HELDOUT) == []  # of which the test of the sides tells
    assert fatal(FRESH, TRAIN, 2.54 * HELDOUT) == [True]
    assert fatal(FRESH, TRAIN, HELDOUT + 3) == [True]
    one_channel = HELDOUT.copy()
    one_channel[:, 1] *= 1000
    assert "in channel 1" in next(cautions(FRESH, TRAIN, one_channel)).text
    assert fatal(1000 * FRESH, TRAIN, HELDOUT) == [False]  # it may be what the generator does


def test_signals_that_were_normalised_one_by_one_on_one_side() -> None:
    raw = TRAIN * RNG.uniform(0.8, 1.2, (60, 1, 1)).astype(np.float32)
    z = (HELDOUT - HELDOUT.mean((1, 2), keepdims=True)) / HELDOUT.std((1, 2), keepdims=True)
    unit = (HELDOUT - HELDOUT.min((1, 2), keepdims=True)) / np.ptp(HELDOUT, (1, 2), keepdims=True)
    assert fatal(FRESH, raw, z) == [True] == fatal(FRESH, z, raw)
    assert "held-out signals were each brought to one scale" in next(cautions(raw, raw, z)).text
    assert fatal(z, raw, raw) == [False]  # said: a generator may have learnt it
    assert fatal(FRESH, z, z[::-1]) == []
    assert "no number here holds" in next(cautions(FRESH, 4 * raw, unit)).text


def test_images_in_another_range_leave_no_verdict() -> None:
    images = RNG.uniform(-1, 1, (20, 3, 8, 8)).astype(np.float32)
    assert fatal(images, images, images) == []
    assert fatal((images + 1) / 2, images, images) == [True]
    assert fatal(images, images, 127.5 * (images + 1)) == [True]


def test_chance_at_the_edge_of_a_usual_range_is_no_other_range() -> None:
    images = RNG.uniform(-1, 1, (20, 3, 8, 8)).astype(np.float32)
    inside, outside = 1.22 * images, 1.27 * images
    assert usual_range(inside) == (-1, 1) != usual_range(outside)
    assert fatal(outside, inside, outside) == []


def sizes(*size: int, n: int = 20) -> np.ndarray:
    return np.tile(size, (n, 1))


@pytest.mark.parametrize(
    ("samples", "train", "sheet"),
    [
        ((64, 64), (64, 64), False),
        ((512, 512), (64, 64), True),
        ((530, 530), (64, 64), True),  # 8 x 8 with 2 pixels between
        ((128, 64), (64, 64), True),
        ((64, 64), (500, 375), False),
        ((90, 90), (64, 64), False),
    ],
)
def test_sheets(samples: tuple[int, int], train: tuple[int, int], sheet: bool) -> None:
    assert is_sheet(sizes(*samples), sizes(*train)) == sheet
    found = list(of_sizes(sizes(*samples), sizes(*train), sizes(*train)))
    assert any(caution.fatal for caution in found) == sheet


def test_photographs_of_many_sizes_are_no_unit_of_a_sheet() -> None:
    assert not is_sheet(sizes(512, 512), RNG.integers(50, 70, (20, 2)))


def test_other_shapes_are_cautioned() -> None:
    (caution,) = of_sizes(sizes(64, 64), sizes(500, 375), sizes(500, 375))
    assert "samples are of 64 x 64 pixels, most training images of 500 x 375" in caution.text
    assert not caution.fatal
    assert len(list(of_sizes(sizes(64, 64), sizes(64, 64), sizes(80, 64)))) == 1
