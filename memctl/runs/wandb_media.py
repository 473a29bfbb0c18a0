"""Pictures and tables as W&B has them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any


@contextmanager
def staging(folder: Path) -> Iterator[None]:
    """What W&B is about to copy for sending, it copies there and not into the home folder."""
    before = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = before or str(folder)
    try:
        yield
    finally:
        os.environ.pop("WANDB_DATA_DIR")
        if before:
            os.environ["WANDB_DATA_DIR"] = before


def images(pictures: Mapping[str, Path], library: Any = None) -> dict[str, Any]:
    """Pictures as W&B has them, or a library with its interface."""
    library = library or import_module("wandb")
    known = {name: path for name, path in pictures.items() if path.exists()}
    return {f"pictures/{name}": library.Image(str(path)) for name, path in known.items()}


class Figure:
    """A figure of Plotly that is known as JSON. W&B takes it for one of the package plotly, which
    it tells by this name, and which else it does not need.
    """

    __module__ = "plotly.graph_objs"

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known = known

    def to_plotly_json(self) -> Mapping[str, Any]:
        """What the package would give."""
        return self.known


def plots(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Figures of Plotly, given as JSON, as W&B has them."""
    wandb = import_module("wandb")
    return {name: wandb.Plotly(Figure(known)) for name, known in figures.items()}


def as_tables(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], library: Any = None
) -> dict[str, Any]:
    """Tables as W&B has them, or a library with its interface."""
    library = library or import_module("wandb")
    out = {}
    for name, rows in tables.items():
        if rows:
            columns = list(rows[0])
            data = [[row.get(column) for column in columns] for row in rows]
            out[f"tables/{name}"] = library.Table(columns=columns, data=data)
    return out
