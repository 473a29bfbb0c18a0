"""Every picture fits its canvas: as wide as it is shown, no label cut, none too small to read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from memctl.analysis.sweep_results import read
from memctl.probes import figure as probe_figure
from memctl.reporting import calibration_figure, figures, paper
from memctl.reporting.sections import BOXES, LOSSES, OVERVIEW
from tests.conftest import LONG as LONG_TEST

SHOWN = 838  # pixels, to which GitHub shrinks what is wider
LEAST = 6.5  # points
LONG = "a_file_with_a_rather_long_name_of_many_words_000017.png"


def faults(figure: Figure) -> list[str]:
    """What of a figure cannot be read where it is shown: too wide, cut or too small."""
    figure.set_dpi(110)
    figure.draw_without_rendering()
    canvas = figure.bbox
    found = [f"{canvas.width:.0f} pixels wide"] if canvas.width > SHOWN else []
    parts = [(axis.get_title("left") or axis.get_title() or "axis", axis) for axis in figure.axes]
    for name, part in [*parts, *((text.get_text(), text) for text in figure.texts)]:
        box = part.get_tightbbox() if part.get_visible() else None
        if box is not None and not all(
            (box.x0 > -1, box.y0 > -1, box.x1 < canvas.x1 + 1, box.y1 < canvas.y1 + 1)
        ):
            found.append(f"cut: {name}")
    sizes = {
        f"{text.get_fontsize():g} points: {text.get_text()}"
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text.get_fontsize() < LEAST
    }
    return [*found, *sorted(sizes)]


def draw_signals(path: Path, n: int = 24) -> np.ndarray:
    t = np.linspace(0, 6, 140)
    return np.stack([np.sin(t + k) * (1 + k % 3) for k in range(n)])[:, None].astype(np.float32)


def draw_images(path: Path, n: int = 24) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (n, 1, 8, 8)).astype(np.float32)


def probe_rows() -> list[dict[str, float]]:
    names = ["t_low", "t_high", "loss_heldout", "loss_heldout_se", "loss_train", "loss_train_se"]
    names += [f"{k}{end}" for k in ("gap", "auc") for end in ("", "_low", "_high")]
    for k in ("to_optimal", "optimal_to_truth", "to_truth"):
        names += [f"{k}_heldout", f"{k}_train"]
    names += ["to_control", "control_to_truth"]
    return [
        dict.fromkeys(names, 0.5 + 0.01 * k) | {"t_low": 100 * k + 1, "t_high": 100 * k + 100}
        for k in range(10)
    ]


def readings() -> pd.DataFrame:
    generators = ["floor, low", "floor, high", "heldout", "copies", "interpolated", *"abcdefghi"]
    metrics = [f"a_metric_with_a_name_{k}" for k in range(30)]
    values = np.arange(len(generators) * len(metrics)).reshape(len(generators), -1) / 7.0
    return pd.DataFrame(values, index=generators, columns=metrics)


CAPTIONS = [f"sample {LONG}\nd1/d2 0.40\nto train 0.179\nheld-out 0.316"] * 8
REALISED = {"edges": [0, 500, 1000], "realised": [0.4, 0.6], "nominal": [0.5, 0.5], "draws": 9000}
PICTURES: dict[str, Callable[[Path], None]] = {
    "samples": lambda p: figures.samples(draw_signals(p), draw_signals(p), p),
    "samples of images": lambda p: figures.samples(draw_images(p, 64), draw_images(p, 64), p),
    "suspects": lambda p: figures.suspects(draw_signals(p), CAPTIONS, p),
    "suspects of images": lambda p: figures.suspects(draw_images(p), CAPTIONS, p),
    "ratios": lambda p: figures.ratios(np.arange(9) / 9, np.arange(9) / 10, 1 / 3, p),
    "projection": lambda p: figures.projection(*[-1e4 * np.eye(9, 2)] * 3, p),
    "timesteps": lambda p: figures.timesteps(REALISED, "cl100_ch1000_s0", p),
    "probe": lambda p: probe_figure.draw(probe_rows(), "mitdb208/cl100_ch1000_s0", p),
    "calibration": lambda p: calibration_figure.draw(readings(), p),
}


SLOW_TO_LAY_OUT = ("probe", "calibration")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[LONG_TEST] * (n in SLOW_TO_LAY_OUT)) for n in PICTURES]
)
def test_a_picture_is_read_where_it_is_shown(name, tmp_path, monkeypatch) -> None:
    drawn: list[Figure] = []
    for module in (figures, probe_figure, calibration_figure):
        monkeypatch.setattr(module, "save", lambda figure, path: drawn.append(figure))
    PICTURES[name](tmp_path / "picture.png")
    assert faults(drawn[0]) == []


@LONG_TEST
def test_so_are_those_of_a_sweep(grid) -> None:
    sweep = read(grid)
    parts = [section.fill(sweep) for section in (OVERVIEW, BOXES, LOSSES)]
    drawn = {part.section.name: part.figure for part in parts if part is not None}
    drawn |= {f"Fig. {k}": draw(sweep) for k, draw in ((2, paper.tails), (3, paper.distances))}
    assert {name: faults(figure) for name, figure in drawn.items()} == {name: [] for name in drawn}


def test_what_cannot_be_read_is_found() -> None:
    figure = Figure(figsize=(9, 2))
    axis = figure.subplots()
    axis.set_title("a title")
    axis.set_ylabel("a label that is too long for so low a picture, and so is cut at its ends")
    axis.text(0.5, 0.5, "small", fontsize=4)
    assert faults(figure) == ["990 pixels wide", "cut: a title", "4 points: small"]
