"""Which weights act at which steps."""

import pytest

from memctl.splice.cuts import Cut, cuts, distinct, edges


@pytest.mark.parametrize(
    ("timesteps", "bands"), [(1000, 5), (1000, 10), (20, 3), (7, 7), (4, 2)], ids=str
)
def test_every_set_of_steps_is_made_once(timesteps: int, bands: int) -> None:
    made = cuts(timesteps, bands)
    assert len(made) == 2 * (bands + 1) + 2 * bands
    alone = distinct(made)
    assert len(alone) == len({cut.steps for cut in made})
    # All and none, each band in and out, each inner edge above and below; the first and the last
    # band are an end of these.
    assert len(alone) == 4 * bands - 4
    assert {alone[cut.name].steps == cut.steps for cut in made} == {True}


def test_a_cut_and_its_opposite_share_all_steps() -> None:
    of = {(cut.kind, cut.low, cut.high): cut.steps for cut in cuts(20, 4)}
    for low, high in ((0, 5), (5, 10), (10, 15), (15, 20)):
        inside, outside = of["inside", low, high], of["outside", low, high]
        assert [a != b for a, b in zip(inside, outside, strict=True)] == [True] * 20
        assert [t for t in range(1, 21) if inside[t - 1]] == list(range(low + 1, high + 1))
        above, below = of["above", low, 20], of["below", 0, low]
        assert [a != b for a, b in zip(above, below, strict=True)] == [True] * 20


def test_bands_are_as_equal_as_can_be() -> None:
    assert edges(1000, 5) == [0, 200, 400, 600, 800, 1000]
    assert edges(10, 4) == [0, 2, 5, 8, 10]


def test_names_are_their_steps() -> None:
    assert [Cut(kind, 5, 10, 20).name for kind in ("inside", "outside")] == ["5-10", "0-5+10-20"]
    assert Cut("below", 0, 0, 20).name == Cut("above", 20, 20, 20).name == "none"
