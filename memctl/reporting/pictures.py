"""What a run shows of its samples: pictures, and a table of every sample's nearest examples."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from memctl.data import Split
from memctl.data.panels import Examples, scale_for_display
from memctl.files import atomic
from memctl.metrics.distance import Scan, neighbours
from memctl.metrics.f_mem import ratios
from memctl.metrics.projection import projection
from memctl.metrics.subsample import subsample
from memctl.metrics.suite import Suite
from memctl.reporting import figures

SUSPECTS = 8  # samples shown beside their nearest examples


def draw(
    directory: Path,
    name: str,
    samples: Examples,
    split: Split,
    suite: Suite,
    scan: Scan,
    realised: Mapping[str, Any] | None,
    names: Sequence[NDArray[Any]] | None = None,
) -> dict[str, Path]:
    """Write neighbours.csv and the pictures of a run into its folder; return the pictures by name.

    Args:
        scan: The pass over the samples' distances.
        realised: Of the timestep sampler's draws, where there was control.
        names: What to call the samples, training and held-out examples, shape (n,) each; their
            places, counted from 0, unless given.
    """
    places = [np.arange(len(side)) for side in (samples, split.train, split.heldout)]
    table = nearest_examples(scan, names or places)
    with atomic(directory / "neighbours.csv") as file:
        table.to_csv(file, index_label="sample", float_format="%.6g")
    sides = suite.sides
    generated, real = (scale_for_display(x, split.value_range) for x in (samples, split.heldout))
    to_train = neighbours(
        subsample(sides.heldout), sides.train, sides.config.reduce, mirror=sides.mirrored
    )
    own, fresh, threshold = table["ratio"].to_numpy(), ratios(to_train), sides.config.threshold
    components = sides.once(projection)
    heldout_scores, scores = (
        components.pca.transform(x) for x in (sides.heldout, suite.prepare(samples))
    )
    ways: dict[str, Callable[[Path], None]] = {
        "samples": lambda path: figures.samples(generated, real, path),
        "suspects": lambda path: draw_suspects(samples, split, scan, table, path),
        "ratios": lambda path: figures.ratios(own, fresh, threshold, path),
    }
    if scores.shape[1] > 1:
        ways["projection"] = lambda path: figures.projection(
            components.scores, heldout_scores, scores, path
        )
    if realised:
        ways["timesteps"] = lambda path: figures.timesteps(realised, name, path)
    pictures = {kind: directory / f"{kind}.png" for kind in ways}
    for kind, way in ways.items():
        with figures.optional(pictures[kind]):
            way(pictures[kind])
    return pictures


def nearest_examples(scan: Scan, names: Sequence[NDArray[Any]]) -> pd.DataFrame:
    """One row a sample: d1 and d2 to training examples and their ratio, nearest_train, d_heldout,
    nearest_heldout, and d2_heldout to the second nearest of these.

    Args:
        names: Of samples, training and held-out examples, shape (n,) each.
    """
    (train, heldout), (own, known, unseen) = scan.near, names
    columns = {
        "d1": train.first,
        "d2": train.second,
        "ratio": ratios(train),
        "nearest_train": known[train.nearest],
        "d_heldout": heldout.first,
        "nearest_heldout": unseen[heldout.nearest],
        "d2_heldout": heldout.second,
    }
    return pd.DataFrame(columns, index=own)


def draw_suspects(
    samples: Examples, split: Split, scan: Scan, table: pd.DataFrame, path: Path
) -> None:
    """The samples of the smallest d1/d2, each beside its nearest examples.

    Args:
        table: As `nearest_examples` gives it.
    """
    train, heldout = scan.near
    worst = np.argsort(table["ratio"].to_numpy(), kind="stable")[:SUSPECTS]
    triples = np.stack(
        [samples[worst], split.train[train.nearest[worst]], split.heldout[heldout.nearest[worst]]],
        axis=1,
    )
    captions = [
        f"sample {name}\nd1/d2 {row.ratio:.2f}\nto train {row.d1:.3g}\nheld-out {row.d_heldout:.3g}"
        for name, row in zip(table.index[worst], table.iloc[worst].itertuples(), strict=True)
    ]
    flat = triples.reshape(-1, *samples.shape[1:])
    figures.suspects(scale_for_display(flat, split.value_range), captions, path)
