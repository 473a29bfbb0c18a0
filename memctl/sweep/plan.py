"""What a sweep is made of and what is left of it, decided before anything is launched."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from textwrap import TextWrapper
from typing import Any

from memctl import data
from memctl.config.ranges import check_logger, check_names
from memctl.data.base import SPLIT_KEYS
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import write_json
from memctl.keys import differences
from memctl.runs import note
from memctl.runs.progress import duration
from memctl.runs.queue import taken
from memctl.sweep.grid import Axes, Overrides, cells, interval_fault, references, tag
from memctl.sweep.measure import Measured
from memctl.sweep.told import told

Compose = Callable[[Sequence[str]], Any]
FEW = 2  # combinations that are named in any case
FOLD = TextWrapper(79, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
STATES = {"outdated": "to be measured anew", "damaged": "damaged, to be made again"}


@dataclass(frozen=True)
class Run:
    """A run of the sweep.

    Attributes:
        overrides, experiment: What it is made by.
        state: As `memctl.runs.folder.RunFolder.state` has it, or queued on a cluster.
        on_cluster: Whether a cluster has it in its queue, or at work.
    """

    overrides: Overrides
    experiment: Experiment
    state: str
    on_cluster: bool = False

    @classmethod
    def all_of(cls, made: Iterable[tuple[Overrides, Experiment]]) -> "list[Run]":
        """The runs with the states that they are in now."""
        found = [(o, e, e.folder.state(e.keys)) for o, e in made]
        seats = taken(e.folder.path for _, e, state in found if state not in ("done", "conflict"))
        runs = []
        for overrides, experiment, state in found:
            seat = seats.get(experiment.folder.path)
            now = state if seat is None or state == "running" else seat.state
            runs.append(cls(overrides, experiment, now, seat is not None))
        return runs


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep in their order, and why combinations were dropped."""

    directory: Path
    runs: list[Run]
    dropped: dict[str, list[str]]

    @property
    def left(self) -> list[Run]:
        """Runs to launch: new, failed and stopped ones, and those to be measured anew."""
        return [run for run in self.runs if run.state not in ("done", "running", "queued")]

    @property
    def on_cluster(self) -> list[Run]:
        """Runs that a cluster has in its queue, or at work."""
        return [run for run in self.runs if run.on_cluster]

    def save(self, suggested: Sequence[str] = ()) -> None:
        """Note the runs in sweep.json, beside those of earlier commands, so that a report can name
        what is missing.

        Args:
            suggested: Names of those that a search wants; the note has them as `search`.
        """
        runs = note.planned(self.directory) | {
            run.experiment.name: {
                "overrides": list(run.overrides),
                "fingerprint": run.experiment.fingerprint,
            }
            for run in self.runs
        }
        wanted = list(dict.fromkeys([*note.wanted(self.directory), *suggested]))
        search = {"search": wanted} if wanted else {}
        write_json(self.directory / "sweep.json", {"runs": runs, **search})


def make_plan(axes: Axes, wanted_references: Sequence[str], compose: Compose) -> Plan:
    """Compose, validate, drop and look up every run.

    Raises:
        UserError: a bad value; no valid cell at all; or a folder that holds a run of another
            science.
    """
    kept: dict[str, tuple[Overrides, Experiment]] = {}  # by fingerprint
    dropped: dict[str, list[str]] = {}
    some_cell = False
    every = [("cell", combination) for combination in cells(axes)]
    every += [("reference", combination) for combination in references(axes, wanted_references)]
    for kind, combination in told(every, "planning", "combinations"):
        label = tag(axes, combination)
        overrides = (*combination, f"sweep.tag={label}") if label else combination
        cfg = compose(overrides)
        if kind == "reference" and cfg.start == "scratch" and cfg.sampler.get("name") == "none":
            continue  # there is no base to look at
        reason = cell_fault(cfg)
        if reason is None:
            experiment = check_experiment(cfg)
            some_cell |= kind == "cell"
            twin = kept.setdefault(experiment.fingerprint, (overrides, experiment))[1]
            if twin is not experiment and kind == "cell":
                reason = f"the same run as {twin.name}"
        if reason:
            dropped.setdefault(reason, []).append(swept_values(axes, combination))
    if not some_cell:
        reasons = "; ".join(f"{', '.join(names)} ({why})" for why, names in dropped.items())
        raise UserError(f"no run is left: {reasons}")
    check_folders([experiment for _, experiment in kept.values()])
    check_data([experiment for _, experiment in kept.values()])
    runs = Run.all_of(kept.values())
    refuse_conflicts(runs)
    return Plan(runs[0].experiment.sweep_directory, runs, dropped)


def cell_fault(cfg: Any) -> str | None:
    """Why a combination is left out of a product.

    A reference run has no interval, whatever `ci` says.
    """
    if cfg.sampler.get("name") != "interval":
        return None
    ci = cfg.ci
    return interval_fault(ci.low, ci.high, ci.allow_degenerate, cfg.diffusion.timesteps)


