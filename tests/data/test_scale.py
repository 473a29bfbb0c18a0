"""Values that are no data, and what single precision holds."""

from pathlib import Path

import numpy as np
import pytest

from memctl.data.scale import as_float32, fill_values, spread
from memctl.data.signals import Signals
from memctl.data.split import first_occurrences
from memctl.data.units import cautions
from memctl.data.user_files import Reading, read_sides
from memctl.errors import UserError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 1, 40)).cumsum(axis=-1)
FILLS = (9.96921e36, 1e20, -9999.0, 1e9, -32768.0, -999.0)


def filled(value: float) -> np.ndarray:
    out = X.copy()
    out[5, 0, 20:24] = value
    return out


@pytest.mark.parametrize("fill", FILLS)
def test_the_example_that_is_off_is_named(tmp_path: Path, fill: float) -> None:
    assert list(fill_values(filled(fill))) == [5]
    assert fill_values(filled(fill))[5] == fill
    np.save(tmp_path / "x.npy", filled(fill)[:, 0])
    np.save(tmp_path / "y.npy", X[:, 0])
    for normalise in ("zscore", "none"):
        with pytest.raises(UserError, match=r"1 of 50 examples \(counted from 0: 5\).*missing"):
            Signals(path=str(tmp_path / "x.npy"), normalise=normalise).read()
    x, y = (str(tmp_path / f"{name}.npy") for name in "xy")
    with pytest.raises(UserError, match=r"x\.npy: 1 of 50 examples"):
        read_sides([y, x], Reading())
    samples, train = read_sides([x, y], Reading())  # a generator may have made it: said
    assert "1 of 50 examples" in next(cautions(samples.values, train.values)).text


@pytest.mark.parametrize(
    "where",
    [
        RNG.uniform(size=(50, 40)) < 0.3,  # in every example
        (RNG.uniform(size=(50, 1)) < 0.6) & (np.arange(40) < 5),  # at the start of most
        (np.arange(50)[:, None] == 5) & (np.arange(40) < 36),  # nearly all of one
        np.ones((50, 1), bool) & (np.arange(40) == 3),  # one column
    ],
    ids=["everywhere", "starts", "one example", "one column"],
)
def test_fill_values_of_many_examples_that_are_each_normalised(
    tmp_path: Path, where: np.ndarray
) -> None:
    np.save(tmp_path / "x.npy", np.where(where, -9999.0, X[:, 0]))
    named = rf"{where.any(axis=1).sum()} of 50 examples.*such as -9999 "
    for normalise in ("zscore", "none"):
        with pytest.raises(UserError, match=named):
            Signals(path=str(tmp_path / "x.npy"), normalise=normalise).read()


def test_an_example_in_other_units_is_named(tmp_path: Path) -> None:
    values = X.copy()
    values[7] *= 1e8
    assert list(fill_values(values)) == [7]
    assert fill_values(values, own=True) == {}
    counts = np.round(20 * X)
    counts[3, 0] = 20_000 + np.arange(40) % 3  # a lead with an offset, in few levels
    assert fill_values(counts, own=True) == {}


@pytest.mark.parametrize("fill", [*FILLS, 0.0])
def test_one_wrong_value_makes_nothing_a_duplicate(fill: float) -> None:
    values = filled(fill).astype(np.float32)
    assert first_occurrences(values).tolist() == list(range(50))
    values[[9, 30]] = values[3]
    assert len(first_occurrences(values)) == 48


@pytest.mark.parametrize(
    "values",
    [
        RNG.lognormal(0, 2, (200, 1, 40)),
        RNG.standard_cauchy((200, 1, 40)),
        np.where(RNG.uniform(size=(200, 1, 40)) < 0.02, RNG.uniform(1, 9, (200, 1, 40)), 0),
        np.round(RNG.normal(size=(200, 1, 40)) * np.geomspace(1, 1e5, 200)[:, None, None]),
        np.concatenate([RNG.normal(size=(50, 1, 40)), RNG.normal(1e5, 9, (50, 1, 40))], axis=1),
    ],
    ids=["lognormal", "Cauchy", "rain", "quakes", "two units"],
)
def test_tails_and_units_of_channels_are_no_stand_ins(values: np.ndarray) -> None:
    assert fill_values(values) == {}


def test_offsets_of_single_signals_do_not_matter_where_each_is_normalised(tmp_path: Path) -> None:
    values = X[:, 0] * np.geomspace(1e-3, 1e5, 50)[:, None]
    values[7] += 1e9
    values[3] = 5e6  # flat
    np.save(tmp_path / "x.npy", values)
    found = Signals(path=str(tmp_path / "x.npy")).read()
    assert found.dropped == {"constant": 1}
    assert len(found.values) == 49


def test_what_single_precision_cannot_tell_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"values near 1e\+09 that spread by .* not told apart"):
        as_float32(X + 1e9, "x")
    np.testing.assert_allclose(as_float32(X + 1e3, "x"), X + 1e3, atol=1e-3)
    np.save(tmp_path / "x.npy", X[:, 0] + 1e9)
    assert len(Signals(path=str(tmp_path / "x.npy")).read().values) == 50


def test_the_spread_is_that_of_most_values() -> None:
    assert spread(np.array([0.0, 0, 0, 0, 1, -1, 3])) == 1
    assert spread(np.ones(9)) == 1
    x = RNG.normal(size=100_001)
    assert spread(x) == pytest.approx(0.6745, rel=0.02)
    assert spread(np.append(x, 1e30)) == pytest.approx(spread(x), rel=1e-3)
