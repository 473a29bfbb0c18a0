"""Samplers of the command line, and runs of them on disk."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memctl.reporting.gallery.command import parser
from memctl.reporting.gallery.entry import Entry
from memctl.reporting.gallery.selection import selection
from memctl.samplers import IntervalSampler, NoiseSchedule, ScheduleSampler

SCHEDULE = NoiseSchedule()
Command = Callable[..., tuple[str, list[dict[str, str]]]]


def selected(*argv: str) -> list[Entry]:
    return selection(parser().parse_args([*argv, "--draws", "2000"]))[0]


def record(name: str, drawing: ScheduleSampler, seed: int = 0, **diffusion: Any) -> dict[str, Any]:
    """What a run leaves of its sampler: the fields that its record describes it by."""
    schedule = NoiseSchedule(**diffusion)
    counts = np.bincount(
        drawing.draw(1470, torch.Generator().manual_seed(seed)).numpy(), minlength=1000
    )
    edges = np.arange(0, 1001, 50)
    share = np.add.reduceat(counts, edges[:-1]) / 1470
    realised = {
        "draws": 1470,
        "edges": edges.tolist(),
        "realised": share.tolist(),
        "chi2_p": 0.125,
        "ess": None,
        "nominal": np.add.reduceat(drawing.proposal.pmf, edges[:-1]).tolist(),
    }
    statistics = {
        **drawing.sampler.statistics(schedule.log_snr),
        "ess": drawing.ess,
        "mean": 123.0,
    }  # not the computed one
    sampler = {
        **drawing.sampler.spec(),
        **drawing.use,
        "statistics": statistics,
        "realised": realised,
    }
    science = {"diffusion": {"timesteps": 1000, "prediction": "epsilon", **diffusion}}
    return {
        "schema": 1,
        "name": name,
        "sweep": "s",
        "fingerprint": name,
        "seed": seed,
        "ci": None,
        "split": {"hash": "h", "n_train": 10, "n_heldout": 10},
        "sampler": sampler,
        "training": {},
        "metrics": {},
        "yardsticks": {},
        "science": {"data": {"name": "d"}, **science},
        "environment": {},
        "seconds": {},
    }


def put(sweep: Path, *records: dict[str, Any]) -> Path:
    for one in records:
        (sweep / one["name"]).mkdir(parents=True)
        (sweep / one["name"] / "record.json").write_text(json.dumps(one))
    return sweep


def cells(bounds: Sequence[int], seeds: Sequence[int] = (0,)) -> list[dict[str, Any]]:
    pairs = [(low, high) for low in bounds for high in bounds if low < high]
    return [
        record(
            f"cl{low}_ch{high}_s{seed}", ScheduleSampler(IntervalSampler(low=low, high=high)), seed
        )
        for low, high in pairs
        for seed in seeds
    ]
