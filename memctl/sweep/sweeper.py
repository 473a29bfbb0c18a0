"""The sweeper: constraint, skip and dry run stand here, so that they hold for every launcher,
local, SLURM or Ray.

hydra.sweeper.params      swept values, as Hydra's own sweeper
hydra.sweeper.references  of each run that a sweep has besides its cells its overrides
hydra.sweeper.plan=true   show what would run, and stop
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from memctl.errors import UserError
from memctl.files import read_json, write_json
from memctl.keys import digest
from memctl.runs.wandb_copies import unsent
from memctl.sweep import plan as planning
from memctl.sweep.cluster import ClusterLauncher
from memctl.sweep.compose import Composer
from memctl.sweep.devices import AUTO, cards, cores, per_card, slots_of
from memctl.sweep.grid import axes
from memctl.sweep.measure import Measured, measure


@dataclass
class GridSweeperConfig:
    """Settings of `hydra/sweeper=grid`."""

    _target_: str = "memctl.sweep.sweeper.GridSweeper"
    params: Optional[dict[str, str]] = None
    references: list[str] = field(default_factory=lambda: ["sampler=none", "sampler=uniform"])
    plan: bool = False


class GridSweeper(Sweeper):
    """Runs the valid combinations that are not done, then writes the sweep's report."""

    def __init__(
        self, params: dict[str, str] | None, references: Sequence[str], plan: bool
    ) -> None:
        self.params, self.references, self.plan_only = dict(params or {}), list(references), plan
        self.config: DictConfig | None = None
        self.launcher: Launcher | None = None
        self.hydra_context: HydraContext | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context, self.config = hydra_context, config
        if config.hydra.job.chdir or config.hydra.sweep.subdir != ".":
            raise UserError(
                "hydra.job.chdir and hydra.sweep.subdir are not for use in a template; set"
                " paths.runs and sweep.name"
            )
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        assert self.config is not None
        assert self.hydra_context is not None
        loader = self.hydra_context.config_loader
        texts = [f"{key}={value}" for key, value in self.params.items()] + list(arguments)
        swept = axes(OverridesParser.create(config_loader=loader).parse_overrides(texts))
        plan = planning.make_plan(swept, self.references, Composer(loader, self.config).typed)
        print(planning.describe(plan, names=self.plan_only), flush=True)
        if self.plan_only:
            slots = slots_of(self.config)
            print(planning.estimate(plan, slots, lambda: cached_measurement(plan)), flush=True)
            return None
        if self._to_launch(plan):
            return self._report(plan, self._launch(plan))
        if all(run.state == "done" for run in plan.runs):
            print("all of these runs are done; nothing to do", flush=True)
        return self._report(plan, {})

    def _to_launch(self, plan: planning.Plan) -> list[planning.Run]:
        """What is left of a plan and, for a launcher that watches a cluster's queue, what is in
        it.
        """
        on_cluster = plan.on_cluster if isinstance(self.launcher, ClusterLauncher) else []
        wanted = {run.experiment.name for run in [*plan.left, *on_cluster]}
        return [run for run in plan.runs if run.experiment.name in wanted]

    def _is_elsewhere(self, run: planning.Run) -> bool:
        """Whether a process works on it, or will, that the launcher does not watch."""
        watches = isinstance(self.launcher, ClusterLauncher) and run.on_cluster
        return run.state in ("running", "queued") and not watches

    def _launch(self, plan: planning.Plan) -> dict[str, str]:
        """Run what is left of a plan; gives the names of the runs that are not done then, with why.
        Those that another process works on, or has done, are not among them.
        """
        assert self.launcher is not None
        plan.save()
        runs = self._to_launch(plan)
        if getattr(self.launcher, "per_device", 1) == AUTO:
            assert self.config is not None
            vars(self.launcher)["per_device"] = fill_cards(self.config, plan)
        jobs = [[*run.overrides, f"hydra.sweep.subdir='{run.experiment.name}'"] for run in runs]
        returns = self.launcher.launch(jobs, initial_job_idx=0)
        made = planning.Run.all_of((run.overrides, run.experiment) for run in runs)
        return {
            run.experiment.name: str(r._return_value).partition("\n")[0]
            for run, r in zip(made, returns, strict=True)
            if r.status is JobStatus.FAILED and run.state not in ("done", "running", "queued")
        }

    def _report(self, plan: planning.Plan, failed: Mapping[str, str]) -> None:
        # Here alone: figures and statistics take a second to import.
        from memctl.reporting import report, sweep_run

        unwritten = ""
        try:
            report.write(plan.directory, sys.stdout)
            logger = plan.runs[0].experiment.config.logger if plan.left else None
            if logger and logger.mode != "disabled":
                sweep_run.send(plan.directory, logger)
        except UserError as error:
            unwritten = f"no report yet: {error}"
            print(unwritten, flush=True)
        copied = plan.runs[0].experiment.config.logger.mode != "disabled"
        if copied and (line := unsent(plan.directory)):
            print(line, flush=True)
        now = planning.Run.all_of((run.overrides, run.experiment) for run in plan.runs)
        on_cluster = [run.experiment.name for run in now if run.on_cluster]
        busy = [e.name for r in now if not r.on_cluster and (e := r.experiment).folder.is_held()]
        if busy:
            print(
                f"{len(busy)} of {len(plan.runs)} runs are at work in another process:"
                f" {', '.join(busy)}; when it has ended, `memctl report {plan.directory}` has them"
                " too",
                flush=True,
            )
        if on_cluster:
            print(
                f"{len(on_cluster)} of {len(plan.runs)} runs go on on the cluster; the same command"
                f" watches them, `make cancel SWEEP={plan.directory}` stops them",
                flush=True,
            )
        if getattr(self.launcher, "interrupted", False) and (failed or on_cluster):
            if failed:
                print(
                    f"stopped: {len(failed)} of {len(plan.runs)} runs are not done; the same"
                    " command goes on with them",
                    flush=True,
                )
            sys.exit(128 + getattr(self.launcher, "signal", 2))  # Ctrl-C is 2
        if failed:
            logs = "\n".join(
                f"    {name}: {why}{see(plan.directory / name / 'log.txt', why)}"
                for name, why in failed.items()
            )
            raise UserError(
                f"{len(failed)} of {len(plan.runs)} runs are not done:\n{logs}\n  The same"
                " command goes on with them."
            )
        if unwritten and not busy and not on_cluster:
            sys.exit(1)


