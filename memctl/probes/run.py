"""The probe of a run: its rows, what they say in three numbers, and their picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import nn

from memctl.config import Config
from memctl.data import Split
from memctl.diffusion.schedule import forward_process
from memctl.experiment import Experiment
from memctl.metrics.measure import Measure
from memctl.probes import figure, probe
from memctl.training.compute import Compute

Rows = list[dict[str, float]]


def passes(split: Split, config: Config) -> int:
    """Forward passes of one example that the run's probe takes."""
    how = config.probe
    return probe.passes(
        len(split.train),
        len(split.heldout),
        config.diffusion.timesteps,
        how.examples,
        how.bins,
        how.draws,
    )


def probed(
    experiment: Experiment, split: Split, network: nn.Module, advance: Callable[[int], None]
) -> Rows:
    """Where in t the run's network knows its training examples; nothing where the config leaves the
    probe out.
    """
    config, how = experiment.config, experiment.config.probe
    if not how.examples:
        return []
    compute = Compute.of(config.trainer, network)
    with compute.autocast():
        return probe.probe(
            compute.place(network), forward_process(config.diffusion), split.train, split.heldout, device=compute.device,
            examples=how.examples, count=how.bins, draws=how.draws, seed=how.seed, clip=split.bound, flip=split.flip,
            batch=config.generate.batch_size, advance=advance,
        )  # fmt: skip


def summary(rows: Rows) -> dict[str, Measure]:
    """Means over the bins of t, which are fixed in advance: probe_loss (of held-out examples, the
    loss at one distribution of t for every run), probe_gap (held-out less train) and probe_auc.

    All bins show the same examples, so the intervals are the means of theirs: as if the bins' errors
    were one.
    """
    if not rows:
        return {}
    over = lambda key: float(np.mean([row[key] for row in rows]))
    loss, reach = over("loss_heldout"), 1.96 * over("loss_heldout_se")
    return {
        "probe_loss": Measure(loss, loss - reach, loss + reach),
        "probe_gap": Measure(*(over(key) for key in ("gap", "gap_low", "gap_high"))),
        "probe_auc": Measure(*(over(key) for key in ("auc", "auc_low", "auc_high"))),
    }


def draw(rows: Rows, title: str, directory: Path) -> dict[str, Path]:
    """The curves by t, as probe.png in the run's folder."""
    if not rows:
        return {}
    figure.draw(rows, title, directory / "probe.png")
    return {"probe": directory / "probe.png"}
