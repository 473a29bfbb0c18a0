"""What a run shows of its samples: pictures, and a table of every sample's nearest examples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from memctl.data import Split
from memctl.data.panels import Examples, displayed
from memctl.files import atomic
from memctl.metrics.distance import Scan, neighbours
from memctl.metrics.f_mem import ratios
from memctl.metrics.limit import limited
from memctl.metrics.projection import projection
from memctl.metrics.suite import Suite
from memctl.reporting import figures

SUSPECTS = 8  # samples shown beside their nearest examples


def draw(
    directory: Path,
    name: str,
    samples: Examples,
    split: Split,
    suite: Suite,
    found: Scan,
    realised: Mapping[str, Any] | None,
    names: Sequence[NDArray[Any]] | None = None,
) -> dict[str, Path]:
    """Write neighbours.csv and the pictures of a run into its folder; return the pictures by name.

    Args:
        found: The pass over the samples' distances.
        realised: Of the timestep sampler's draws, where there was control.
        names: What to call the samples, training and held-out examples, shape (n,) each; their
            places, counted from 0, unless given.
    """
    train, heldout = found.near
    ratio = ratios(train)
    own, known, unseen = names or [
        np.arange(len(side)) for side in (samples, split.train, split.heldout)
    ]
    columns = {
        "d1": train.first, "d2": train.second, "ratio": ratio, "nearest_train": known[train.nearest],
        "d_heldout": heldout.first, "nearest_heldout": unseen[heldout.nearest],
    }  # fmt: skip
    with atomic(directory / "neighbours.csv") as file:
        pd.DataFrame(columns, index=own).to_csv(file, index_label="sample", float_format="%.6g")
    pictures = {
        picture: directory / f"{picture}.png" for picture in ("samples", "suspects", "ratios")
    }
    shown = lambda examples: displayed(examples, split.value_range)
    figures.samples(shown(samples), shown(split.heldout), pictures["samples"])
    worst = np.argsort(ratio, kind="stable")[:SUSPECTS]  # the most suspicious
    triples = np.stack(
        [samples[worst], split.train[train.nearest[worst]], split.heldout[heldout.nearest[worst]]],
        axis=1,
    )
    captions = [
        f"sample {own[i]}\nd1/d2 {ratio[i]:.2f}\nto train {train.first[i]:.3g}\nheld-out"
        f" {heldout.first[i]:.3g}"
        for i in worst
    ]
    figures.suspects(shown(triples.reshape(-1, *samples.shape[1:])), captions, pictures["suspects"])
    sides = suite.sides
    real, config = limited(sides.heldout), sides.config
    to_train = neighbours(real, sides.train, config.reduce, mirror=sides.mirrored)
    figures.ratios(ratio, ratios(to_train), config.threshold, pictures["ratios"])
    fitted = sides.once(projection)
    heldout_scores, scores = (
        fitted.pca.transform(x) for x in (sides.heldout, suite.prepare(samples))
    )
    if scores.shape[1] > 1:
        pictures["projection"] = directory / "projection.png"
        figures.projection(fitted.scores, heldout_scores, scores, pictures["projection"])
    if realised:
        pictures["timesteps"] = directory / "timesteps.png"
        figures.timesteps(realised, name, pictures["timesteps"])
    return pictures
