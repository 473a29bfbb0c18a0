"""A run's own process: its own session, its own device, its own log."""

import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from memctl.errors import AtWork, UserError
from memctl.exits import plain_exit
from memctl.plugins import VARIABLE
from memctl.sweep.devices import Slot

AT_WORK = 75  # exit code of a run that another process works on (EX_TEMPFAIL of sysexits.h)


@dataclass(frozen=True)
class Payload:
    """What a child needs; pickled when the sweep starts, so that later edits of configs do not
    reach it.
    """

    hydra_context: Any
    task_function: Any
    config: Any
    slot: Slot
    log: Path
    line: Connection  # closed when the child is gone, whoever started or reaps it
    plugins: str | None  # MEMCTL_PLUGINS of the sweep: a fork server knows that of its own start


def main(payload: Payload) -> None:
    """Run the job as Hydra would; leave with 0 if it ended well. SIGTERM has it save and stop."""
    os.setsid()  # a Ctrl-C in the terminal is the launcher's to handle
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=die_with_parent, daemon=True).start()
    if payload.plugins is not None:
        os.environ[VARIABLE] = payload.plugins
    if payload.slot.device:
        os.environ["CUDA_VISIBLE_DEVICES"] = payload.slot.device
    payload.log.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(payload.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    with plain_exit("stopped; the sweep's command goes on from here"):
        run(payload)


def run(payload: Payload) -> None:
    from hydra.core.utils import JobStatus, run_job, setup_globals

    setup_globals()
    returned = run_job(
        hydra_context=payload.hydra_context,
        task_function=payload.task_function,
        config=payload.config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    if returned.status is JobStatus.COMPLETED:
        return
    error = returned._return_value
    if isinstance(error, AtWork):
        print(f"memctl: {error}", flush=True)
        sys.exit(AT_WORK)
    if isinstance(error, UserError):
        raise error
    import traceback

    traceback.print_exception(error)
    sys.exit(1)


def die_with_parent() -> None:
    """End this process and all it started when the launcher is gone, however it went."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.killpg(0, signal.SIGKILL)
