"""Where a search looks next, and how soon it arrives, on objectives whose front is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from memctl.analysis import pareto
from memctl.errors import UserError
from memctl.search import answer, replay, suggest
from memctl.search.space import Setting, Space
from tests.conftest import LONG
from tests.rivals import SCIENCE, interval, record, written

METHODS = suggest.METHODS


def bowl(setting: Setting) -> tuple[float, float]:
    """Copying falls with c_l, loss rises with it and with the distance of c_h from 800: the front
    is c_h = 800.
    """
    low, high = setting.low / 1000, setting.high / 1000
    return 1 - low, low**2 / 2 + 4 * (high - 0.8) ** 2


def searched(method: str, runs: int, seed: int = 0) -> dict[Setting, tuple[float, float]]:
    known: dict[Setting, tuple[float, float]] = {}
    for k in range(runs):
        setting = suggest.suggest(Space(), known, [], 100 * seed + k, method)
        known[setting] = bowl(setting)
    return known


@pytest.mark.parametrize("steps", [None, (500, 4000)])
def test_every_setting_is_a_point_and_every_point_a_setting(steps: tuple[int, int] | None) -> None:
    space, rng = Space(0, 1000, steps), np.random.default_rng(0)
    for values in rng.random((300, 3)):
        setting = space.setting(dict(zip(("u", "v", "steps"), values, strict=True)))
        assert space.holds(setting)
        assert [space.setting(point) for point in space.points(setting)] == [setting] * 2
    corners = [space.setting({"u": u, "v": v, "steps": 0})[:2] for u in (0, 1) for v in (0, 1)]
    assert corners == [(0, 1), (0, 1000), (0, 1000), (999, 1000)]


def test_equal_areas_of_the_triangle_are_as_often_suggested() -> None:
    points = np.random.default_rng(0).random((4000, 2))
    found = np.array([Space().setting({"u": u, "v": v})[:2] for u, v in points])
    assert (found[:, 0] >= 500).mean() == pytest.approx(0.25, abs=0.025)
    assert (found[:, 1] <= 500).mean() == pytest.approx(0.25, abs=0.025)
    assert (found[:, 1] - found[:, 0] >= 500).mean() == pytest.approx(0.25, abs=0.025)


def test_the_budget_is_logarithmic() -> None:
    space = Space(0, 1000, (500, 2000))
    point = {"u": 0, "v": 1}
    found = [space.setting(point | {"steps": place}).steps for place in (0, 0.5, 1)]
    assert found == [500, 1000, 2000]
    assert not space.holds(Setting(0, 1000, 400))
    assert not space.holds(Setting(0, 1000))
    assert not Space().holds(Setting(0, 1000, 500))


@pytest.mark.parametrize("method", METHODS)
def test_a_suggestion_follows_from_what_is_known_and_is_new(method: str) -> None:
    known = searched(method, suggest.STARTUP + 2)
    at_work = [Setting(1, 2)]
    first, again = (suggest.suggest(Space(), known, at_work, 7, method) for _ in range(2))
    assert first == again
    assert first not in known
    assert first not in at_work
    if method != "gp":  # which takes the best place, however it is found
        assert len({suggest.suggest(Space(), known, [], seed, method) for seed in (50, 51)}) == 2


def test_what_is_known_is_not_suggested_and_the_last_setting_is_found() -> None:
    space = Space(0, 4)
    pairs = [(a, b) for a in range(4) for b in range(a + 1, 5)]
    known = {Setting(*pair): (0.5, 0.5) for pair in pairs[:-1]}
    assert suggest.suggest(space, known, [], 0, "random") == (3, 4, None)
    with pytest.raises(UserError, match="fewer --trials"):
        suggest.suggest(space, known | {Setting(3, 4): (0, 0)}, [], 0, "random")


@LONG
def test_a_gaussian_process_finds_the_known_front() -> None:
    """In 16 runs, of which chance reaches 0.72, 0.85 and 0.95 of the hypervolume with three seeds,
    and the process more than 1.1 with each: the front goes on where c_l is above 800.
    """
    found = searched("gp", 16)
    late = list(found)[suggest.STARTUP :]
    front = [bowl(Setting(low, 800)) for low in range(0, 800, 10)]
    whole = pareto.hypervolume(front, [0, 0], [1, 1])
    assert pareto.hypervolume([*found.values()], [0, 0], [1, 1]) > 1.05 * whole
    assert sum(abs(setting.high - 800) < 25 for setting in late) >= 2


CELLS = {
    Setting(low, high): bowl(Setting(low, high))
    for low in range(100, 1000, 100)
    for high in range(low + 100, 1001, 100)
}


@pytest.mark.parametrize("method", ["random", "nsga2", "tpe"])
def test_a_replay_reads_every_cell_at_most_once_and_ends_with_all(method: str) -> None:
    reached = replay.trace(CELLS, method, 0)
    assert len(reached) <= len(CELLS)
    assert (np.diff(reached) >= 0).all()
    assert reached[-1] == pytest.approx(1)


def test_chance_needs_the_cells_that_matter_as_often_as_counted() -> None:
    """Of one cell that is all of the front: its place in a random order, 23 of 45 on average."""
    only = {cell: (0.0, 0.0) if k == 17 else (1.0, 1.0) for k, cell in enumerate(CELLS)}
    needed = [len(replay.trace(only, "random", repeat, at_once=1)) for repeat in range(40)]
    # nearest cells are drawn, not all as likely: those beside the edges more often
    assert np.mean(needed) == pytest.approx(23, abs=6)


@pytest.fixture
def grid(tmp_path) -> Callable[..., object]:
    def make(copying: float = 0.3):
        records = [record("uniform_s0", 0, {}, (copying, 0.96, 0.005, 0.02, 0.9))]
        for cell in list(CELLS)[:12]:
            share, loss = bowl(cell)
            values = (share * 0.3, 0.9, loss * 0.015, 0.02, 0.9)
            records.append(record(f"{cell.low}_{cell.high}", 0, interval(*cell[:2]), values))
        return written(tmp_path / "s", records)

    return make


def test_a_recorded_grid_is_replayed(grid, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(replay, "METHODS", ("random", "tpe"))
    monkeypatch.setattr(replay, "REPEATS", 2)
    sweep = grid()
    found = replay.cells(sweep)
    assert list(found) == list(CELLS)[:12]
    # the box ends at uniform's copying, and at three times its loss
    assert found[Setting(100, 800)] == pytest.approx((0.9, 0.005))
    assert found[Setting(100, 200)] == pytest.approx((0.9, 1.0))
    text = replay.answer(sweep.directory)
    assert "95% of the hypervolume of 12 cells" in text
    assert (sweep.directory / "report" / "replay.csv").exists()


def test_a_grid_without_copying_or_cells_is_not_replayed(grid, tmp_path) -> None:
    with pytest.raises(UserError, match="no uniform run that copies"):
        replay.cells(grid(copying=0.0))
    few = written(
        tmp_path / "few",
        [
            record("u", 0, {}, (0.3, 0.9, 0.005, 0.02, 0.9)),
            record("c", 0, interval(1, 2), (0.1, 0.9, 0.005, 0.02, 0.9)),
        ],
    )
    with pytest.raises(UserError, match="has 1 cells"):
        replay.cells(few)
    assert SCIENCE["sampler"]["name"] == "uniform"


@pytest.mark.parametrize(
    ("f_mem", "high", "limit", "said"),
    [
        (0.0, 0.004, 0.01, "CAUTION: the uniform run copies 0 %"),
        (0.0, 0.06, 0.01, "none is seen to be gained"),
        (0.1, 0.15, 0.2, "Copies less than 20 % and is as good as uniform: uniform itself"),
        (0.1, 0.15, 0.01, None),
    ],
)
def test_where_uniform_leaves_nothing_to_gain_it_is_said(
    f_mem: float, high: float, limit: float, said: str | None
) -> None:
    known = {"f_mem": f_mem, "f_mem_high": high, "energy_heldout": 0.004}
    row = pd.DataFrame([known | {"energy_heldout_floor": 0.001}])
    text = answer.needless(row, limit)
    assert (text is None) == (said is None)
    assert said is None or said in text
    if limit == 0.2:  # a network that has learnt little cannot copy
        assert "outside the noise floor (at most 0.001)" in text
        row.energy_heldout_floor = 0.01
        text = answer.needless(row, limit)
        assert text and text.endswith("uniform itself, which copies 10 % (at most 15 %).")
