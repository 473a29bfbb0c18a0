"""Pictures of a run and of data, drawn without a display."""

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from memctl.data.panels import TEXT, Examples, compare, panel, panel_size
from memctl.errors import UserError
from memctl.files import atomic
from memctl.metrics.measure import Floats

WIDTH = 7.6  # inches, which are 836 pixels: as wide as GitHub shows a picture
GENERATED, REAL = "#c0392b", "#2c3e50"
MOST = 2000  # points a set
PLAIN: dict[str, Any] = {"parse_math": False}  # of names of files, in which a $ is a $


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG."""
    with atomic(path) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of names in other scripts
        figure.savefig(file, format="png", dpi=110)


@contextmanager
def optional(picture: Path | str) -> Iterator[None]:
    """Drawing a picture that costs nothing but itself where it cannot be drawn, which is said; a
    former file of it goes.
    """
    try:
        yield
    except (OSError, UserError):  # a full disk
        raise
    except Exception as error:  # of fonts, odd names and numbers
        why = (str(error).splitlines() or [""])[0]
        print(f"{picture} could not be drawn ({type(error).__name__}: {why})", file=sys.stderr)
        if isinstance(picture, Path):
            picture.unlink(missing_ok=True)


def samples(generated: Examples, real: Examples, path: Path, rows: int = 8) -> None:
    """Generated examples beside held-out ones: shapes (n, channels, *dims)."""
    columns, n = panel_size(generated, rows)
    images = columns == rows
    figure = Figure(figsize=(WIDTH, 4.3 if images else 6.6))
    for place, examples, title, colour in zip(
        (0.01, 0.51) if images else (0.07, 0.56),
        (generated, real),
        ("generated", "held-out"),
        (GENERATED, REAL),
        strict=True,
    ):
        axis = figure.add_axes((place, 0.01, 0.48, 0.92) if images else (place, 0.08, 0.42, 0.86))
        # From all over: held-out ones lie in the order of labels.
        chosen = np.linspace(0, len(examples) - 1, min(n, len(examples))).astype(int)
        panel(axis, examples[chosen], columns, [colour] * columns, real)
        axis.set_title(title, loc="left")
    save(figure, path)


def suspects(examples: Examples, captions: Sequence[str], path: Path) -> None:
    """Samples against their nearest training and held-out examples.

    Args:
        examples: Sample, nearest training example, nearest held-out example, of each in turn:
            shape (3 n, channels, *dims).
        captions: One a sample.
    """
    n = len(captions)
    figure = Figure(figsize=(WIDTH, 0.9 * n + 1.1))
    axis = figure.add_axes((0.24, 0.55 / (0.9 * n + 1.1), 0.75, 0.9 * n / (0.9 * n + 1.1)))
    triples = examples.reshape(n, 3, *examples.shape[1:])
    titles, width, height = compare(axis, triples, (GENERATED, "#9fb3c8", "#b8bfc4"))
    for column, title in enumerate(titles):
        axis.text(
            (column + 0.45) * width, -0.15 * height, title, ha="center", va="bottom", fontsize=9
        )
    for row, caption in enumerate(captions):
        text = "\n".join(fill(line, 24) for line in caption.splitlines())
        axis.annotate(
            text,
            (0, (row + 0.45) * height),
            (-30, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=TEXT,
            **PLAIN,
        )
    save(figure, path)


def pairs(examples: Examples, captions: Sequence[str], path: Path) -> None:
    """Examples in pairs, each with its caption: shape (2 n, channels, *dims)."""
    columns = min(5, len(captions))
    lines = -(-len(captions) // columns)
    figure = Figure(figsize=(WIDTH, 1.7 * lines), layout="constrained")
    for k, axis in enumerate(figure.subplots(lines, columns, squeeze=False).flat):
        axis.set_axis_off()
        if k < len(captions):
            panel(axis, examples[2 * k : 2 * k + 2], 2, (REAL, REAL))
            axis.set_title(captions[k], fontsize=6.5, **PLAIN)
    save(figure, path)


def projection(train: Floats, heldout: Floats, generated: Floats, path: Path) -> None:
    """Scores on the training data's first two principal components, shapes (n, 2 or more): where
    generated examples lie among real ones.
    """
    figure = Figure(figsize=(6, 5), layout="constrained")  # scores are of any size
    axis = figure.subplots()
    grey = "#7f8c8d"
    for scores, label, colour, marker in (
        (train, "train", REAL, "o"),
        (heldout, "held-out", grey, "x"),
        (generated, "generated", GENERATED, "."),
    ):
        x, y = scores[:MOST, :2].T
        axis.scatter(
            x,
            y,
            label=f"{label} ({len(scores):,})",
            color=colour,
            marker=marker,
            s=12,
            alpha=0.5,
            linewidths=0.7,
        )
    axis.set(xlabel="C1 of the training data", ylabel="C2")
    axis.legend(frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def ratios(generated: Floats, heldout: Floats, threshold: float, path: Path) -> None:
    """The share of examples whose d1/d2, shape (n,), is at most x; the threshold of f_mem is
    marked.
    """
    figure = Figure(figsize=(6, 3))
    axis = figure.add_axes((0.1, 0.17, 0.88, 0.8))
    axis.ecdf(heldout, color=REAL, label=f"held-out ({len(heldout):,})")
    axis.ecdf(generated, color=GENERATED, label=f"generated ({len(generated):,})")
    axis.axvline(threshold, color="#7f8c8d", linestyle=":", label=f"f_mem: below {threshold:.3g}")
    axis.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="d1/d2: distance to the nearest training example over that to the second",
        ylabel="share of examples",
    )
    axis.legend(frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def timesteps(realised: Mapping[str, Any], title: str, path: Path) -> None:
    """The realised distribution of t over the nominal one, from the callback's summary."""
    edges = np.asarray(realised["edges"], dtype=float)
    width = np.diff(edges)
    figure = Figure(figsize=(6, 3))
    axis = figure.add_axes((0.15, 0.17, 0.82, 0.72))
    axis.bar(
        edges[:-1],
        np.asarray(realised["realised"]) / width,
        width,
        align="edge",
        color="#d5d8dc",
        label=f"realised, {realised['draws']:,} draws",
    )
    axis.stairs(np.asarray(realised["nominal"]) / width, edges, color=GENERATED, label="nominal")
    axis.set(
        xlabel="diffusion step t",
        ylabel="probability of a step",
        title=title,
        xlim=(edges[0], edges[-1]),
    )
    axis.legend(frameon=False)
    save(figure, path)
