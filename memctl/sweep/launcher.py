"""The local launcher: a queue of runs over this machine's devices, one fresh process a run.

A run that raises or is killed never stops the others. Ctrl-C lets the running ones finish and
starts no more; a second Ctrl-C, or SIGTERM, kills them, and the next command goes on with them from
where they were.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any, Optional

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from memctl.runs import folder
from memctl.sweep.child import Payload, main
from memctl.sweep.console import Console
from memctl.sweep.devices import Slot, pool


@dataclass
class LocalLauncherConfig:
    """Settings of `hydra/launcher=local`.

    Attributes:
        devices: GPU ids, as CUDA_VISIBLE_DEVICES takes them; null finds them, [] is CPU.
        per_device: Runs at once on one GPU.
        preload: Modules that the fork server imports once for all runs.
    """

    _target_: str = "memctl.sweep.launcher.LocalLauncher"
    devices: Optional[list[Any]] = None
    per_device: int = 1
    preload: list[str] = field(default_factory=lambda: ["memctl.sweep.preload"])


@dataclass
class Job:
    """A running job."""

    index: int
    slot: Slot
    process: BaseProcess
    began: float


class LocalLauncher(Launcher):
    """Runs jobs on the slots of this machine."""

    def __init__(
        self, devices: Sequence[Any] | None, per_device: int, preload: Sequence[str]
    ) -> None:
        self.devices = None if devices is None else [str(d) for d in devices]
        self.per_device, self.preload = per_device, list(preload)
        self.interrupts = 0

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context, self.task_function, self.config = hydra_context, task_function, config

    @property
    def interrupted(self) -> bool:
        return self.interrupts > 0

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
        configs = [self._compose(list(o), initial_job_idx + k) for k, o in enumerate(job_overrides)]
        logs = [Path(c.hydra.sweep.dir) / c.hydra.sweep.subdir / "log.txt" for c in configs]
        console = Console([log.parent for log in logs], len(slots))
        print(f"{len(configs)} runs, {len(slots)} at once ({places(slots)})", flush=True)
        os.environ.setdefault(
            "PYTORCH_NVML_BASED_CUDA_CHECK", "1"
        )  # asking for GPUs must not start CUDA in the fork server
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(self.preload)
        previous = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._interrupt)
            signal.signal(signal.SIGTERM, self._terminate)
        try:
            return self._run(context, configs, logs, slots, console)
        finally:
            for number, handler in previous.items():
                if threading.current_thread() is threading.main_thread():
                    signal.signal(number, handler)

    def _compose(self, overrides: list[str], number: int) -> DictConfig:
        config = self.hydra_context.config_loader.load_sweep_config(self.config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        for key in config:
            if key != "hydra" and OmegaConf.is_config(config[key]):
                OmegaConf.resolve(
                    config[key]
                )  # the environment that it refers to is this process's, not the fork server's
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
        try:
            while running or (waiting and not self.interrupts):
                while waiting and free and not self.interrupts:
                    index, slot = waiting.pop(0), free.pop(0)
                    payload = Payload(
                        self.hydra_context, self.task_function, configs[index], slot, logs[index]
                    )
                    process = context.Process(
                        target=main, args=(payload,), name=logs[index].parent.name
                    )
                    try:
                        process.start()
                    except (
                        EOFError,
                        ConnectionError,
                        BrokenPipeError,
                    ):  # Ctrl-C reached the fork server as it started
                        raise KeyboardInterrupt from None
                    running.append(Job(index, slot, process, time.monotonic()))
                wait([job.process.sentinel for job in running], timeout=1.0)
                for job in [j for j in running if not j.process.is_alive()]:
                    running.remove(job)
                    free.append(job.slot)
                    returns[job.index] = self._ended(
                        job, configs[job.index], logs[job.index], console
                    )
                if self.interrupts > 1:
                    raise KeyboardInterrupt
                console.tick([logs[job.index].parent for job in running])
        finally:
            for job in running:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(job.process.pid or 0, signal.SIGKILL)
                job.process.join(5)
        return [
            returns.get(k) or failed(configs[k], RuntimeError("not started"))
            for k in range(len(configs))
        ]

    def _ended(self, job: Job, config: DictConfig, log: Path, console: Console) -> JobReturn:
        code = job.process.exitcode
        if code == 0:
            console.finish(log.parent, time.monotonic() - job.began, None)
            return JobReturn(
                overrides=list(config.hydra.overrides.task), cfg=config, status=JobStatus.COMPLETED
            )
        if code is not None and code < 0:
            problem = f"killed by {signal.Signals(-code).name}"
        else:
            message = (folder.status(log.parent) or {}).get("message") or f"exit code {code}"
            problem = f"FAILED: {message.splitlines()[0]}"
        console.finish(log.parent, time.monotonic() - job.began, f"{problem} (see {log})")
        return failed(config, RuntimeError(problem))

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupts += 1
        if self.interrupts == 1:
            print(
                "\nCtrl-C: the running ones finish, no more are started. Again: stop now; what is"
                " done so far is kept.",
                flush=True,
            )

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        self.interrupts += 2


def failed(config: DictConfig, error: Exception) -> JobReturn:
    returned = JobReturn(
        overrides=list(config.hydra.overrides.task), cfg=config, status=JobStatus.FAILED
    )
    returned.return_value = error
    return returned


def places(slots: list[Slot]) -> str:
    names = sorted({slot.device for slot in slots if slot.device})
    return f"GPU {', '.join(names)}" if names else "CPU"
