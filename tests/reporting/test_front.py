"""The front in the report, on its page, and over several sweeps."""

import io

import numpy as np
import pandas as pd
import pytest

from memctl.analysis import front
from memctl.reporting import page, report
from memctl.reporting.front import draw
from memctl.reporting.pool import pool
from memctl.reporting.sections import FRONT, HYPERVOLUMES
from tests.conftest import BLANK
from tests.rivals import UNIFORM, all_runs, written


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return written(tmp_path_factory.mktemp("s") / "s", all_runs(3))


@pytest.fixture(scope="module")
def rows(sweep):
    return front.points(sweep)


def labels(axis):
    return [text for text in axis.texts if text.get_text()]


def test_the_figure_names_the_front_without_overlaps(rows):
    figure = draw(rows)
    large, gains, *small = figure.axes
    assert len(small) == 3
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in labels(large)]
    assert {"uniform", "[700, 1000]", "[300, 1000]"} <= {t.get_text() for t in labels(large)}
    overlaps = [a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k]]
    assert len(overlaps) > 5
    assert not any(overlaps)
    names = [tick.get_text() for tick in gains.get_yticklabels()]
    assert names == ["interval", "training time", "dropout", "uniform"]  # most gained first


def test_each_control_is_a_colour_and_the_uniform_run_a_star(rows):
    large, gains, *_ = draw(rows).axes
    marks = [line for line in large.lines if line.get_marker() not in ("None", "", None)]
    star = [line for line in marks if line.get_marker() == "*"]
    assert [line.get_xdata()[0] for line in star] == [pytest.approx(rows.f_mem[0])]
    colours = {line.get_color() for line in marks}
    assert len(colours) == 4
    assert colours == {line.get_color() for line in gains.lines}
    beyond = [line for line in marks if line.get_marker() == "^"]
    assert len(beyond) == 2  # energies above the box: [300, 400] and 1,000 steps


def test_the_page_has_the_front_of_each_plane_of_metrics(sweep, rows):
    known = {(one["copying"], one["quality"]): one for one in page.fronts(sweep, rows)}
    assert set(known) == {(c, q) for c, q in front.PLANES if c != "follows"}
    for (copying, quality), one in known.items():
        best = front.front(rows, copying, quality)
        assert [p[:2] for p in one["points"]] == [
            pytest.approx(pair, rel=1e-4)
            for pair in best[[copying, quality]].itertuples(index=False)
        ]
        assert all(p[3] in sweep.records and 0 <= p[4] <= 1 for p in one["points"])
        assert one["right"] == pytest.approx(rows[copying].max(), rel=1e-4)
    assert [p[2] for p in known["f_mem", "energy_heldout"]["points"]][-1] == "uniform"
    assert page.fronts(sweep, rows.iloc[:0]) == []


def test_the_line_of_the_front_goes_through_its_settings(rows):
    large = draw(rows).axes[0]
    (line,) = [one for one in large.lines if one.get_drawstyle() == "steps-post"]
    for row in front.front(rows, "f_mem", "energy_heldout").itertuples():
        after = line.get_ydata()[line.get_xdata() >= row.f_mem][0]
        assert after == pytest.approx(row.energy_heldout)
    (band,) = large.collections
    assert np.ptp(band.get_paths()[0].vertices[:, 0]) > 0


def test_the_report_ends_in_the_sentence_and_writes_the_tables(tmp_path):
    sweep, out = written(tmp_path / "s", all_runs(1)), io.StringIO()
    report.write(sweep.directory, out, (), [FRONT, HYPERVOLUMES])
    table = pd.read_csv(tmp_path / "s" / "report" / "front.csv")
    assert [*table.control[:2]] == ["uniform", "interval"]
    assert len(pd.read_csv(tmp_path / "s" / "report" / "hypervolumes.csv")) == 36
    assert "Least copying at least loss: interval [700, 1000]" in out.getvalue().split("\n\n")[-1]
    page = (tmp_path / "s" / "report" / "index.html").read_text()
    assert '<p class="answer">Least copying at least loss: interval [700, 1000]' in page
    assert 'id="part-front"' in page


def test_where_uniform_hardly_copies_the_points_are_drawn_without_a_front(tmp_path):
    sweep = written(tmp_path / "s", all_runs(1, uniform=(0.0, *UNIFORM[1:])))
    part = FRONT.fill(sweep)
    assert part.said.startswith("CAUTION: the uniform run copies 0 % of its samples (at most 0.4 %")
    assert HYPERVOLUMES.fill(sweep) is None
    large, gains, *_ = part.figure.axes
    assert not [line for line in large.lines if line.get_drawstyle() == "steps-post"]
    assert not large.collections
    assert not len(gains.get_xticks())


def test_a_plane_in_which_nothing_is_lost_is_drawn(rows):
    none = {"f_mem": 0.0, "f_mem_low": 0.0, "f_mem_high": 0.001}
    all_there = {f"recall{end}": 1.0 for end in ("", "_low", "_high", "_floor")}
    *_, plane, _ = draw(rows.assign(**none, **all_there)).axes
    assert plane.get_ylabel() == "1 - recall"
    assert plane.get_ylim() == (0, 1)


def test_a_sweep_without_a_uniform_run_has_no_front(tmp_path):
    assert FRONT.fill(written(tmp_path / "s", all_runs(1)[1:7])) is None
    assert FRONT.fill(written(tmp_path / "t", all_runs(3)[:3])) is None  # nor one of it alone


@BLANK
def test_sweeps_of_one_data_set_are_read_as_one_plane(tmp_path):
    runs, out = all_runs(1), io.StringIO()
    folders = [tmp_path / "a", tmp_path / "b"]
    written(folders[0], runs[:7])
    written(folders[1], [runs[0], *runs[7:]])
    pool(folders, out)
    table = pd.read_csv(tmp_path / "pooled" / "front.csv")
    assert set(table.control) == {"uniform", "interval", "training time", "dropout"}
    assert (table.seeds == 1).all()
    assert "Next best: training time 2,000 steps" in out.getvalue()
    assert (tmp_path / "pooled" / "front.png").is_file()
    assert (tmp_path / "pooled" / "hypervolumes.csv").is_file()


def test_a_plane_that_was_not_measured_is_left_out(rows):
    """As KID is with metrics.full=false."""
    of = lambda figure: {axis.get_ylabel() for axis in figure.axes}
    whole, less = of(draw(rows)), of(draw(rows.assign(kid=float("nan"))))
    assert len(whole - less) == 1
    assert less < whole
