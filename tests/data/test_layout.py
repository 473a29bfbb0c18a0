"""Which axis holds the channels."""

from pathlib import Path

import numpy as np
import pytest

from memctl.data.layout import channels_first
from memctl.data.signals import Signals
from memctl.data.user_files import Reading, read, read_sides
from memctl.errors import UserError

N = 9


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((140, 1), (1, 140)), ((1, 140), (1, 140)), ((100, 6), (6, 100)), ((6, 100), (6, 100)),
        ((100, 2), (2, 100)), ((200, 13), (13, 200)), ((13, 200), (13, 200)), ((24, 5), (5, 24)),
        ((32, 32, 2), (2, 32, 32)), ((2, 32, 32), (2, 32, 32)), ((32, 32, 13), (13, 32, 32)),
        ((13, 32, 32), (13, 32, 32)), ((8, 8, 16), (16, 8, 8)), ((16, 4, 4), (16, 4, 4)),
        ((20, 30, 3), (3, 20, 30)), ((3, 20, 30), (3, 20, 30)), ((20, 30, 5), (5, 20, 30)),
    ],
    ids=str,
)  # fmt: skip
def test_channels_are_found(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    array = np.random.default_rng(0).normal(size=(N, *shape)).astype(np.float32)
    np.save(tmp_path / "x.npy", array)
    examples = read(str(tmp_path / "x.npy"))
    turned = array if shape == expected else np.moveaxis(array, -1, 1)
    np.testing.assert_array_equal(examples.values, turned)
    told = shape != expected and shape[-1] not in ((1, 3) if len(shape) == 3 else (1,))
    assert len(examples.notes) == told
    if len(shape) == 2:
        found = Signals(path=str(tmp_path / "x.npy"), normalise="none").read()
        np.testing.assert_array_equal(found.values, turned)
        assert len(found.notes) == told


@pytest.mark.parametrize(
    "shape", [(24, 28), (24, 24), (28, 24), (100, 60), (12, 10), (3, 32, 3), (8, 8, 8)], ids=str
)
def test_what_may_be_either_is_asked(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=(N, *shape))
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(UserError, match="say which with --layout channels_first or --layout"):
        read(str(tmp_path / "x.npy"))
    if len(shape) == 2:
        with pytest.raises(UserError, match=r"data\.layout=channels_first or data\.layout="):
            Signals(path=str(tmp_path / "x.npy")).read()
        last = Signals(path=str(tmp_path / "x.npy"), layout="channels_last").read()
        assert last.values.shape == (N, *shape[::-1])
        assert last.notes == []
    with pytest.raises(UserError, match="x: shape"):
        channels_first(array, None, "x", "")
    with pytest.raises(UserError, match="layout=time is unknown"):
        channels_first(array, "time", "x", "layout=")


def test_signals_too_short_for_any_metric_are_refused_whatever_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(N, 40, 1)))
    how = Reading(layout="channels_first")
    with pytest.raises(UserError, match="examples of 1 values are too short"):
        read_sides([str(tmp_path / "x.npy")], how)
    with pytest.raises(UserError, match="signals of 1 values are too short"):
        Signals(path=str(tmp_path / "x.npy"), layout="channels_first").read()
    with pytest.raises(UserError, match="are of tables"):
        Signals(path=str(tmp_path / "x.npy"), label_column=0).read()
