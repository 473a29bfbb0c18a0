"""One run from start to record: base -> control -> generate -> {along, probe, measure}; from
scratch without the base.

Killed anywhere, it goes on from there; a stage whose result is kept is not done again, and where
only what is measured has changed, nothing is trained or generated.
"""

import shutil
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import threadpoolctl
import torch
from omegaconf import OmegaConf
from torch import nn

from memctl import data
from memctl.config.ranges import check_logger, check_names
from memctl.data import Split
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import atomic, said_plainly, write_json
from memctl.runs.progress import Progress
from memctl.runs.wandb_copy import WandbCopy
from memctl.stages import along, base, control, generate, probe
from memctl.stages.finish import finish, prepare
from memctl.stages.record import drawn_timesteps, environment
from memctl.stages.runner import Chain, Stage
from memctl.stages.wandb_run import wandb_copy
from memctl.training.compute import keep_memory

LOW_ESS = 0.01


def run(experiment: Experiment) -> dict[str, Any]:
    """Do the run, or what is left of it, and return its record; a finished run is only read.

    Raises:
        UserError: the folder holds a run of other settings, another process works on this one, or
            anything of the user's to mend.
    """
    this, failed = Run(experiment), True
    try:
        this.chain.run()
        failed = False
    finally:
        this.close(failed)
    record = experiment.folder.record()
    assert record is not None
    if lost := experiment.folder.lost_rows(experiment.keys):
        print(lost, flush=True)
    return record


