"""The split: duplicates out first, then disjoint and stratified sides."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from memctl import data
from memctl.data import Mitdb208, Split, split
from memctl.data.base import Examples
from memctl.errors import UserError

CLASSES = {"a": 58, "b": 30, "c": 9, "d": 2, "e": 1}


def examples(n: int = 100, labels: np.ndarray | None = None, seed: int = 0) -> Examples:
    """Distinct examples whose first value is their number."""
    values = np.random.default_rng(seed).normal(size=(n, 2, 12)).astype(np.float32)
    values[:, 0, 0] = np.arange(n)
    return Examples(values, labels)


@pytest.fixture
def labelled() -> Examples:
    labels = np.repeat(list(CLASSES), list(CLASSES.values()))
    return examples(len(labels), np.random.default_rng(1).permutation(labels))


def numbers(side: np.ndarray) -> list[int]:
    return side[:, 0, 0].astype(int).tolist()


@pytest.mark.parametrize(
    ("n", "half"), [(100, 50), (101, 50), (16, 8)], ids=["even", "odd", "smallest"]
)
@pytest.mark.parametrize("labels", [False, True], ids=["plain", "labelled"])
def test_the_sides_are_disjoint_equal_halves(n: int, half: int, labels: bool):
    source = examples(n, np.arange(n) % 3 if labels else None)
    found = split(source)
    train, heldout = numbers(found.train), numbers(found.heldout)
    assert len(set(train)) == len(set(heldout)) == half
    assert not set(train) & set(heldout)
    np.testing.assert_array_equal(found.train, source.values[train])
    np.testing.assert_array_equal(found.heldout, source.values[heldout])
    assert found.summary["unused"] == n - 2 * half


def test_sides_are_exchanged_whole(labelled: Examples):
    found = split(labelled)
    other = found.swap_sides()
    np.testing.assert_array_equal(other.train, found.heldout)
    np.testing.assert_array_equal(other.heldout_labels, found.train_labels)
    assert other.hash != found.hash
    back = other.swap_sides()
    assert back.hash == found.hash
    assert {
        k: v
        for k, v in vars(back).items()
        if k in ("value_range", "mirror", "flip", "temporal", "summary")
    } == {
        k: v
        for k, v in vars(found).items()
        if k in ("value_range", "mirror", "flip", "temporal", "summary")
    }
    with pytest.raises(UserError, match="30 train and 20 held-out"):
        split(examples(), 30, 20).swap_sides()


def test_a_data_set_is_loaded_swapped():
    one, other = (data.load(Mitdb208(swap=swap)) for swap in (False, True))
    np.testing.assert_array_equal(one.train, other.heldout)
    np.testing.assert_array_equal(one.heldout, other.train)


def test_both_sides_mix_the_order_of_the_file():
    found = split(examples(200))
    # Ranks of a random half of 200: their mean has the standard error 200 / sqrt(12 * 100) *
    # sqrt(1/2) = 4.1; 4 of them are 16.4.
    assert abs(np.mean(numbers(found.train)) - 99.5) < 16.4
    assert numbers(found.train) != sorted(numbers(found.train))


@pytest.mark.parametrize("seed", range(5))
def test_halves_hold_each_class_alike(labelled: Examples, seed: int):
    found = split(labelled, seed=seed)
    train, heldout = Counter(found.train_labels), Counter(found.heldout_labels)
    for name, count in CLASSES.items():
        assert abs(train[name] - count / 2) < 1
        assert abs(heldout[name] - count / 2) < 1


@pytest.mark.parametrize(
    ("n_train", "n_heldout"), [(20, 60), (33, 10), (50, 50), (90, 10)], ids=str
)
@pytest.mark.parametrize("seed", range(3))
def test_given_sizes_hold_each_class_to_within_one(
    labelled: Examples, n_train: int, n_heldout: int, seed: int
):
    found = split(labelled, n_train, n_heldout, seed)
    train, heldout = Counter(found.train_labels), Counter(found.heldout_labels)
    for name, count in CLASSES.items():
        assert abs(train[name] - n_train * count / 100) < 1
        assert (
            abs(heldout[name] - n_heldout * (count - train[name]) / (100 - n_train)) < 1
        )  # of what train has left


def test_labels_stay_with_their_examples(labelled: Examples):
    found = split(labelled)
    np.testing.assert_array_equal(found.train_labels, labelled.labels[numbers(found.train)])
    np.testing.assert_array_equal(found.heldout_labels, labelled.labels[numbers(found.heldout)])
    plain = split(examples())
    assert plain.train_labels is None
    assert plain.heldout_labels is None


def test_the_seed_decides_the_split(labelled: Examples):
    assert split(labelled, seed=3).hash == split(labelled, seed=3).hash
    assert len({split(labelled, seed=seed).hash for seed in range(5)}) == 5
    assert set(numbers(split(labelled, seed=0).train)) != set(
        numbers(split(labelled, seed=1).train)
    )


def test_the_hash_is_of_the_values_in_order():
    first = split(examples())
    assert re.fullmatch("[0-9a-f]{16}", first.hash)

    def changed(**sides: np.ndarray) -> Split:
        return replace(first, **sides)

    nudged = first.heldout.copy()
    nudged[-1, -1, -1] += 1e-3
    others = [
        changed(train=first.heldout, heldout=first.train),
        changed(train=first.train[::-1]),
        changed(heldout=nudged),
        changed(train=first.train.reshape(50, 1, 24)),
        changed(train=first.train[:-1]),
    ]
    assert len({first.hash, *(other.hash for other in others)}) == 6
    assert changed(train=np.asfortranarray(first.train)).hash == first.hash


@pytest.mark.parametrize("seed", range(3))
def test_duplicates_go_before_the_split(seed: int):
    rng = np.random.default_rng(seed)
    distinct = examples(60, seed=seed).values
    copies = rng.integers(60, size=25)
    values = np.concatenate([distinct, distinct[copies]])
    order = rng.permutation(len(values))
    found = split(Examples(values[order], (np.arange(85) % 4)[order]), seed=seed)
    train, heldout = numbers(found.train), numbers(found.heldout)
    assert sorted(train + heldout) == list(range(60))
    assert found.summary["examples"] == 85
    assert found.summary["duplicates"] == 25


def test_the_first_of_equal_examples_stays():
    values = examples(20).values
    source = Examples(np.concatenate([values, values]), np.repeat(["first", "second"], 20))
    assert set(split(source).train_labels) | set(split(source).heldout_labels) == {"first"}


def test_a_hair_apart_is_a_duplicate_and_a_thousandth_is_not():
    values = np.random.default_rng(0).normal(size=(40, 1, 30)).astype(np.float32)
    values[0] = np.linspace(0.5, 1.5, 30)
    for step, duplicates in ((1e-9, 1), (1e-3, 0)):
        again = np.concatenate([values, values[:1] + np.float32(step)])
        assert split(Examples(again)).summary["duplicates"] == duplicates


def test_minus_zero_is_zero():
    values = examples(20).values
    values[:2] = 0
    values[1] *= -1
    assert np.signbit(values[1]).all()
    assert split(Examples(values)).summary["duplicates"] == 1


@pytest.mark.parametrize(
    ("given", "sizes"),
    [((30, 20), (30, 20)), ((30, None), (30, 30)), ((None, 12), (12, 12)), ((92, 8), (92, 8))],
    ids=["both", "train", "heldout", "all"],
)
def test_given_sizes(given: tuple[int | None, int | None], sizes: tuple[int, int]):
    found = split(examples(100), *given)
    assert (len(found.train), len(found.heldout)) == sizes
    assert not set(numbers(found.train)) & set(numbers(found.heldout))
    assert (found.summary["n_train"], found.summary["n_heldout"], found.summary["unused"]) == (
        *sizes,
        100 - sum(sizes),
    )


@pytest.mark.parametrize(
    ("n", "given", "message"),
    [
        (100, (60, 41), "data.n_train=60 and data.n_heldout=41 do not fit 100 distinct examples"),
        (100, (51, None), "data.n_train=51 and data.n_heldout=51 do not fit"),
        (100, (7, 50), "each must be at least 8"),
        (100, (-5, 50), "data.n_train=-5"),
        (100, (0, 0), "data.n_train=0"),
        (15, (None, None), "data.n_train=7 and data.n_heldout=7 do not fit 15"),
    ],
    ids=["too many", "half and one", "too few", "negative", "none", "small data"],
)
def test_sizes_that_do_not_fit_are_refused(
    n: int, given: tuple[int | None, int | None], message: str
):
    with pytest.raises(UserError, match=re.escape(message)):
        split(examples(n), *given)


def test_sizes_are_held_against_the_distinct_examples():
    values = examples(20).values
    with pytest.raises(UserError, match="do not fit 20 distinct examples"):
        split(Examples(np.concatenate([values, values])), 15, 15)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf], ids=str)
def test_a_value_that_is_not_finite_is_named(wrong: float):
    source = examples(40)
    source.values[[3, 17], 1, 5] = wrong
    with pytest.raises(
        UserError, match=re.escape("2 of 40 examples hold NaN or infinity (counted from 0: 3, 17)")
    ):
        split(source)


def test_many_such_examples_are_named_in_part():
    source = examples(40)
    source.values[4:30, 0, 1] = np.nan
    with pytest.raises(
        UserError,
        match=re.escape(
            "26 of 40 examples hold NaN or infinity (counted from 0: 4, 5, 6, 7, 8, 9, 10, 11, 12,"
            " 13, ...)"
        ),
    ):
        split(source)


def test_shape_type_range_and_account_are_kept():
    images = np.random.default_rng(0).random((30, 3, 4, 5)).astype(np.float32)
    found = split(Examples(images, dropped={"constant": 2}, value_range=(0.0, 1.0)), 10, 9)
    assert found.train.shape == (10, 3, 4, 5)
    assert found.heldout.shape == (9, 3, 4, 5)
    assert found.train.dtype == found.heldout.dtype == np.float32
    assert found.value_range == (0.0, 1.0)
    assert found.summary == {
        "examples": 30,
        "dropped": {"constant": 2},
        "duplicates": 0,
        "n_train": 10,
        "n_heldout": 9,
        "unused": 11,
        "shape": [3, 4, 5],
    }


def test_load_splits_as_the_source_says():
    source = data.build({"name": "mitdb208", "n_train": 100, "n_heldout": 40, "split_seed": 5})
    assert source == Mitdb208(n_train=100, n_heldout=40, split_seed=5)
    assert data.load(source).hash == split(source.read(), 100, 40, seed=5).hash


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "ecg500"}, "data=ecg500 is unknown (did you mean ecg5000?)"),
        (
            {"name": "signals", "paths": "x.csv"},
            "data.paths is not a setting of signals (did you mean path?)",
        ),
    ],
    ids=["name", "field"],
)
def test_an_unknown_data_set_or_field_is_refused(spec: dict[str, str], message: str):
    with pytest.raises(UserError, match=re.escape(message)):
        data.build(spec)