def check_experiment(cfg: Any) -> Experiment:
    """The experiment of a config; what it can't do is refused now, not after the runs before it.

    Raises: UserError.
    """
    experiment = Experiment.of(cfg)
    task, use = experiment.config.task, experiment.schedule_sampler
    if task != "run":
        raise UserError(f"task={task} (experiment=theory) is no run of a sweep; give it without -m")
    check_names(experiment.config.sweep, experiment.name)
    check_logger(experiment.config.logger)
    if use is not None and use.mode == "correct":
        _ = use.loss_weights
    return experiment


def check_folders(experiments: Sequence[Experiment]) -> None:
    """Raises: UserError for two runs that would share a folder."""
    owners: dict[Path, Experiment] = {}
    for experiment in experiments:
        owner = owners.setdefault(experiment.folder.path, experiment)
        if owner is not experiment:
            changed = ", ".join(differences(owner.science, experiment.science))
            raise UserError(
                f"two runs of this sweep would share the folder {experiment.folder.path}; they"
                f" differ in {changed}"
            )


def check_data(experiments: Sequence[Experiment]) -> None:
    """Load every split once: bad data is one message here, not one for each run.

    Raises: UserError, also for runs of several data sets.
    """
    sources = {json.dumps(e.science["data"], sort_keys=True): e for e in experiments}
    apart = {
        json.dumps({**e.science["data"], **dict.fromkeys(SPLIT_KEYS)}, sort_keys=True)
        for e in sources.values()
    }
    if len(apart) > 1:
        keys = ", ".join(f"data.{key}" for key in SPLIT_KEYS)
        raise UserError(
            f"the runs of a sweep are compared on one data set, and only {keys} may be swept; give"
            " other data settings a sweep.name each"
        )
    for experiment in sources.values():
        data.load(experiment.data)


def swept_values(axes: Axes, overrides: Overrides) -> str:
    """The swept values of a combination: `ci.low=300 ci.high=100`."""
    return " ".join(text for text in overrides if text.partition("=")[0] in axes.swept)


def refuse_conflicts(runs: list[Run]) -> None:
    """Raises: UserError, for the first folder that holds a run of another science, with the number
    of the others.
    """
    conflicts = [run.experiment for run in runs if run.state == "conflict"]
    if conflicts:
        first = conflicts[0]
        error = first.folder.conflict(first.science)
        others = (
            f"\n  ({len(conflicts) - 1} more runs of this sweep are in the same case)"
            if len(conflicts) > 1
            else ""
        )
        raise UserError(f"{error}{others}")


def seconds_a_run(records: Iterable[Mapping[str, Any]]) -> float | None:
    """Median wall-clock seconds of finished runs with a control, without the base; None before the
    first.
    """
    totals = [
        sum(s for stage, s in record["seconds"].items() if stage != "base")
        for record in records
        if record["sampler"]
    ]
    return median(totals) if totals else None


def describe(plan: Plan, names: bool) -> str:
    """The plan in words: what was dropped and why, and how many runs are in which state.

    Args:
        names: Name every run.
    """
    lines = [f"sweep {plan.directory}: {len(plan.runs)} runs"]
    for reason, combinations in plan.dropped.items():
        listed = names or len(combinations) <= FEW
        what = ", ".join(combinations) if listed else f"{len(combinations)} combinations"
        lines.append(FOLD.fill(f"dropped, {reason}: {what}"))
    for state in ("done", "running", "queued", "outdated", "damaged", "stopped", "failed", "new"):
        found = [run.experiment.name for run in plan.runs if run.state == state]
        if found:
            which = f" ({' '.join(found)})" if names else ""
            lines.append(FOLD.fill(f"{STATES.get(state, state)}: {len(found)}{which}"))
    lost = [(run, run.experiment.folder.made.damage(run.experiment.keys)) for run in plan.runs]
    lines += [
        f"  damaged in {run.experiment.name}: {', '.join(names)}" for run, names in lost if names
    ]
    return "\n".join(lines)


def estimate(plan: Plan, slots: int, measure: Any, others: Iterable[Mapping[str, Any]] = ()) -> str:
    """About how long the rest takes.

    Args:
        slots: Runs at once.
        measure: Called without arguments where no run has finished yet; gives the seconds of the
            base and of one run.
        others: Records of more runs that take as long.
    """
    if not plan.left:
        there = len(plan.on_cluster)
        more = f"; {there} runs are in a cluster's queue or at work there" if there else ""
        return f"  nothing is left to do{more}"
    found = (run.experiment.folder.record() for run in plan.runs if run.state == "done")
    each, base = seconds_a_run([*others, *(record for record in found if record)]), 0.0
    needs = ""
    source = "the median of the runs that are done"
    if each is None:
        measured = Measured(*measure())
        base, each = measured.base, measured.run
        source = "a short measurement on this machine"
        needs = measured.needs(len(plan.left))
    made_here = [e for run in plan.left if not (e := run.experiment).config.base.path]
    bases = {e.base_place: e for e in made_here if e.base_place}
    if all(e.base_folder.has(e.base_folder.checkpoint, e.keys["base"]) for e in bases.values()):
        base = 0.0
    total = base + each * -(-len(plan.left) // slots)
    return (
        f"  left: {len(plan.left)} runs, about {duration(total)} with {slots} at once (from"
        f" {source}){needs}"
    )