class Run:
    """The chain of a run, and what its stages hand on to one another, made when it is asked for."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.folder = experiment, experiment.folder

    @property
    def chain(self) -> Chain:
        e = self.experiment
        return Chain(
            self.folder,
            e.keys,
            e.science,
            f"{e.config.sweep.name}/{e.name}",
            lambda: self.folder.state(e.keys) == "done",
            self.stages,
            base=e.base_place,
        )

    def stages(self) -> Sequence[Stage]:
        """The stages, once the run may begin: its settings are written and its data are there."""
        e, folder = self.experiment, self.folder
        torch.set_num_threads(e.config.trainer.threads)
        keep_memory()
        self._warn_of_few_draws()
        self._mend()
        cost = control.work(e, self.split) if e.sampler else 0
        with atomic(folder.config) as file:
            file.write(OmegaConf.to_yaml(OmegaConf.structured(e.config), resolve=True).encode())
        return [
            Stage("base", 0, lambda: not self.needs_base, lambda _: self._ask_for_network()),
            Stage("control", cost, lambda: self.is_controlled, self._control),
            Stage("generate", generate.work(e), lambda: self.is_generated, self._generate),
            Stage("along", along.work(e, self.split), self._has_gone_along, self._along),
            Stage("probe", probe.work(e, self.split), self._is_probed, self._probe),
            Stage("measure", 0, lambda: False, self._finish),
        ]

    @cached_property
    def split(self) -> Split:
        return data.load(self.experiment.data)

    @property
    def is_controlled(self) -> bool:
        """Whether no control is left to do. Weights that were not kept are not made again, but for
        something that was made with them and is damaged.
        """
        e, folder = self.experiment, self.folder
        if e.sampler is None:
            return True
        if folder.checkpoint.exists():
            kept = folder.has(folder.checkpoint, e.keys["control"])
        else:
            kept = self.is_generated
        if not kept or drawn_timesteps(e, folder) is None:
            return False
        return self._has_gone_along() or not along.lost(e, self.split, folder, sys.maxsize)

    @property
    def is_generated(self) -> bool:
        return self.folder.has(self.folder.samples, self.experiment.keys["generate"])

    @property
    def needs_base(self) -> bool:
        """Whether a stage that is left starts from the base's weights."""
        if self.experiment.from_scratch:
            return False
        left = not self.is_generated or not self._is_probed()
        return left if self.experiment.sampler is None else not self.is_controlled

    def _has_gone_along(self) -> bool:
        return along.is_done(self.experiment, self.folder)

    def _is_probed(self) -> bool:
        return probe.is_done(self.experiment, self.folder)

    @cached_property
    def network(self) -> nn.Module:
        """The network, as far as it is trained: the base's, or the controlled one.

        Raises: UserError where its weights were not kept.
        """
        e, folder = self.experiment, self.folder
        if e.sampler is None or not self.is_controlled:
            return base.base_network(e, self.split, self._prepare)
        if not folder.checkpoint.exists():
            raise UserError(
                f"{folder.path} has kept no weights (trainer.keep_checkpoint=false), and what is to"
                " be done anew needs them; leave probe.* as it was, or make the run under another"
                " sweep.name"
            )
        network = base.untrained(e, self.split)
        control.load(e, self.split, network, folder)
        return network

    @cached_property
    def copy(self) -> WandbCopy:
        """The W&B run, started with the rows that are there."""
        e = self.experiment
        folder = self.folder if e.sampler else e.base_folder
        return wandb_copy(e, self.folder, folder.journal.rows())

    def close(self, failed: bool) -> None:
        """End the W&B run, if it was started."""
        if "copy" in vars(self):
            self.copy.finish(failed)

    def _warn_of_few_draws(self) -> None:
        """Raises: UserError for a distribution that cannot be, or cannot be corrected for."""
        use = self.experiment.schedule_sampler
        if use is not None and use.ess < LOW_ESS:
            print(
                f"effective sample size a draw: {use.ess:.1g}; few draws carry all the weight."
                " Bound it with sampler.clip, or mix with uniform"
            )

    def _ask_for_network(self) -> None:
        _ = self.network

    def _mend(self) -> None:
        """Say what is damaged, and write what the record has a copy of."""
        e, folder = self.experiment, self.folder
        for name in folder.made.damage(e.keys):
            if name != folder.journal.path.name:
                print(f"{folder.path / name} is damaged, and is made again", flush=True)
        drawn = drawn_timesteps(e, folder) if e.sampler else None
        if drawn is not None and not folder.has(folder.timesteps, e.keys["control"]):
            write_json(folder.timesteps, drawn)
            folder.made.note(e.keys["control"], folder.timesteps)

    def _control(self, progress: Progress) -> None:
        if other := control.take(self.experiment, self.split, self.folder):
            print(f"trained as {other} was; its weights are taken", flush=True)
            vars(self).pop("network", None)
            return
        resume = control.resume(self.experiment, self.folder)
        step = resume.begin()
        if along.lost(self.experiment, self.split, self.folder, step):
            resume.path.unlink(missing_ok=True)
            step = resume.begin()
        along.check(self.experiment, self.split, self.folder, step)
        control.control(self.experiment, self.split, self.network, self.copy.log, progress)

    def _generate(self, progress: Progress) -> None:
        _ = self.copy  # that generates shows in W&B from its start
        generate.generate_samples(self.experiment, self.split, self.network, progress)

    def _along(self, progress: Progress) -> None:
        along.generate_along(self.experiment, self.split, progress)

    def _probe(self, progress: Progress) -> None:
        probe.probe_network(self.experiment, self.split, self.network, progress)

    def _prepare(self) -> None:
        threadpoolctl.threadpool_limits(self.experiment.config.trainer.threads)
        prepare(self.experiment, self.split)

    def _finish(self, progress: Progress) -> None:
        threadpoolctl.threadpool_limits(self.experiment.config.trainer.threads)
        record = self.folder.record()
        if record is None or "network" in vars(self):
            known = environment(self.experiment, self.network)
        else:
            known = record["environment"]
        finish(self.experiment, self.split, self.copy, known, progress)
        self.folder.resume.unlink(missing_ok=True)
        if not self.experiment.config.trainer.keep_checkpoint:
            self.folder.checkpoint.unlink(missing_ok=True)
            shutil.rmtree(self.folder.along, ignore_errors=True)


def task(cfg: Any) -> dict[str, Any]:
    """One run from its composed config. Raises: UserError."""
    experiment = Experiment.of(cfg)
    check_names(experiment.config.sweep, experiment.name)
    check_logger(experiment.config.logger)
    with said_plainly():
        return run(experiment)
