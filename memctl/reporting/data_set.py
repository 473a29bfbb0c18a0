"""What a data set holds, what is left out of it, and how it is split; and the pairs of its examples
that are one.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from memctl import data
from memctl.data import DataSource
from memctl.files import atomic, shown
from memctl.reporting import figures

SHOWN = 30  # pairs in the picture


def describe(source: DataSource) -> str:
    """A data set in words. Raises: UserError."""
    split = data.load(source)
    low, high = (f([f(side) for side in (split.train, split.heldout)]) for f in (np.min, np.max))
    summary, shape = split.summary, "x".join(str(side) for side in split.summary["shape"])
    out = {
        **summary["dropped"],
        **({"duplicate": summary["duplicates"]} if summary["duplicates"] else {}),
    }
    lines = [
        f"data={source.name}: {summary['examples']} examples of {shape}, values {low:.3g} to"
        f" {high:.3g}",
        f"left out: {', '.join(f'{n} {why}' for why, n in out.items() if n) or 'nothing'}",
        f"split {split.hash}: {summary['n_train']} train, {summary['n_heldout']} held-out,"
        f" {summary['unused']} unused",
    ]
    lines += [f"read: {note}" for note in summary.get("notes", ())]
    return "\n".join(lines)


def short_names(files: Sequence[Any]) -> list[str]:
    """Of images, each one's own: of files their place below the folder that holds them all."""
    paths = [file.absolute() for file in files if isinstance(file, Path)]
    top = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    return [
        shown(file.absolute().relative_to(top) if isinstance(file, Path) else str(file))
        for file in files
    ]


def write_duplicates(decoded: Any, folder: Path) -> str:
    """Write the pairs of images that are one, nearest first: duplicates.csv and duplicates.png.

    Args:
        decoded: What an image source gives (`DecodedImages` of memctl.data).

    Returns:
        What to say of them.

    Raises: UserError.
    """
    same = decoded.same
    if not len(same.pairs):
        return "no two images are one"
    names = short_names(decoded.files)
    rows = pd.DataFrame(
        {
            "first": [names[i] for i, _ in same.pairs],
            "second": [names[j] for _, j in same.pairs],
            "distance": same.distance,
            "kind": same.kind,
        }
    )
    order = rows.sort_values(["distance", "first"]).index
    with atomic(folder / "duplicates.csv") as file:
        rows.loc[order].to_csv(file, index=False, float_format="%.4f")
    shown = order[:SHOWN]
    captions = [
        f"{rows['first'][k]}\n{rows['second'][k]}\n{rows['distance'][k]:.2f}, {rows['kind'][k]}"
        for k in shown
    ]
    images = decoded.pixels[same.pairs[shown].ravel()] / 127.5 - 1
    with figures.optional(folder / "duplicates.png"):
        figures.pairs(images, captions, folder / "duplicates.png")
    return (
        f"{len(same.pairs)} pairs of images are one: {folder / 'duplicates.csv'}, picture"
        f" {folder / 'duplicates.png'}"
    )
