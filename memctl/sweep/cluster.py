"""What the launchers for clusters share: runs are frozen in their folders, submitted where they are
not in the queue already, and watched by their folders and their seats in the queue.

A base that is missing is a job of its own, and the runs that start from it wait in the queue until
it is there, so that none of them waits on a GPU. The command may end at any time: the jobs go on,
and the same command finds them again.
"""

import signal
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Optional

from filelock import Timeout
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from memctl.errors import UserError
from memctl.exits import answer_stops, restore
from memctl.experiment import Experiment
from memctl.runs import queue
from memctl.runs.folder import RunFolder
from memctl.runs.queue import Seat
from memctl.sweep.compose import Composer
from memctl.sweep.frozen import absolute, freeze
from memctl.sweep.watch import Watch


@dataclass
class ClusterLauncherConfig:
    """Settings that the launchers for clusters share.

    Attributes:
        gpus: GPUs for each run; null is one where there are any, else none.
        per_device: Runs at once on one GPU.
        at_once: Runs at once, at most.
        wait: Whether to stay until all have ended, and write the report; otherwise the command
            submits and ends.
        poll: Seconds between looks at the queue.
    """

    gpus: Optional[int] = None
    per_device: int = 1
    at_once: int = 64
    wait: bool = True
    poll: float = 5.0


@dataclass
class Work:
    """What is to be submitted: the folders of bases that are missing, and of each run its folder
    and that of the base that it waits for.
    """

    bases: dict[Path, Experiment] = field(default_factory=dict)
    runs: dict[Path, tuple[Experiment, Path | None]] = field(default_factory=dict)


class ClusterLauncher(Launcher):
    """Submits runs to a cluster, and watches them."""

    engine = ""  # as `Seat.engine`
    title = ""  # what it is called

    def __init__(
        self, gpus: int | None, per_device: int, at_once: int, wait: bool, poll: float
    ) -> None:
        self.gpus, self.per_device, self.at_once = gpus, per_device, at_once
        self.wait, self.poll = wait, poll
        self.signal = 0

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.compose = Composer(hydra_context.config_loader, config)
        for key, valid, text in (
            ("gpus", self.gpus is None or self.gpus >= 0, "at least 0, or null"),
            ("per_device", self.per_device >= 1, "at least 1"),
            ("at_once", self.at_once >= 1, "at least 1"),
            ("poll", self.poll > 0, "positive"),
        ):
            if not valid:
                raise UserError(f"hydra.launcher.{key}={getattr(self, key)} must be {text}")
        if self.per_device > 1 and (self.gpus or 1) > 1:
            raise UserError(
                f"hydra.launcher.gpus={self.gpus}: runs that share a GPU (per_device) have one"
            )

    @property
    def interrupted(self) -> bool:
        return self.signal != 0

    @abstractmethod
    def submit(self, work: Work, sweep: Path) -> None:
        """Put the work into the queue and note the jobs (`queue.note`). Raises: UserError."""

    def seats(self, folders: Sequence[Path]) -> Mapping[Path, Seat]:
        """The folders' seats. Raises: UserError where the engine does not answer."""
        return queue.seats(folders)

    def close(self) -> None:
        """Called when the command no longer watches."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        typed = [[t for t in o if not t.startswith("hydra.")] for o in job_overrides]
        made = (Experiment.of(absolute(self.compose.typed(texts))) for texts in typed)
        runs = {experiment.folder.path: experiment for experiment in made}
        sweep = next(iter(runs)).parent
        previous = answer_stops(self._stop)
        try:
            with submitting(sweep):
                work = self._missing(runs)
                self._freeze(work)
                if work.runs:
                    self.submit(work, sweep)
            print(self._said(len(runs), len(work.runs), sweep), flush=True)
            watch = Watch(runs, self.seats, self.poll)
            ended = watch.until(lambda: self.interrupted) if self.wait else {}
        finally:
            self.close()
            restore(previous)
        if not self.wait:
            return [JobReturn() for _ in runs]  # of unknown end
        return [returned(ended.get(run, "stopped")) for run in runs]

    def _missing(self, runs: Mapping[Path, Experiment]) -> Work:
        """What is not in the queue."""
        places = [e.base_folder.path for e in runs.values() if e.lacks_base]
        taken = {p for p, seat in self.seats([*runs, *places]).items() if seat.is_taken}
        work = Work()
        for run, experiment in runs.items():
            if run in taken:
                continue
            base = experiment.base_folder.path if experiment.lacks_base else None
            if base and base not in taken:
                work.bases.setdefault(base, experiment)
            work.runs[run] = (experiment, base)
        return work

    def _freeze(self, work: Work) -> None:
        for folder, experiment in work.bases.items():
            freeze(experiment, folder)
        for folder, (experiment, _) in work.runs.items():
            freeze(experiment, folder)

    def _said(self, runs: int, new: int, sweep: Path) -> str:
        known = f", {runs - new} were in the queue already" if new < runs else ""
        text = f"{self.title}: {new} runs submitted{known}; `make cancel SWEEP={sweep}` stops them"
        return text if self.wait else f"{text}, and the same command watches them"

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)


@contextmanager
def submitting(sweep: Path) -> Iterator[None]:
    """One command at a time submits a sweep, so that none submits what another does."""
    lock = RunFolder(sweep).lock()
    try:
        lock.acquire(timeout=120)
    except Timeout:
        raise UserError(f"another command submits {sweep}; try again when it is done") from None
    try:
        yield
    finally:
        lock.release()


def returned(problem: str | None) -> JobReturn:
    out = JobReturn(status=JobStatus.FAILED if problem else JobStatus.COMPLETED)
    out.return_value = RuntimeError(problem) if problem else None
    return out
