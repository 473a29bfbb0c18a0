"""Generates with every cut, measures, and keeps what is done."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import threadpoolctl
import torch

from memctl.diffusion.generate import generate
from memctl.errors import UserError
from memctl.files import atomic, read_json, said_plainly, write_json
from memctl.keys import differences
from memctl.metrics.comparison import Comparison
from memctl.metrics.dcr import DCR_SHARE
from memctl.metrics.energy import ENERGY_HELDOUT
from memctl.metrics.f_mem import F_MEM
from memctl.metrics.sides import Sides
from memctl.reporting.figures import optional
from memctl.runs.folder import RunFolder
from memctl.runs.progress import Progress, witnessed
from memctl.runs.status import Status
from memctl.splice import figure
from memctl.splice.cuts import Cut, cuts, distinct
from memctl.splice.models import Pair, spliced
from memctl.splice.sentence import sentence

METRICS = (F_MEM, DCR_SHARE, ENERGY_HELDOUT)
Readings = dict[str, dict[str, float | None]]


def splice(memorising: Path, generalising: Path, bands: int, samples: int, out: Path | None) -> str:
    """Do what is left of all cuts, write table and figure, and say where the copies come from.

    Raises: UserError.
    """
    pair = Pair.of(memorising, generalising)
    timesteps = pair.experiment.config.diffusion.timesteps
    for name, value, least, most in (
        ("bands", bands, 2, timesteps),
        ("samples", samples, 8, 2**31),
    ):
        if not least <= value <= most:
            raise UserError(f"--{name}={value} must be in {least}..{most}")
    e = pair.experiment
    name = f"{memorising.absolute().name}--{generalising.absolute().name}"
    out = out or e.sweep_directory / "splice" / name
    wanted = cuts(timesteps, bands)
    with said_plainly():
        readings = measured(pair, distinct(wanted), samples, out)
        table = pd.DataFrame([row(cut, readings[cut.name]) for cut in wanted])
        with atomic(out / "splice.csv") as file:
            table.to_csv(file, index=False)
        with optional(out / "splice.png"):
            figure.write(table, name, out / "splice.png")
    return f"{sentence(table)}\n\ntable and figure: {out}"


def row(cut: Cut, readings: Readings) -> dict[str, Any]:
    """A cut and what it reads: NAME, NAME_low and NAME_high of each metric."""
    found = {"kind": cut.kind, "low": cut.low, "high": cut.high}
    for name, reading in readings.items():
        found[name] = reading["value"]
        found |= {f"{name}_{end}": reading[end] for end in ("low", "high")}
    return found


def measured(pair: Pair, wanted: dict[str, Cut], samples: int, out: Path) -> dict[str, Readings]:
    """The readings of every cut by name, those that `out` keeps among them.

    Raises: UserError, where it keeps those of other settings.
    """
    path, settings = out / "splice.json", pair.settings(samples)
    kept = read_json(path) or {"settings": settings, "readings": {}}
    if changed := differences(kept["settings"], settings):
        raise UserError(
            f"{out} holds splices of other settings (old -> new): {', '.join(changed)}; name"
            " another --out, or remove it"
        )
    readings: dict[str, Readings] = kept["readings"]
    e = pair.experiment
    torch.set_num_threads(e.config.trainer.threads)
    sides = Sides.of(pair.split, e.config.metrics)
    cost = samples * pair.generate.steps
    status = Status({}, {}, total=float(cost * len(wanted)))
    with (
        threadpoolctl.threadpool_limits(e.config.trainer.threads),
        witnessed(Progress(RunFolder(out), status, f"splice {out.name}")) as progress,
    ):
        progress.stage("generate", cost * sum(name in readings for name in wanted))
        for name, cut in wanted.items():
            if name not in readings:
                c = Comparison.of_samples(sides, sides.prepare(made(pair, cut, samples, progress)))
                found = {metric.name: metric.measure(c) for metric in METRICS}
                readings[name] = {k: v._asdict() for k, v in found.items() if v is not None}
                write_json(path, {"settings": settings, "readings": readings})
    return readings


def made(pair: Pair, cut: Cut, samples: int, progress: Progress) -> np.ndarray[Any, Any]:
    """What the cut generates, from the noise of the runs' own first samples."""
    how, size = pair.generate, pair.generate.batch_size
    network = spliced(*pair.networks, cut)
    parts = []
    for start in range(0, samples, size):
        seeds = range(how.seed + start, how.seed + min(start + size, samples))
        with pair.compute.autocast():
            x = generate(
                network,
                pair.experiment.config.diffusion,
                how,
                seeds,
                pair.split.train.shape[1:],
                pair.compute.device,
                pair.split.bound,
                progress.advance,
            )
        parts.append(x.numpy())
    found = np.concatenate(parts)
    if not np.isfinite(found).all():
        raise UserError(f"the splice {cut.name} generates samples that are not finite")
    return found
