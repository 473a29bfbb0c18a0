"""The local launcher: a queue of runs over this machine's devices, one fresh process a run.

A run that raises or is killed never stops the others. The first Ctrl-C lets the running ones end
and starts no more; the second, or a SIGTERM, has them save and stop at their next step; the third
kills them, as `GRACE` seconds do. The next command goes on with them from where they were. So it
does with a run whose time, `limit_minutes`, was up.

Where the fork server is killed, the runs that it has started are waited for all the same.

A sweep in the background (`make sweep &`, nohup) was started with SIGINT ignored, and ignores it: a
Ctrl-C at its terminal is meant for another program. SIGTERM (`kill PID`) stops it.
"""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any, Optional

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from memctl.errors import UserError
from memctl.exits import answer_stops, block_sigint, restore
from memctl.plugins import VARIABLE
from memctl.runs.folder import RunFolder
from memctl.sweep.child import AT_WORK, Payload, main
from memctl.sweep.console import Console
from memctl.sweep.devices import AUTO, MOST, Slot, pool
from memctl.sweep.fork_server import start_fork_server
from memctl.sweep.told import told

GRACE = 10.0  # seconds in which a run that is asked to stop may save
LOST = 255  # multiprocessing's exit code of a process whose fork server is gone
BUSY = "at work in another process"
OUT_OF_MEMORY = (
    ", as by a machine that is out of memory: run fewer at once (hydra.launcher.per_device on GPUs;"
    " on CPUs trainer.threads=N, the cores of each), or take a smaller generate.batch_size"
)
POLL = 0.25  # seconds between looks at the signals and the progress
STOPPING = {
    1: "Ctrl-C: the running ones finish, no more are started. Again: they save and stop now.",
    2: "stopping: the running ones save and end at their next step. Again: kill them now.",
    3: "killing the running ones; what they saved before is kept.",
}


@dataclass
class LocalLauncherConfig:
    """Settings of `hydra/launcher=local`.

    Attributes:
        devices: GPUs as CUDA_VISIBLE_DEVICES takes them, by number, UUID or MIG's; null finds
            them, [] is CPU.
        per_device: Runs at once on one GPU; auto is as many as fill it.
        preload: Modules that the fork server imports once for all runs.
        limit_minutes: Time for each run in this command, the base that it makes or waits for among
            it; then it saves and ends, and the next command goes on with it. null is no limit.
    """

    _target_: str = "memctl.sweep.launcher.LocalLauncher"
    devices: Optional[list[Any]] = None
    per_device: Any = 1
    limit_minutes: Optional[float] = None
    preload: list[str] = field(default_factory=lambda: ["memctl.sweep.preload"])


@dataclass
class Job:
    """A run at work.

    Attributes:
        line: At its end when the run's process is gone, also where its fork server went before it.
        timed_out: Whether it was asked to end since its time was up.
    """

    index: int
    slot: Slot
    process: BaseProcess
    line: Connection
    log: Path
    began: float
    timed_out: bool = False

    def is_gone(self) -> bool:
        if not self.line.poll():
            return False
        self.process.join(5)
        return True

    def send(self, number: int) -> None:
        """Send it a signal, which `Process` does not once the fork server is gone."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.process.pid or 0, number)

    def kill(self) -> None:
        """End it, and all that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.join(5)


