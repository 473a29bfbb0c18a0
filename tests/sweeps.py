"""Sweeps whose numbers are known, as tables and on disk."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.sweep_results import SweepResults, read
from memctl.runs.folder import RunFolder
from memctl.runs.status import Status

EDGES = list(range(0, 1001, 50))
UNIFORM = {"name": "uniform_s0", "low": None, "high": None, "location": 500.0, "width": 1000.0}


def triangle(seeds: int = 1, **metrics: Callable) -> pd.DataFrame:
    """The 45 cells, with metrics as functions of (location, width, random generator)."""
    rng = np.random.default_rng(0)
    rows = []
    for low in range(100, 1000, 100):
        for high in range(low + 100, 1001, 100):
            for seed in range(seeds):
                location, width = (low + high) / 2, float(high - low)
                row = {
                    "name": f"cl{low}_ch{high}_s{seed}",
                    "kind": "cell",
                    "seed": seed,
                    "low": float(low),
                    "high": float(high),
                    "location": location,
                    "width": width,
                    "sampler/mean": 100 + 0.8 * location,
                    "sampler/sd": 50 + 0.3 * width,
                }
                row |= {
                    f"metrics/{name}": value(location, width, rng)
                    for name, value in metrics.items()
                }
                rows.append(row)
    return pd.DataFrame(rows)


def record(row: dict[str, Any], metrics: dict[str, Any], fresh: dict[str, float]) -> dict[str, Any]:
    """A run's record: of a cell or, where it has no interval, of the uniform run."""
    placed = row["low"] is not None
    inside = np.array([float(not placed or row["low"] <= e < row["high"]) for e in EDGES[:-1]])
    place = {"low": row["low"], "high": row["high"]} if placed else {}
    floor = dict.fromkeys(("distance_to_train", "js_divergence_C1"), fresh)
    return {
        "schema": 1,
        "name": row["name"],
        "sweep": "s",
        "fingerprint": row["name"],
        "base_fingerprint": "b",
        "seed": 0,
        "ci": place or None,
        "split": {"hash": "h", "n_train": 10, "n_heldout": 10},
        "sampler": {
            "name": "interval" if placed else "uniform",
            "statistics": {"mean": row["location"]},
            "realised": {"edges": EDGES, "realised": list(inside / inside.sum())},
        },
        "base": {"path": None, "saw_heldout": False},
        "training": {"control": {"steps": 1, "loss": 0.1}},
        "metrics": metrics,
        "yardsticks": {"heldout": floor, "floor": floor},
        "science": {
            "data": {"name": "d"},
            "generate": {"samples": 5},
            "sampler": {"name": "interval" if placed else "uniform", **place},
        },
        "environment": {},
        "seconds": {},
    }


def put(directory: Path, known: dict[str, Any]) -> Path:
    """A finished run on disk, from its record."""
    run = directory / str(known["name"])
    run.mkdir(parents=True)
    RunFolder(run).save(Status({"base": "b"}, {}, state="done"))
    (run / "record.json").write_text(json.dumps(known))
    return run


def swept(
    directory: Path,
    metric: Callable[[float, float], float],
    loss: Callable[[float, float, int], float],
    floor: tuple[float, float] = (0.9, 1.1),
    uniform: Callable[[float], float] | None = None,
    probe: Callable[[float, float], float] | None = None,
) -> SweepResults:
    """A finished sweep of the 45 cells on disk, and read.

    Args:
        metric: Of a cell's location and width.
        loss: Of location, width and epoch, 1 to 40.
        uniform: The uniform run's loss by t; no such run without it.
        probe: The loss at one distribution of t, of location and width.
    """
    fresh = {"value": sum(floor) / 2, "low": floor[0], "high": floor[1]}
    for row in [*triangle().to_dict("records"), *([UNIFORM] if uniform else [])]:
        place = row["location"], row["width"]
        measure = {"value": metric(*place), "low": None, "high": None}
        metrics = {"distance_to_train": measure, "js_divergence_C1": measure}
        if probe:
            value = probe(*place)
            metrics["probe_loss"] = {"value": value, "low": value - 0.001, "high": value + 0.001}
        run = put(directory, record(row, metrics, fresh))
        bins = {}
        if uniform and row["low"] is None:
            bins = {f"loss_t/{a:04d}-{b:04d}": uniform(a) for a, b in pairwise(EDGES)}
        lines = [
            {"stage": "control", "step": e, "epoch": e, "loss": loss(*place, e), **bins}
            for e in range(1, 41)
        ]
        (run / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return read(directory)
