"""A sweep of several controls on disk: what the runs from scratch of digits read, about."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from memctl.analysis.sweep_results import SweepResults, read
from memctl.answers.answer import Answer
from memctl.metrics.measure import Measure, binomial
from tests.sweeps import put

SAMPLES = 1000
FLOOR = {
    "f_mem": (0.0, 0.0, 0.006),
    "dcr_share": (0.51, 0.46, 0.54),
    "energy_heldout": (0.0, -0.0007, 0.0014),
    "kid": (0.003, -0.016, 0.03),
    "recall": (0.98, 0.965, 0.992),
}
SCIENCE: dict[str, Any] = {
    "data": {"name": "digits", "n_train": 128, "split_seed": 0, "swap": False},
    "model": {"name": "unet2d", "channels": [16, 32], "dropout": 0.0},
    "base": {"start": "scratch"},
    "sampler": {"name": "uniform", "timesteps": 1000},
    "weighting": {"name": "none"},
    "control": {"epochs": 100, "steps": 6000, "lr": 0.002},
    "generate": {"steps": 50, "samples": SAMPLES},
    "probe": {"bins": 20},
}
# f_mem, dcr_share, energy, kid, recall
UNIFORM = (0.214, 0.968, 0.0047, 0.020, 0.88)
INTERVALS = {
    (100, 400): (0.526, 0.992, 0.0087, 0.038, 0.95),
    (100, 600): (0.308, 0.983, 0.0048, 0.013, 0.89),
    (300, 1000): (0.145, 0.960, 0.0053, 0.022, 0.88),
    (300, 600): (0.108, 0.942, 0.0061, 0.034, 0.83),
    (700, 1000): (0.0, 0.791, 0.0063, 0.022, 0.78),
    (300, 400): (0.0, 0.686, 0.66, 2.2, 0.0),
}
STEPS = {
    3500: (0.017, 0.895, 0.0063, 0.020, 0.84),
    2000: (0.0, 0.775, 0.0101, 0.040, 0.90),
    1000: (0.0, 0.644, 0.0245, 0.095, 0.94),
}
DROPOUTS = {0.1: (0.12, 0.93, 0.0058, 0.024, 0.86), 0.3: (0.03, 0.88, 0.0092, 0.035, 0.84)}


@cache
def hits(k: int) -> Measure:
    """A share of the samples."""
    return binomial(k, SAMPLES)


def interval(low: float, high: float) -> dict[str, Any]:
    """A cell's sampler."""
    return {"sampler": {"name": "interval", "timesteps": 1000, "low": low, "high": high}}


def changed(science: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others merged into them; a sampler is another as a whole."""
    out = dict(science)
    for part, values in changes.items():
        merged = part != "sampler" and isinstance(values, Mapping)
        out[part] = {**science.get(part, {}), **values} if merged else values
    return out


def record(name: str, seed: int, changes: Mapping[str, Any], values: tuple) -> dict[str, Any]:
    """A run's record; only f_mem has an interval of its own."""
    f_mem, dcr, *rest = values
    science = changed(SCIENCE, {**changes, "seed": seed})
    metrics = dict(zip(("dcr_share", "energy_heldout", "kid", "recall"), (dcr, *rest), strict=True))
    own = {k: {"value": v, "low": None, "high": None} for k, v in metrics.items()}
    own["f_mem"] = hits(round(f_mem * SAMPLES))._asdict()
    sampler = science["sampler"]
    placed = sampler["name"] == "interval"
    follows = 2 * dcr - 1
    return {
        "schema": 3,
        "name": name,
        "sweep": "s",
        "fingerprint": f"{name} {sorted(map(str, changes.items()))}",
        "keys": {"generate": f"{name} {sorted(map(str, changes.items()))}"},
        "seed": seed,
        "ci": {k: sampler[k] for k in ("low", "high")} if placed else None,
        "split": {"hash": "h", "n_train": 128, "n_heldout": 500},
        "sampler": {"name": sampler["name"], "statistics": {}, "realised": {}},
        "training": {},
        "metrics": {"distance_to_train": own["dcr_share"], **own},
        "yardsticks": {
            kind: {k: dict(zip(("value", "low", "high"), v, strict=True)) for k, v in FLOOR.items()}
            for kind in ("heldout", "copies", "blurred", "mean", "floor")
        },
        "answers": {
            "follows": Answer("", True, "", follows, follows - 0.06, follows + 0.06).as_json()
        },
        "science": science,
        "environment": {},
        "seconds": {},
    }


def all_runs(seeds: int, uniform: tuple = UNIFORM) -> list[dict[str, Any]]:
    """The records of a sweep of intervals, training times and dropouts; seeds differ by a few per
    cent.
    """
    settings: list[tuple[str, dict[str, Any], tuple]] = [("uniform", {}, uniform)]
    settings += [(f"cl{a}_ch{b}", interval(a, b), v) for (a, b), v in INTERVALS.items()]
    settings += [(f"uniform_{n}", {"control": {"steps": n}}, v) for n, v in STEPS.items()]
    settings += [(f"uniform_d{p}", {"model": {"dropout": p}}, v) for p, v in DROPOUTS.items()]
    return [
        record(f"{name}_s{k}", k, changes, shifted(values, k, place) if k else values)
        for place, (name, changes, values) in enumerate(settings)
        for k in range(seeds)
    ]


def shifted(values: tuple, seed: int, place: int) -> tuple:
    """What another seed of a setting reads."""
    draws = np.random.default_rng([seed, place]).standard_normal(5)
    shares = tuple(
        np.sin(np.arcsin(np.sqrt(v)) + 0.01 * z) ** 2 if v else 0.0
        for v, z in zip((values[0], values[1], values[4]), draws[:3], strict=True)
    )
    energy, kid = (v * (1 + 0.06 * z) for v, z in zip(values[2:4], draws[3:], strict=True))
    return (*shares[:2], energy, kid, shares[2])


def written(directory: Path, records: list[dict[str, Any]]) -> SweepResults:
    """A finished sweep of these runs, on disk and read."""
    for known in records:
        put(directory, known)
    planned = {"runs": {known["name"]: {} for known in records}}
    (directory / "sweep.json").write_text(json.dumps(planned))
    return read(directory)
