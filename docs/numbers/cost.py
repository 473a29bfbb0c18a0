"""What the paper's grid costs at its own scale, counted and not measured, as docs/tables/cost.csv:
the floating-point operations of the network, as often as a run passes examples through it.

Convolutions and matrix products alone are counted. The network is asked on torch's meta device,
which computes nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from hydra import compose, initialize_config_dir
from torch.utils.flop_counter import FlopCounterMode

from memctl import data
from memctl.experiment import Experiment
from memctl.models import ModelConfig
from memctl.paths import config_root
from memctl.probes.probe import passes
from memctl.stages import generate
from memctl.sweep.plugins import install

TABLE = Path(__file__).resolve().parents[1] / "tables" / "cost.csv"
TEMPLATES = ("pokemon", "flowers102")
CELLS = 45
CARDS = 8


def take(folder: Path) -> None:
    """Write the table, of the data sets as they lie in `folder` (paths.data)."""
    install()
    pd.DataFrame([row(name, folder) for name in TEMPLATES]).to_csv(
        TABLE, index=False, float_format="%.6g"
    )


def row(template: str, folder: Path) -> dict[str, Any]:
    """A template's row: sizes, and floating-point operations of an example's forward pass
    (`forward`) and training (`training`), of the base, of a run after it, and of the grid: cells,
    the run with uniform t, and the base's samples. `longest` is what the busiest of `CARDS` cards
    does where one makes the base and all share the runs.
    """
    with initialize_config_dir(str(config_root() / "conf"), version_base="1.3"):
        texts = ["ci.low=700", "ci.high=1000", f"paths.data={folder.absolute()}"]
        experiment = Experiment.of(compose(f"multirun_templates/{template}", texts))
    config, split = experiment.config, data.load(experiment.data)
    n, shape = len(split.train), split.train.shape[1:]
    parameters, forward, training = counted(experiment.model, shape)
    probe = passes(n, len(split.heldout), config.diffusion.timesteps, config.probe)
    base = training * config.base.shown_on(n)
    control = training * config.control.shown_on(n)
    reads = forward * (generate.work(experiment) + probe)
    return {
        "template": template,
        "n_train": n,
        "n_heldout": len(split.heldout),
        "parameters": parameters,
        "forward": forward,
        "training": training,
        "base": base,
        "run": control + reads,
        "cells": CELLS,
        "grid": base + (CELLS + 1) * (control + reads) + reads,
        "cards": CARDS,
        "longest": base + -(-(CELLS + 2) // CARDS) * (control + reads),
    }


def counted(model: ModelConfig, shape: Sequence[int]) -> tuple[int, float, float]:
    """Parameters, and the operations of one example's forward pass and of its training."""
    with torch.device("meta"):
        network = model.network(shape)
        x, t = torch.empty(1, *shape), torch.zeros(1, dtype=torch.long)
    found = []
    for trains in (False, True):
        with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(trains):
            loss = network(x, t).square().mean()
            if trains:
                loss.backward()
        found.append(float(counter.get_total_flops()))
    return sum(p.numel() for p in network.parameters()), *found
