"""The probe: where in t the run's network knows its training examples, as rows and a picture."""

from torch import nn

from memctl.data import Split
from memctl.diffusion.schedule import forward_process
from memctl.experiment import Experiment
from memctl.files import write_json
from memctl.probes import figure, probe
from memctl.probes.rows import kept
from memctl.reporting.figures import optional
from memctl.runs.folder import RunFolder
from memctl.runs.progress import Progress
from memctl.training.compute import Compute


def work(experiment: Experiment, split: Split) -> float:
    """Its cost, in network passes of one example."""
    config = experiment.config
    return probe.passes(
        len(split.train), len(split.heldout), config.diffusion.timesteps, config.probe
    )


def is_done(experiment: Experiment, folder: RunFolder) -> bool:
    """Whether the probe of these settings is kept, or the config leaves it out."""
    return (
        not experiment.config.probe.examples or kept(folder, experiment.keys["probe"]) is not None
    )


def probe_network(
    experiment: Experiment, split: Split, network: nn.Module, progress: Progress
) -> None:
    """Write probe.json and probe.png."""
    config, folder = experiment.config, progress.folder
    compute = Compute.of(config.trainer, network)
    with compute.autocast():
        rows = probe.probe(
            compute.place(network),
            forward_process(config.diffusion),
            split.train,
            split.heldout,
            config.probe,
            device=compute.device,
            clip=split.bound,
            flip=split.flip,
            batch=config.generate.batch_size,
            advance=progress.advance,
        )
    with optional(picture := folder.picture("probe")):
        figure.draw(rows, progress.title, picture)
    write_json(folder.probe, {"key": experiment.keys["probe"], "rows": rows})
