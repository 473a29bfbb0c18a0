"""The figure of python -m memctl.samplers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import StepPatch

from memctl.reporting.gallery.command import main
from memctl.reporting.gallery.draws import Draws
from memctl.reporting.gallery.entry import COLUMNS, from_spec, with_draws
from memctl.reporting.gallery.figure import PANELS, figure
from memctl.reporting.gallery.scale import axis_height, log_snr_scale, t_scale
from memctl.samplers import NoiseSchedule
from tests.reporting.gallery.runs import SCHEDULE, Command, selected


@pytest.mark.parametrize("n", [1, 5, 15, 45])
def test_the_figure_shows_every_sampler_on_both_axes(n: int) -> None:
    result = [
        with_draws(
            from_spec({"name": "interval", "low": i, "high": 500 + i}, SCHEDULE), 2000, 32, 0
        )
        for i in range(n)
    ]
    image = figure(result)
    image.canvas.draw()
    assert len(image.axes) == (2 * n if n <= PANELS else 2)
    for k in (0, 1):
        axes = image.axes[k::2]
        assert (
            sum(isinstance(a, StepPatch) for axis in axes for a in axis.get_children()) == 3 * n
        )  # p, its area, and uniform
        assert sum(line.get_marker() == "o" for axis in axes for line in axis.lines) == n  # draws
        assert (
            len({axis.get_xlim() for axis in axes}) == len({axis.get_ylim() for axis in axes}) == 1
        )
    signal, noise = image.axes[1].get_xlim()
    assert signal > noise
    assert image.axes[-1].get_xlabel().startswith("log SNR")
    if n > PANELS:
        assert [label.get_text() for label in image.axes[0].get_yticklabels()] == [
            one.title for one in result
        ]
        assert sum(isinstance(c, LineCollection) for c in image.axes[0].collections) == 1
    else:
        assert [axis.get_title("left") for axis in image.axes[::2]] == [one.title for one in result]


def test_weights_are_drawn_where_losses_are_weighted() -> None:
    result = selected(
        "interval:low=100,high=300,mode=weight",
        "interval:low=100,high=300,mode=correct,clip=2",
        "uniform",
    )
    lines = [
        [line for line in axis.lines if line.get_linestyle() == "--"]
        for axis in figure(result).axes[::2]
    ]
    assert [len(some) for some in lines] == [1, 1, 0]
    np.testing.assert_allclose(lines[0][0].get_ydata(), 1000 * result[0].pmf)
    assert max(lines[1][0].get_ydata()) == 2


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
def test_both_axes_hold_the_same_masses(schedule: str, zero: bool) -> None:
    one = with_draws(
        from_spec(
            {"name": "cauchy", "mu": -3}, NoiseSchedule(schedule=schedule, zero_terminal_snr=zero)
        ),
        2000,
        32,
        0,
    )
    left, right = t_scale(one), log_snr_scale(one)
    assert (left.density(one.pmf) * np.diff(left.edges)).sum() == pytest.approx(1000)
    kept = one.pmf[: 999 if zero else 1000]
    np.testing.assert_allclose(right.density(one.pmf) * -np.diff(right.edges), kept)
    x, heights = left.histogram(one.draws, 50)  # type: ignore[arg-type]
    assert len(x) == 50
    assert heights.mean() == pytest.approx(1)
    assert len(right.histogram(one.draws, 50)[0]) == (49 if zero else 50)  # type: ignore[arg-type]


def test_a_spike_is_cut_off_and_not_the_others_flattened() -> None:
    assert axis_height([1, 2, 5]) == pytest.approx(1.08 * 5)
    assert axis_height([1, 2, 5, 1000]) == pytest.approx(1.08 * 5)
    assert axis_height([1000]) == pytest.approx(1.08 * 1000)
    assert axis_height([1, 1000]) == pytest.approx(1.08 * 3)
    texts = [
        text.get_text() for axis in figure(selected("uniform", "fixed")).axes for text in axis.texts
    ]
    assert "peak 1,000" in texts


def test_draws_are_counted_over_ranges() -> None:
    draws = Draws(np.arange(11), np.arange(10.0))
    assert draws.coarse(5).counts.tolist() == [1, 5, 9, 13, 17]
    assert draws.coarse(3).edges.tolist() == [0, 3, 7, 10]
    assert draws.coarse(50) is draws


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")]
)
def test_the_figures_file_types(command: Command, suffix: str, magic: bytes) -> None:
    main(["uniform", "--out", f"deep/er/x.{suffix}", "--draws", "10"])
    content = Path(f"deep/er/x.{suffix}").read_bytes()
    main(["uniform", "--out", f"deep/er/x.{suffix}", "--draws", "10"])
    assert content.startswith(magic)
    assert content == Path(f"deep/er/x.{suffix}").read_bytes()
    assert Path("deep/er/x.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert sorted(path.name for path in Path("deep/er").iterdir()) == sorted(
        [f"x.{suffix}", "x.csv"]
    )


def test_long_names_stay_inside_the_figure() -> None:
    one = selected(
        "{name: mixture, parts: [{name: fixed, t: 1}, {name: fixed, t: 2}, {name: fixed, t: 3},"
        " {name: uniform}]}"
    )[0]
    for n in (1, PANELS + 1):
        image = figure([replace(one, title=one.title + str(i)) for i in range(n)])
        image.canvas.draw()
        axis = image.axes[0]
        label = axis.get_title("left") if n == 1 else axis.get_yticklabels()[0].get_text()
        assert len(label) <= 50
        assert "…" in label
        assert axis.get_position().width > 0.25
