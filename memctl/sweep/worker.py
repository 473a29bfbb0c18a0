"""python -m memctl.sweep.worker LIST: a job's own process on a cluster. It starts the work of the
folders that are its share, each in a process whose output goes to FOLDER/log.txt, and notes in
FOLDER/job.json how each ended.

As SLURM's batch script it takes the line of LIST that its place in the array says. SIGUSR2, which
SLURM sends before the time limit, has the work save and end and puts the job back into the queue;
SIGTERM, of scancel and preemption, has it save and end. Exit code 0 says that all is done.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memctl.files import read_json, write_json

SAVES = 100.0  # seconds in which work that is asked to stop may save; SLURM warns 120 before
ALONE = 10.0  # seconds after which SIGTERM is handed on: scancel sends it to every process itself
MOST = 100  # times that a job is put back into the queue: work that never gets anywhere must end
# The last two of work that was not yet listening, or no more: Python's own start and end.
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM, -signal.SIGINT, -signal.SIGTERM)


class Worker:
    """The processes of one job.

    Args:
        folders: Of the runs or bases that they work on.
        job: What to call it in the logs: `SLURM job 12_3`.
        variables: Of the environment, besides this process's.
    """

    def __init__(
        self, folders: Sequence[Path], job: str, variables: Mapping[str, str] | None = None
    ) -> None:
        self.job, self.again = job, False
        self.environment = {**os.environ, **(variables or {})}
        self.asked = self.hand_on = float("inf")
        self.ended: dict[Path, int] = {}
        self.working = {folder: self._start(folder) for folder in folders}

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        note(folder, begun=time.time(), ended=None)
        with (folder / "log.txt").open("ab") as log:
            gpu = self.environment.get("CUDA_VISIBLE_DEVICES")
            place = f"{socket.gethostname()}{f', GPU {gpu}' if gpu else ''}"
            log.write(f"{self.job} on {place}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
            log.flush()
            return subprocess.Popen(
                [sys.executable, "-u", "-m", "memctl.job", str(folder)],
                stdin=subprocess.PIPE,  # which ends with this process, and then so does the work
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.environment,
            )

    def stop(self, wait: float = 0.0) -> None:
        """Have the work save and end, in `wait` seconds from now."""
        now = time.monotonic()
        self.asked, self.hand_on = min(self.asked, now), min(self.hand_on, now + wait)

    def look(self) -> bool:
        """Note what has ended, hand on a stop, and say whether any work is left."""
        for folder, process in list(self.working.items()):
            code = process.poll()
            if code is not None:
                del self.working[folder]
                self.ended[folder] = code
                note(folder, ended=how(code) if code else "")
        now = time.monotonic()
        late = now > self.asked + SAVES
        if late or now >= self.hand_on:
            self.hand_on = float("inf")
            for process in self.working.values():
                process.send_signal(signal.SIGKILL if late else signal.SIGTERM)
        return bool(self.working)

    def wait(self) -> Mapping[Path, int]:
        """The exit codes, once all has ended."""
        while self.look():
            time.sleep(0.1)
        return self.ended


def note(folder: Path, **known: Any) -> None:
    """Add to job.json: when the work began, and how it ended, "" where well."""
    path = folder / "job.json"
    write_json(path, {**(read_json(path) or {}), **known})


def how(code: int) -> str:
    """An exit code in words."""
    if code in STOPPED:
        return "stopped"
    if code == -signal.SIGKILL:
        return "killed by SIGKILL, as by a machine that is out of memory"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def main() -> None:
    """SLURM's batch script, from its list."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    task = os.environ.get("SLURM_ARRAY_TASK_ID", "0")
    job = f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID", "")
    line = Path(sys.argv[1]).read_text().splitlines()[int(task)]
    turn = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    signals: list[int] = []
    for answered in (signal.SIGUSR2, signal.SIGTERM):
        signal.signal(answered, lambda number, _: signals.append(number))
    name = f"SLURM job {job}{f', time {turn + 1}' if turn else ''}"
    worker = Worker([Path(folder) for folder in line.split("\t")], name)
    while worker.look():
        time.sleep(0.1)
        while signals:
            number = signals.pop(0)
            worker.again |= number == signal.SIGUSR2
            worker.stop(0.0 if number == signal.SIGUSR2 else ALONE)
    stopped = any(code in (*STOPPED, -signal.SIGKILL) for code in worker.ended.values())
    if worker.again and stopped and turn < MOST:
        done = subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=False)
        if done.returncode == 0:
            time.sleep(60)  # SLURM ends it
    sys.exit(max((abs(code) for code in worker.ended.values()), default=0))


if __name__ == "__main__":
    main()
