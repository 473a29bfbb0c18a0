"""Tables of cells, as a sweep has them."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.sweep_results import read
from memctl.runs import folder


def triangle(seeds: int = 1, **metrics) -> pd.DataFrame:
    """The 45 cells, with metrics as functions of (location, width, random generator)."""
    rng = np.random.default_rng(0)
    rows = []
    for low in range(100, 1000, 100):
        for high in range(low + 100, 1001, 100):
            for seed in range(seeds):
                place = (low + high) / 2, float(high - low)
                row = {
                    "name": f"cl{low}_ch{high}_s{seed}",
                    "kind": "cell",
                    "seed": seed,
                    "low": float(low),
                    "high": float(high),
                }
                row |= {
                    "location": place[0],
                    "width": place[1],
                    "sampler/mean": 100 + 0.8 * place[0],
                    "sampler/sd": 50 + 0.3 * place[1],
                }
                rows.append(
                    row | {f"metrics/{name}": value(*place, rng) for name, value in metrics.items()}
                )
    return pd.DataFrame(rows)


@pytest.fixture
def cells():
    return triangle


@pytest.fixture
def swept(tmp_path):
    """A finished sweep on disk, and read: metrics by cell and losses by cell and epoch, as
    functions.
    """

    def make(metric, loss, floor=(0.9, 1.1), uniform=None, probe=None):
        edges = list(range(0, 1001, 50))
        for row in [
            *triangle().to_dict("records"),
            {"name": "uniform_s0", "low": None, "high": None, "location": 500.0, "width": 1000.0},
        ]:
            placed = row["low"] is not None
            if not placed and uniform is None:
                continue
            place = row["location"], row["width"]
            inside = np.array(
                [float(not placed or row["low"] <= edge < row["high"]) for edge in edges[:-1]]
            )
            measure = {"value": metric(*place), "low": None, "high": None}
            metrics = {"distance_to_train": measure, "js_divergence_C1": measure}
            if probe:
                metrics["probe_loss"] = {
                    "value": probe(*place),
                    "low": probe(*place) - 0.001,
                    "high": probe(*place) + 0.001,
                }
            fresh = {"value": sum(floor) / 2, "low": floor[0], "high": floor[1]}
            record = {
                "schema": 1, "name": row["name"], "sweep": "s", "fingerprint": "f", "base_fingerprint": "b", "seed": 0,
                "ci": {"low": row["low"], "high": row["high"]} if placed else None,
                "split": {"hash": "h", "n_train": 10, "n_heldout": 10},
                "sampler": {
                    "name": "interval" if placed else "uniform",
                    "statistics": {"mean": place[0]},
                    "realised": {"edges": edges, "realised": list(inside / inside.sum())},
                },
                "base": {"path": None, "saw_heldout": False}, "training": {"control": {"steps": 1, "loss": 0.1}}, "metrics": metrics,
                "yardsticks": {y: {"distance_to_train": fresh, "js_divergence_C1": fresh} for y in ("heldout", "floor")},
                "science": {"data": {"name": "d"}, "generate": {"samples": 5}}, "environment": {}, "seconds": {},
            }  # fmt: skip
            directory = tmp_path / row["name"]
            directory.mkdir()
            folder.save_status(directory, folder.Status("f", {}, state="done"))
            (directory / "record.json").write_text(json.dumps(record))
            bins = (
                {f"loss_t/{a:04d}-{b:04d}": uniform(a) for a, b in pairwise(edges)}
                if not placed
                else {}
            )
            with (directory / "metrics.jsonl").open("w") as file:
                for epoch in range(1, 41):
                    file.write(
                        json.dumps(
                            {
                                "stage": "control",
                                "step": epoch,
                                "epoch": epoch,
                                "loss": loss(*place, epoch),
                                **bins,
                            }
                        )
                        + "\n"
                    )
        return read(tmp_path)

    return make
