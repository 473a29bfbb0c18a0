"""Two trained models as one: which of them predicts is decided by t."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from memctl import data
from memctl.config import Generate
from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import nothing_fetched
from memctl.keys import differences, settings
from memctl.runs.folder import RunFolder
from memctl.splice.cuts import Cut
from memctl.stages import base, control
from memctl.training.compute import Compute

SHARED = ("data", "model", "diffusion", "generate", "metrics")  # what both must be made by


def spliced(memorising: nn.Module, generalising: nn.Module, cut: Cut) -> Any:
    """The network that acts as the cut says.

    It takes x and the indices t - 1 of one step, as generation does.
    """
    acts = cut.steps

    def predict(x: Tensor, t: Tensor) -> Tensor:
        return (memorising if acts[int(t[0])] else generalising)(x, t)

    return predict


@dataclass(frozen=True)
class Pair:
    """The two models, ready to generate.

    Attributes:
        keys: Of both's weights.
        networks: The memorising and the generalising one, on the device.
        experiment: Of the memorising run: what both are made by.
    """

    keys: tuple[str, str]
    networks: tuple[nn.Module, nn.Module]
    experiment: Experiment
    split: Split
    compute: Compute

    @property
    def generate(self) -> Generate:
        return self.experiment.config.generate

    @classmethod
    @nothing_fetched()
    def of(cls, memorising: Path, generalising: Path) -> "Pair":
        """Raises: UserError for runs that are not finished, have kept no weights, or do not fit
        each other.
        """
        first, second = opened(memorising), opened(generalising)
        made = [{key: e.science[key] for key in SHARED} for e in (first, second)]
        if changed := differences(made[0], made[1]):
            raise UserError(
                f"{memorising} and {generalising} do not fit each other: {', '.join(changed)};"
                " their data, model, diffusion, generation and metrics must be the same"
            )
        if first.keys["control"] == second.keys["control"]:
            raise UserError(f"{memorising} and {generalising} have the same weights; name two runs")
        split = data.load(first.data)
        networks = [base.untrained(e, split) for e in (first, second)]
        for e, network in zip((first, second), networks, strict=True):
            control.load(e, split, network, e.folder)
        compute = Compute.of(first.config.trainer, networks[0])
        placed = tuple(compute.place(network).eval() for network in networks)
        keys = (first.keys["control"], second.keys["control"])
        return cls(keys, placed, first, split, compute)  # type: ignore[arg-type]

    def settings(self, samples: int) -> dict[str, Any]:
        """What decides the numbers of a cut, besides the cut, as JSON."""
        own = settings(self.experiment.science, "generate", "measure")
        own["generate"] = {**own["generate"], "samples": samples}
        return {"memorising": self.keys[0], "generalising": self.keys[1], **own}


def opened(run: Path) -> Experiment:
    """The experiment of a finished run with weights of its own. Raises: UserError."""
    folder = RunFolder(run)
    record = folder.record()
    if record is None:
        raise UserError(
            f"{run} is not the folder of a finished run; give one such as"
            " runs/digits-scratch/uniform_s0"
        )
    if not folder.checkpoint.exists():
        why = (
            "it is a base without control"
            if record["sampler"] is None
            else "it was made with trainer.keep_checkpoint=false, or they were removed"
        )
        raise UserError(f"{run} has no weights of its own: {why}; name another run")
    config = folder.settings()
    config.paths.runs = str(folder.path.absolute().parent.parent)
    config.sweep.name = folder.path.absolute().parent.name
    experiment = Experiment.of(config)
    if record["split"]["hash"] != data.load(experiment.data).hash:
        raise UserError(f"the data of {run} has changed since; its split is another now")
    return experiment
