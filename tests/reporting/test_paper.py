"""The paper's figures of a sweep whose numbers are known."""

import numpy as np
import pytest

from memctl.analysis.sweep_results import read
from memctl.reporting import paper
from tests.conftest import BLANK


@BLANK
def test_each_figure_is_written_or_said_to_be_left_out_and_why(grid, memctl) -> None:
    code, out = memctl("report", str(grid), "--figures")
    folder = grid / "report" / "paper"
    drawn = {f"figure_{k}.{end}" for k in (2, 3, 7) for end in ("png", "pdf")}
    assert (code, {path.name for path in folder.iterdir()}) == (0, drawn)
    lines = out.splitlines()
    assert len(lines) == 6
    assert lines[0] == f"Fig. 2: {folder / 'figure_2.png'} and .pdf"
    assert lines[2].startswith("Fig. 4 is left out: the data are not to be had: ")
    assert lines[3].startswith("Fig. 5 is left out: no cell has wasserstein_C1; ")
    assert (
        "Fig. 6 is left out: no cell has js_amplitude; run python -m memctl.train -cn" in lines[4]
    )
    assert not (grid / "report" / "index.html").exists()


def test_the_axes_are_the_papers(grid) -> None:
    sweep = read(grid)
    losses = paper.training(sweep).axes
    assert [axis.get_title() for axis in losses[:9]] == [f"CI width {k}00" for k in range(1, 10)]
    assert [len(axis.lines) for axis in losses[:9]] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    line = losses[0].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), np.arange(11, 41))  # the last 30 epochs
    np.testing.assert_allclose(line.get_ydata(), 10 / 150)
    assert losses[-1].get_xlabel() == "mean location"
    grid_axis, _, by_place, by_width = paper.distances(sweep).axes
    assert (grid_axis.get_xlabel(), grid_axis.get_ylabel()) == ("$c_l$", "$c_h$")
    assert [text.get_text() for text in by_place.get_xticklabels()] == ["left", "middle", "right"]
    assert len(by_width.get_xticklabels()) == 9


def test_tail_mass_and_density_are_those_of_the_sampler(grid) -> None:
    (axis,) = paper.tails(read(grid)).axes
    normal, drawn = axis.lines[:2]
    t, density = normal.get_data()
    assert np.trapezoid(density[(t >= 0) & (t <= 1000)], t[(t >= 0) & (t <= 1000)]) == (
        pytest.approx(0.545, abs=0.01)  # [100, 1000] holds a half, and 0 to 100 what is next to it
    )
    assert drawn.get_ydata().sum() == pytest.approx(1)
    assert any("tail mass, 45.5%" in text.get_text() for text in axis.get_legend().texts)


def test_a_sweep_without_a_grid_has_none_of_them(grid) -> None:
    for path in grid.glob("cl*/record.json"):
        path.unlink()
    said = paper.write(grid).splitlines()
    assert len(said) == 6
    assert all(
        "the sweep has no grid of cells; run python -m memctl.train" in line for line in said
    )