def see(log: Path, why: str) -> str:
    """Where more is said, if it is not named yet."""
    return f"; see {log}" if log.exists() and str(log) not in why else ""


def cached_measurement(plan: planning.Plan, device: str = "", together: int = 1) -> Measured:
    """What a run takes, from a short measurement in processes of its own, kept for the next plan
    (see `memctl.sweep.measure.measure`).
    """
    experiment = next(
        (run.experiment for run in plan.left if run.experiment.sampler), plan.left[0].experiment
    )
    science = {k: v for k, v in experiment.science.items() if k != "sampler"}
    how = [device, together] if device or together > 1 else []
    path = experiment.runs / "measured" / f"{digest([science, cores(), *how])}.json"
    known = read_json(path) or {}
    if not known.keys() >= set(Measured._fields):
        known = measure(experiment, device, together)._asdict()
        write_json(path, known)
    return Measured(*(known[name] for name in Measured._fields))


def fill_cards(config: DictConfig, plan: planning.Plan) -> int:
    """Runs at once on each GPU, for `hydra.launcher.per_device=auto`: as many as the smallest of
    them holds and as get more done; 1 without one.
    """
    launcher, trainer = config.hydra.launcher, config.trainer
    devices = None if launcher.devices is None else [str(d) for d in launcher.devices]
    found = cards(devices, trainer.accelerator)
    if not found:
        return 1
    least = min(found, key=lambda card: card.memory)
    need = cached_measurement(plan, least.name).memory
    seconds = lambda number: cached_measurement(plan, least.name, number).step
    number = per_card(least.memory, need, seconds)
    print(
        f"{number} runs at once on each GPU: one needs {need / 1e9:.1f} GB of"
        f" {least.memory / 1e9:.0f}",
        flush=True,
    )
    return number
