"""Examples as a page holds them: bytes of a few samples, and of the real examples near to the most
suspicious ones.
"""

import base64
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import OmegaConf
from PIL import Image

from memctl import data
from memctl.analysis.sweep_results import SweepResults
from memctl.data import Split
from memctl.errors import UserError
from memctl.files import nothing_fetched

POINTS, CHANNELS = 256, 4  # of a signal, at most
SIDE = 64  # pixels of an image, at most
PICTURES = ("ratios", "projection")  # of a run, as it left them
SHADES = 32  # of such a picture
NEAR = ("nearest_train", "nearest_heldout")
Values = NDArray[Any]


@dataclass(frozen=True)
class Amount:
    """How many examples a page shows.

    Attributes:
        samples, suspects: Of each run.
        side: Pixels of an image's side, at most.
        pictures: Whether the runs' own are shown.
    """

    samples: int = 16
    suspects: int = 8
    side: int = SIDE
    pictures: bool = True

    def fewer(self) -> "Amount | None":
        """The next smaller amount; None below the least."""
        if self.pictures:
            return replace(self, pictures=False)
        if self.samples > 2:
            suspects = max(self.suspects // 2, 2)
            return replace(self, samples=self.samples // 2, suspects=suspects)
        return replace(self, side=self.side // 2) if self.side > 8 else None


@dataclass
class Gallery:
    """The examples of a sweep's runs, each real one once.

    Attributes:
        runs: Of each run by name: `samples`, their bytes; `suspects`, each with its number,
            distances, and places in `real` (null where the data are not at hand); and those of
            PICTURES that its folder has.
        real: Bytes of training and held-out examples.
        shape: Of an example as shown: (channels, points) or (channels, height, width).
        range: The values that the bytes 0 and 255 stand for.
        missing: Why there are no real examples beside the samples, or ''.
    """

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    real: list[str] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)
    range: list[float] = field(default_factory=list)
    missing: str = ""


def gallery(sweep: SweepResults, splits: "Splits", amount: Amount) -> Gallery:
    """The first samples of each run, which start from the same noise in all of them, and those of
    the least d1/d2.
    """
    out = Gallery()
    places: dict[tuple[str, str, int], int] = {}
    chosen = {
        name: found for name in sweep.records if (found := pick(sweep, name, amount)) is not None
    }
    if not chosen:
        return out
    low, high = limits(sweep, splits, [samples for samples, _, _ in chosen.values()])
    out.range = [low, high]
    for name, (samples, doubtful, near) in chosen.items():
        split = splits.of(name)
        small = smaller(samples, amount.side)
        out.shape = list(small.shape[1:])
        suspects = []
        for example, row in zip(smaller(doubtful, amount.side), near, strict=True):
            entry = {"n": row["sample"], "bytes": packed(example[None], low, high)}
            entry |= {k: short(row[k]) for k in ("ratio", "d1", "d_heldout")}
            for key, side in zip(NEAR, ("train", "heldout"), strict=True):
                if split is not None:
                    place = (sweep.records[name]["split"]["hash"], side, int(row[key]))
                    if place not in places:
                        places[place] = len(out.real)
                        real = getattr(split, side)[place[2]][None]
                        out.real.append(packed(smaller(real, amount.side), low, high))
                    entry[side] = [places[place], place[2]]
            suspects.append(entry)
        out.runs[name] = {"samples": packed(small, low, high), "suspects": suspects}
        if amount.pictures:
            out.runs[name] |= {"pictures": pictures(sweep.folder(name).path)}
    out.missing = splits.missing
    return out


def pictures(folder: Path) -> dict[str, str]:
    """The pictures that a run left, in few colours, as base64 of PNG."""
    out = {}
    for name in PICTURES:
        with suppress(OSError, ValueError):  # none, or damaged
            held = BytesIO()
            with Image.open(folder / f"{name}.png") as picture:
                picture.convert("RGB").quantize(SHADES).save(held, "png")
            out[name] = base64.b64encode(held.getvalue()).decode()
    return out


def pick(
    sweep: SweepResults, name: str, amount: Amount
) -> tuple[Values, Values, list[dict[str, Any]]] | None:
    """A run's first samples, its most suspicious ones, and what neighbours.csv has of these; None
    where the samples are gone or damaged.
    """
    folder = sweep.folder(name)
    samples = folder.kept_samples()
    if samples is None:
        return None
    first = np.array(samples[: amount.samples])
    rows: list[dict[str, Any]] = []
    near = folder.kept_neighbours()
    if {"sample", "ratio", "d1", "d_heldout", *NEAR} <= set(near):
        worst = near.sort_values("ratio", kind="stable").head(amount.suspects)
        found = [{str(k): v for k, v in row.items()} for row in worst.to_dict("records")]
        rows = [row for row in found if row["sample"] < len(samples)]
    doubtful = np.array([samples[int(row["sample"])] for row in rows])
    return first, doubtful.reshape(len(rows), *first.shape[1:]), rows


class Splits:
    """The data of a sweep's runs, read as the runs read them, but never fetched.

    Attributes:
        missing: Why some are not known, or ''.
    """

    def __init__(self, sweep: SweepResults) -> None:
        self.sweep, self.missing = sweep, ""
        self.known: dict[str, Split | None] = {}
        for name, record in sweep.records.items():
            if (key := record["split"]["hash"]) not in self.known:
                self.known[key] = self.read(name, key)

    def of(self, name: str) -> Split | None:
        """The split of a run."""
        return self.known[self.sweep.records[name]["split"]["hash"]]

    def read(self, name: str, key: str) -> Split | None:
        """The split that the run's settings give now, where it is still the run's."""
        try:
            with nothing_fetched():
                spec: Any = OmegaConf.to_container(self.sweep.folder(name).settings().data)
                split = data.load(data.build(spec))
        except (UserError, OSError, ImportError) as error:
            self.missing = (str(error).splitlines() or [type(error).__name__])[0]
            return None
        if split.hash == key:
            return split
        self.missing = "the data has changed since"
        return None


def limits(sweep: SweepResults, splits: Splits, samples: Iterable[Values]) -> tuple[float, float]:
    """The values that the bytes' ends stand for: the data's range or, of data without one, that of
    the real examples with a tenth of it above and below, and else of the samples.
    """
    known = [split for split in splits.known.values() if split is not None]
    for split in known:
        if split.value_range is not None:
            return split.value_range
    values = [v for split in known for v in (split.train, split.heldout)] or [*samples]
    finite = [v[np.isfinite(v)] for v in values]
    low = min((float(v.min()) for v in finite if v.size), default=0.0)
    high = max((float(v.max()) for v in finite if v.size), default=1.0)
    room = 0.1 * (high - low) or 1.0
    return low - room, high + room


def smaller(examples: Values, side: int) -> Values:
    """Examples as the page shows them: of signals the first channels, and every k-th point; images
    by the mean of squares of pixels.
    """
    shape = examples.shape
    if len(shape) == 3:
        points = np.unique(np.linspace(0, shape[2] - 1, min(POINTS, shape[2])).astype(int))
        return examples[:, :CHANNELS][..., points]
    k = -(-max(shape[2:]) // side)
    cut = examples[:, :, : shape[2] // k * k, : shape[3] // k * k]
    blocks = cut.reshape(*shape[:2], shape[2] // k, k, shape[3] // k, k)
    return np.asarray(blocks.mean(axis=(3, 5)))


def packed(examples: Values, low: float, high: float) -> str:
    """A byte a value, as base64."""
    scaled = (np.nan_to_num(examples.astype(float), nan=low) - low) / (high - low)
    whole = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode()


def short(value: float) -> float | None:
    """A number with five digits; null for what JSON does not have."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def said(amount: Amount, full: Sequence[int], largest: int) -> list[str]:
    """What is shown of the runs' pictures and of the examples, where it is not all, on a page of at
    most so many bytes.
    """
    out = [] if amount.pictures else [f"The runs' own {' and '.join(PICTURES)} are not shown."]
    if (amount.samples, amount.side) != (Amount.samples, Amount.side):
        out.append(
            f"{amount.samples} samples and {amount.suspects} suspects a run are shown, images at"
            f" {amount.side} pixels or less."
        )
    more = f"More would make this page larger than {largest / 1e6:.0f} MB;"
    more += " all are in the runs' folders."
    return [*out, *([more] if out else []), *of_shape(amount, full)]


def of_shape(amount: Amount, full: Sequence[int]) -> list[str]:
    """What is shown of the examples' shape, where it is not all."""
    if len(full) == 2:
        parts = [f"{CHANNELS} of {full[0]} channels"] if full[0] > CHANNELS else []
        parts += [f"{POINTS} of {full[1]} points"] if full[1] > POINTS else []
        return [f"Of each signal {' and '.join(parts)} are drawn."] if parts else []
    if len(full) == 3 and max(full[1:]) > amount.side:
        return [f"Images of {full[2]} x {full[1]} pixels are shown at {amount.side} or less."]
    return []
