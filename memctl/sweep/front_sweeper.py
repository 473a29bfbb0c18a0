"""The sweeper that searches: `hydra/sweeper=front`, which `memctl tune` chooses.

hydra.sweeper.trials    settings that are tried, those that the folder knows already among them
hydra.sweeper.copying   the share of samples that may be copies
hydra.sweeper.seeds     seeds of the answer: the first chooses, the others confirm
hydra.sweeper.steps     [LEAST, MOST] steps of training, which are searched too
hydra.sweeper.method    gp, tpe, nsga2 or random (memctl.search.suggest)

What is known is in the runs' folders and in sweep.json, where a suggestion is noted before it is
launched; a suggestion follows from what is known then. So the search has no store that could fall
out of step with the runs, and goes on after a kill as if there had been none.

Runs are as long as the config says. Halving the steps of what looks bad early would be misled:
copying begins late in training, and then is what differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from hydra.core.override_parser.overrides_parser import OverridesParser

from memctl.errors import UserError
from memctl.runs import note
from memctl.runs.progress import duration
from memctl.search.space import Setting, Space
from memctl.search.suggest import METHODS, SEEDS, optuna, suggest
from memctl.sweep import plan as planning
from memctl.sweep.compose import Composer
from memctl.sweep.devices import slots_of
from memctl.sweep.grid import axes
from memctl.sweep.sweeper import GridSweeper, GridSweeperConfig, cached_measurement

CELL = ("ci.low", "ci.high")


@dataclass
class FrontSweeperConfig(GridSweeperConfig):
    """Settings of `hydra/sweeper=front`; `references` are not used."""

    _target_: str = "memctl.sweep.front_sweeper.FrontSweeper"
    trials: int = 30
    copying: float = 0.01
    seeds: int = 3
    steps: Optional[list[int]] = None
    method: str = METHODS[0]


class FrontSweeper(GridSweeper):
    """Searches intervals for little copying at little loss, and answers which to take."""

    def __init__(
        self,
        trials: int,
        copying: float,
        seeds: int,
        steps: Sequence[int] | None,
        method: str,
        **grid: Any,
    ) -> None:
        super().__init__(**grid)
        self.trials, self.copying, self.seeds = trials, copying, seeds
        self.steps, self.method = list(steps) if steps else None, method

    def sweep(self, arguments: list[str]) -> Any:
        self._check()
        optuna()
        self._prepare(arguments)
        if self.plan_only:
            return self._show()
        uniform = self._uniform()
        self.uniform = [run.experiment.name for run in uniform]
        self._do(uniform, f"uniform runs of {self.seeds} seeds first, to compare with")
        from memctl.search import answer  # these after the first runs, and statistics with them

        text = answer.needless(self._points().iloc[:1], self.copying)
        if text is None:
            self._search()
            text = self._answer()
        self._report(planning.Plan(self.directory, uniform, {}), {})
        print(f"\n{text}", flush=True)
        return None

    def _check(self) -> None:
        """Raises: UserError for a setting of the search that is out of its range."""
        for key, valid, text in (
            ("trials", self.trials >= 1, "at least 1"),
            ("copying", 0 < self.copying < 1, "a share of the samples, in (0, 1)"),
            ("seeds", self.seeds >= 2, "at least 2: one to choose, others to confirm"),
            ("method", self.method in METHODS, ", ".join(METHODS)),
        ):
            if not valid:
                raise UserError(f"--{key} {getattr(self, key)} must be {text}")
        if not getattr(self.launcher, "wait", True):
            raise UserError("a search goes on from what runs say; leave hydra.launcher.wait out")
        steps = self.steps
        if steps is not None and (len(steps) != 2 or not 1 <= steps[0] < steps[1]):
            raise UserError(f"--steps {steps} must be LEAST MOST, two numbers of steps that rise")

    def _prepare(self, arguments: Sequence[str]) -> None:
        """Sort the overrides into what is searched and what all runs share. Raises: UserError."""
        assert self.config is not None
        assert self.hydra_context is not None
        loader = self.hydra_context.config_loader
        searched = (*CELL, *(("control.steps",) if self.steps else ()))
        for text in arguments:
            if (key := text.partition("=")[0].lstrip("+")) in searched:
                raise UserError(f"{key} is what is searched; leave {text} out")
        params = [f"{k}={v}" for k, v in self.params.items() if k not in searched]
        parsed = OverridesParser.create(config_loader=loader).parse_overrides([*params, *arguments])
        found = axes(parsed)
        if found.swept:
            raise UserError(
                f"{', '.join(found.swept)}: a search tries intervals alone, in one setting of all"
                " else; give one value"
            )
        self.shared = found.shared
        self.compose = Composer(loader, self.config)
        probing = self._run("ci.low=0", "ci.high=1")
        experiment = probing.experiment
        if experiment.config.sampler.get("name") != "interval":
            raise UserError(
                f"sampler={experiment.config.sampler.get('name')} has no interval to be searched;"
                " leave it out"
            )
        if not experiment.config.metrics.full:
            raise UserError(
                "metrics.full=false leaves out what quality is judged by; leave it out instead"
            )
        planning.check_data([experiment])
        self.seed, self.directory = experiment.config.seed, experiment.sweep_directory
        self.slots = slots_of(self.config)
        steps = (self.steps[0], self.steps[1]) if self.steps else None
        self.space = Space(0, experiment.schedule.timesteps, steps)
        from memctl.search.known import Frame

        self.frame = Frame.of(experiment.science, self.space)
        if not experiment.from_scratch:
            print(
                "start=base: after a base that has learnt all of t, intervals hardly matter;"
                " start=scratch is where they do",
                flush=True,
            )

    def _run(self, *overrides: str) -> planning.Run:
        own = (*self.shared, *overrides)
        experiment = planning.check_experiment(self.compose(own))
        return planning.Run.all_of([(own, experiment)])[0]

    def _uniform(self) -> list[planning.Run]:
        """The uniform runs of all seeds."""
        return [self._run("sampler=uniform", f"seed={self.seed + k}") for k in range(self.seeds)]

    def _cell(self, setting: Setting, seed: int) -> planning.Run:
        tag = [f"sweep.tag=control.steps-{setting.steps}"] if setting.steps else []
        return self._run(*setting.overrides, f"seed={seed}", *tag)

    def _do(self, runs: Sequence[planning.Run], what: str, suggested: bool = False) -> None:
        """Have runs done. Raises: UserError where some are not, as the grid's sweeper does."""
        planning.refuse_conflicts(list(runs))
        plan = planning.Plan(self.directory, list(runs), {})
        busy = [run.experiment.name for run in runs if self._is_elsewhere(run)]
        if busy:
            raise UserError(f"{', '.join(busy)}: at work in another process; wait for it")
        if not self._to_launch(plan):
            return
        print(f"search: {what}", flush=True)
        names = [run.experiment.name for run in runs] if suggested else []
        plan.save(names)
        failed = self._launch(plan)
        if failed or (self.launcher is not None and getattr(self.launcher, "interrupted", False)):
            self._report(plan, failed)

    def _finished(self) -> Any:
        """What is done in the sweep's folder (`SweepResults`); None where nothing is."""
        from memctl.search.known import finished

        return finished(self.directory)

    def _known(self) -> dict[str, Setting]:
        """The settings that are known, by run."""
        sweep = self._finished()
        return self.frame.settings(sweep, self.seed) if sweep else {}

    def _points(self) -> Any:
        """`front.points` of the uniform run and the known settings, of the seed that chooses."""
        from memctl.search.known import points

        sweep = self._finished()
        return points(sweep, [self.uniform[0], *self.frame.settings(sweep, self.seed)])

    def _stopped(self) -> list[Setting]:
        """Suggestions that were noted and are not done."""
        known, found = set(self._known()), []
        for name, stored in note.wanted(self.directory).items():
            own = dict(text.split("=", 1) for text in stored["overrides"] if "=" in text)
            if not {"ci.low", "ci.high"} <= own.keys():
                continue
            steps = int(own["control.steps"]) if self.steps and "control.steps" in own else None
            setting = Setting(float(own["ci.low"]), float(own["ci.high"]), steps)
            if name not in known and self.space.holds(setting):
                run = self._cell(setting, self.seed)
                if run.experiment.fingerprint == stored["fingerprint"]:
                    found.append(setting)
        return found

    def _search(self) -> None:
        """Try settings until enough are known."""
        from memctl.search.known import objectives

        at_work = self._stopped()
        while (left := self.trials - len(known := self._known())) > 0:
            places = objectives(self._points())
            values = {setting: places[name] for name, setting in known.items()}
            if not at_work:
                for k in range(min(left, self.slots)):
                    seed = SEEDS * self.seed + len(known) + k
                    at_work.append(suggest(self.space, values, at_work, seed, self.method))
            runs = [self._cell(setting, self.seed) for setting in at_work]
            text = f"{len(known)} of {self.trials} settings are known{self._time_left(left)}"
            self._do(runs, text, suggested=True)
            at_work = []

    def _time_left(self, runs: int) -> str:
        each = planning.seconds_a_run(self._finished().records.values())
        return f"; about {duration(each * -(-runs // self.slots))} left" if each else ""

    def _answer(self) -> str:
        """The answer, from runs of other seeds than the one that chose."""
        from memctl.search import answer
        from memctl.search.known import points

        rows, known = self._points(), self._known()
        seeds = range(self.seed + 1, self.seed + self.seeds)
        said = [f"{len(known)} settings were tried with seed {self.seed}."]
        chosen = answer.candidates(rows, self.copying)[: answer.TRIED]
        for run in chosen:
            runs = [self._cell(known[run], seed) for seed in seeds]
            self._do(runs, f"is {rows.set_index('run').setting[run]} as good in other seeds?")
            sweep = self._finished()
            # Of the other settings it is seen how far seeds differ.
            others = [name for seed in seeds for name in self.frame.settings(sweep, seed)]
            again = points(sweep, [*self.uniform[1:], *others])
            own = again.run.isin([r.experiment.name for r in runs])
            row, uniform = again[own].iloc[0], again.iloc[0]
            if answer.holds(again, self.copying)[own].all():
                return "\n".join([*said, answer.confirmed(row, uniform, self.copying)])
            said.append(answer.refuted(row, uniform, self.copying))
        return "\n".join([*said, answer.none(rows, self.copying, len(chosen))])

    def _show(self) -> None:
        """What would run, and how long it would take."""
        known = self._known()
        runs = self._uniform()
        planning.refuse_conflicts(runs)
        new = self._run("ci.low=0", "ci.high=1")
        runs += [planning.Run(new.overrides, new.experiment, "new")] * max(
            self.trials - len(known) + self.seeds - 1, 0
        )
        plan = planning.Plan(self.directory, runs, {})
        print(
            f"search in {self.directory}: uniform runs of {self.seeds} seeds; {self.trials}"
            f" settings, {len(known)} of them known; {self.seeds - 1} runs to confirm the best"
        )
        measure = lambda: cached_measurement(plan)
        done = sweep.records.values() if (sweep := self._finished()) else ()
        print(planning.estimate(plan, self.slots, measure, done), flush=True)