class LocalLauncher(Launcher):
    """Runs jobs on the slots of this machine."""

    def __init__(
        self,
        devices: Sequence[Any] | None,
        per_device: Any,
        limit_minutes: float | None,
        preload: Sequence[str],
    ) -> None:
        self.devices = None if devices is None else [str(d) for d in devices]
        self.per_device, self.preload, self.limit = per_device, list(preload), limit_minutes
        self.stops = 0  # how hard it is asked to stop: 1 start no more, 2 save and end, 3 kill
        self.signal = signal.SIGINT  # the last one

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context, self.task_function, self.config = hydra_context, task_function, config
        whole = isinstance(self.per_device, int) and 1 <= self.per_device <= MOST
        if not whole and self.per_device != AUTO:
            raise UserError(
                f"hydra.launcher.per_device={self.per_device} must be at least 1 and at most"
                f" {MOST}, or auto"
            )
        if self.limit is not None and not 0 < self.limit < float("inf"):
            raise UserError(
                f"hydra.launcher.limit_minutes={self.limit} must be positive, or null for no limit"
            )

    @property
    def interrupted(self) -> bool:
        return self.stops > 0

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        trainer = OmegaConf.select(self.config, "trainer") or {}
        slots = pool(
            self.devices,
            self.per_device,
            trainer.get("threads", 1),
            trainer.get("accelerator", "auto"),
        )
        slots = slots[: max(1, len(job_overrides))]
        # All before the first starts: what is changed in conf/ from then on is not for them. Most
        # mistakes are met in the first; while the others are composed the fork server imports.
        jobs = enumerate(told(job_overrides, "composing", "runs"), initial_job_idx)
        composed = (self._compose(list(overrides), number) for number, overrides in jobs)
        configs = list(islice(composed, 1))
        context = start_fork_server(self.preload)
        configs += composed
        logs = [Path(c.hydra.sweep.dir) / c.hydra.sweep.subdir / "log.txt" for c in configs]
        console = Console([log.parent for log in logs], len(slots))
        print(f"{len(configs)} runs, {len(slots)} at once ({places(slots)})", flush=True)
        previous = answer_stops(self._stop)
        try:
            with console.opened():
                returns = self._run(context, configs, logs, slots, console)
        finally:
            restore(previous)
        if self.stops > 1:
            signal.raise_signal(self.signal)  # with no run left, it does what it did before
        return returns

    def _compose(self, overrides: list[str], number: int) -> DictConfig:
        config = self.hydra_context.config_loader.load_sweep_config(self.config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        for key in config:
            if key != "hydra" and OmegaConf.is_config(config[key]):
                # The environment that it refers to is this process's, not the fork server's.
                OmegaConf.resolve(config[key])
        return config

    def _run(
        self,
        context: Any,
        configs: list[DictConfig],
        logs: list[Path],
        slots: list[Slot],
        console: Console,
    ) -> list[JobReturn]:
        waiting, free, running = list(range(len(configs))), list(slots), list[Job]()
        returns: dict[int, JobReturn] = {}
        said, deadline = 0, float("inf")
        try:
            while running or (waiting and not self.stops):
                while waiting and free and not self.stops:
                    index = waiting.pop(0)
                    running.append(self._start(context, configs, index, free.pop(0), logs[index]))
                wait([job.line for job in running], timeout=POLL)
                for job in [j for j in running if j.is_gone()]:
                    running.remove(job)
                    free.append(job.slot)
                    returns[job.index] = self._end(job, configs[job.index], console)
                if said < self.stops:
                    said = self.stops
                    print(f"\n{STOPPING[min(said, 3)]}", flush=True)
                    if said > 1:
                        deadline = time.monotonic() + (GRACE if said == 2 else 0)
                        for job in running:
                            job.send(signal.SIGTERM)
                if time.monotonic() >= deadline:
                    break
                self._limit(running)
                console.tick([job.log.parent for job in running])
        finally:
            for job in running:
                job.kill()
        return [
            returns.get(k) or failure(configs[k], RuntimeError("not started"))
            for k in range(len(configs))
        ]

    def _start(
        self, context: Any, configs: list[DictConfig], index: int, slot: Slot, log: Path
    ) -> Job:
        line, its = context.Pipe(duplex=False)
        config, plugins = configs[index], os.environ.get(VARIABLE)
        payload = Payload(self.hydra_context, self.task_function, config, slot, log, its, plugins)
        process = context.Process(target=main, args=(payload,), name=log.parent.name)
        with block_sigint():  # it starts a fork server anew that is gone
            process.start()
        its.close()
        return Job(index, slot, process, line, log, time.monotonic())

    def _limit(self, running: Sequence[Job]) -> None:
        """Have runs save and end whose time is up, and kill those that do not."""
        if self.limit is None:
            return
        for job in running:
            over = time.monotonic() - job.began - 60 * self.limit
            if over > GRACE:
                job.kill()
            elif over > 0 and not job.timed_out:
                job.timed_out = True
                job.send(signal.SIGTERM)

    def _end(self, job: Job, config: DictConfig, console: Console) -> JobReturn:
        took = time.monotonic() - job.began
        problem = self._problem(job)
        shown = problem if problem is None or problem == BUSY else f"{problem} (see {job.log})"
        console.finish(job.log.parent, took, shown)
        if problem is not None:
            return failure(config, RuntimeError(problem))
        overrides = list(config.hydra.overrides.task)
        return JobReturn(overrides=overrides, cfg=config, status=JobStatus.COMPLETED)

    def _problem(self, job: Job) -> str | None:
        """Why a run that is gone did not end well, or None."""
        code, status = job.process.exitcode, RunFolder(job.log.parent).status() or {}
        done = status.get("state") == "done" and status.get("pid") == job.process.pid
        if code == 0 or (code == LOST and done):
            return None
        if self.stops > 1:
            return "stopped"
        if job.timed_out:
            return f"stopped after {self.limit:g} min, hydra.launcher.limit_minutes"
        if code == AT_WORK:
            return BUSY
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"killed by {name}{OUT_OF_MEMORY if -code == signal.SIGKILL else ''}"
        if code == LOST:  # how it ended nobody knows
            return "ended after its fork server, which was killed"
        message = status.get("message") or f"exit code {code}"
        return f"FAILED: {message.splitlines()[0]}"

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self.stops = self.stops + 1 if number == signal.SIGINT else max(self.stops + 1, 2)


def failure(config: DictConfig, error: Exception) -> JobReturn:
    overrides = list(config.hydra.overrides.task)
    returned = JobReturn(overrides=overrides, cfg=config, status=JobStatus.FAILED)
    returned.return_value = error
    return returned


def places(slots: list[Slot]) -> str:
    names = sorted({slot.device for slot in slots if slot.device})
    return f"GPU {', '.join(names)}" if names else "CPU"
