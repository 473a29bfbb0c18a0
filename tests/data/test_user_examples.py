"""Examples as users have them: every form of file, what repeats, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from memctl.data.panels import scale_for_display
from memctl.data.units import cautions, stored_range, usual_range
from memctl.data.user_examples import canonical_images, compare
from memctl.data.user_files import NamedExamples, number_examples, read
from memctl.errors import UserError

RNG = np.random.default_rng(0)


def given(n: int, *shape: int, seed: int = 0) -> NamedExamples:
    return number_examples(np.random.default_rng(seed).normal(size=(n, *shape)).astype(np.float32))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9, 10), (9, 1, 10)),
        ((9, 3, 10), (9, 3, 10)),
        ((9, 3, 5, 6), (9, 3, 5, 6)),
        ((9, 5, 6, 3), (9, 3, 5, 6)),
        ((9, 5, 6, 1), (9, 1, 5, 6)),
        ((9, 4, 8, 8), (9, 4, 8, 8)),
        ((9, 16, 4, 4), (9, 16, 4, 4)),
    ],
    ids=str,
)
def test_the_shapes_of_arrays(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    array = RNG.normal(size=shape)
    np.save(tmp_path / "x.npy", array)
    values = read(str(tmp_path / "x.npy")).values
    assert values.shape == expected
    turned = np.moveaxis(array, -1, 1) if shape[1] == 5 else array
    np.testing.assert_array_equal(values, turned.reshape(expected).astype(np.float32))


def test_one_of_several_arrays(tmp_path: Path) -> None:
    path, array = str(tmp_path / "x.npz"), RNG.normal(size=(9, 10)).astype(np.float32)
    np.savez(path, a=array, b=2 * array)
    np.testing.assert_array_equal(read(f"{path}:b").values[:, 0], 2 * array)
    with pytest.raises(UserError, match=r"holds the arrays a, b; choose one with .*x\.npz:NAME"):
        read(path)


def test_a_csv_is_read_as_it_is(tmp_path: Path) -> None:
    array = RNG.normal(size=(9, 10)).astype(np.float32)
    np.savetxt(tmp_path / "x.csv", array, delimiter=",")
    np.testing.assert_array_equal(read(str(tmp_path / "x.csv")).values[:, 0], array)


def test_a_folder_keeps_its_copies_and_names(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (8, 6, 6, 3), dtype=np.uint8)
    (tmp_path / "more").mkdir()
    for k, image in enumerate([*pixels, pixels[0]]):
        Image.fromarray(image).save(tmp_path / ("more" if k == 8 else ".") / f"{k}.png")
    found = read(str(tmp_path), size=6)
    assert found.names.tolist() == [*(f"{k}.png" for k in range(8)), "more/8.png"]
    np.testing.assert_allclose(
        found.values[:8], pixels.transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6
    )
    np.testing.assert_array_equal(found.values[8], found.values[0])
    assert read(str(tmp_path), size=4, channels=1).values.shape == (9, 1, 4, 4)


def test_examples_that_repeat_another_of_their_side_are_left_out() -> None:
    samples, train, heldout = given(20, 1, 12), given(30, 1, 12, seed=1), given(25, 1, 12, seed=2)
    train.values[[7, 9]] = train.values[3]
    heldout.values[0] = heldout.values[24]
    samples.values[1:5] = samples.values[0]
    found = compare(samples, train, heldout)
    assert found.notes == ["left out: 3 examples that repeat another of their side"]
    assert [len(side) for side in (found.samples, found.split.train, found.split.heldout)] == [
        20,
        28,
        24,
    ]
    np.testing.assert_array_equal(train.values[found.names[1]], found.split.train)
    np.testing.assert_array_equal(heldout.values[found.names[2]], found.split.heldout)
    assert {7, 9}.isdisjoint(found.names[1])
    assert found.split.temporal
    assert found.split.value_range is None


def test_a_few_examples_on_both_sides_are_left_out_of_one_and_many_are_refused() -> None:
    train, heldout = given(150, 1, 12, seed=1), given(200, 1, 12, seed=2)
    heldout.values[:2] = train.values[:2]
    found = compare(given(20, 1, 12), train, heldout)
    assert found.notes == ["left out: 2 held-out examples that are training examples too"]
    assert found.split.summary["dropped"] == {"in both": 2}
    assert found.names[2].tolist() == list(range(2, 200))
    heldout.values[2] = train.values[2]
    with pytest.raises(
        UserError, match="3 of the 200 distinct held-out examples are training examples too"
    ):
        compare(given(20, 1, 12), train, heldout)


def test_a_mirror_image_is_the_same_image_unless_told() -> None:
    train, heldout = given(20, 3, 4, 5, seed=1), given(20, 3, 4, 5, seed=2)
    heldout.values[0] = train.values[0, ..., ::-1]
    with pytest.raises(UserError, match="1 of the 20"):
        compare(given(20, 3, 4, 5), train, heldout)
    found = compare(given(20, 3, 4, 5), train, heldout, mirror=False)
    assert found.notes == []
    assert not found.split.mirror


def test_upright_is_one_of_the_two_and_the_same_for_both() -> None:
    images = given(50, 3, 4, 5).values
    found = canonical_images(images)
    np.testing.assert_array_equal(canonical_images(images[..., ::-1]), found)
    assert all(
        (f == i).all() or (f == i[..., ::-1]).all() for f, i in zip(found, images, strict=True)
    )
    symmetric = np.ones((1, 1, 4, 5), dtype=np.float32)
    np.testing.assert_array_equal(canonical_images(symmetric), symmetric)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [((0, 1), (0, 1)), ((-1, 0.9), (-1, 1)), ((3, 250), (0, 255)), ((-4.5, 3), (-4.5, 3))],
    ids=str,
)
def test_images_are_shown_in_the_range_that_they_are_stored_in(
    ends: tuple[float, float], expected: tuple[float, float]
) -> None:
    assert stored_range(np.array(ends)) == expected
    np.testing.assert_allclose(
        scale_for_display(np.array(expected, dtype=float), expected), [-1, 1]
    )


def test_most_images_decide_which_range_they_are_in() -> None:
    images = RNG.uniform(-1, 1, (20, 3, 8, 8)).astype(np.float32)
    assert usual_range(images) == usual_range(1.1 * images) == (-1, 1)
    assert usual_range((images + 1) / 2) == (0, 1)
    assert usual_range(127.5 * (images + 1)) == (0, 255)
    assert usual_range(3 * images) == pytest.approx((-3, 3), rel=0.1)
    outlier = images.copy()
    outlier[0, 0, 0, 0] = 40
    assert list(cautions(outlier, images)) == []
    bright = np.abs(images)
    assert "[0, 1], most training images in [-1, 1]" in next(cautions(bright, images)).text
    assert list(cautions(bright, bright)) == []


def test_signals_are_shown_as_they_are() -> None:
    signals = given(5, 1, 12).values
    assert scale_for_display(signals, None) is signals
