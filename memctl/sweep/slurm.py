"""`hydra/launcher=slurm`: runs as jobs of SLURM, by sbatch and squeue alone; no accounting needed.

Runs are one job array, a base that they wait for another job before it. A job that reaches its time
limit saves its work and goes back into the queue (memctl.sweep.worker).
"""

import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from memctl.errors import UserError
from memctl.paths import python_path
from memctl.runs import queue
from memctl.sweep.cluster import ClusterLauncher, ClusterLauncherConfig, Work

HOURS = 12
LEAST = 5.0  # minutes of a job, of which the last two are for saving
MOST = 1000  # jobs of an array, as SLURM has it by default
# Reasons for which a job would wait for ever.
NEVER = (
    "AssocGrpBilling", "BadConstraints", "InvalidAccount", "InvalidQOS", "PartitionNodeLimit",
    "PartitionTimeLimit", "QOSMaxWallDurationPerJobLimit", "AssocMaxWallDurationPerJobLimit",
    "PartitionConfig", "QOSMinGRES", "QOSMaxCpuPerJobLimit", "QOSMaxGRESPerJob",
)  # fmt: skip
NAMED = ("partition", "account", "qos", "constraint", "time", "mem")
OF_GPUS = ("gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket")
SCRIPT = """#!/bin/bash
folders=$(sed -n "$((${{SLURM_ARRAY_TASK_ID:-0}} + 1))p" {list})
exec >> "${{folders%%$'\\t'*}}/log.txt" 2>&1
cd {where} || exit 1
{setup}
export PYTHONPATH={modules}
exec {python} -u -m memctl.sweep.worker {list}
"""


@dataclass
class SlurmLauncherConfig(ClusterLauncherConfig):
    """Settings of `hydra/launcher=slurm`.

    Attributes:
        partition, account, qos, constraint, time, mem: Options of sbatch; null leaves them to
            SLURM, time to 12 hours or the partition's limit.
        sbatch: More of them by their long names, `{mail-type: END}`; null is an option without a
            value, false leaves one of memctl's out.
        setup: Shell commands of a job before the run: `[module load cuda]`.
    """

    _target_: str = "memctl.sweep.slurm.SlurmLauncher"
    partition: Optional[str] = None
    account: Optional[str] = None
    qos: Optional[str] = None
    constraint: Optional[str] = None
    time: Optional[str] = None
    mem: Optional[str] = None
    sbatch: dict[str, Any] = field(default_factory=dict)
    setup: list[str] = field(default_factory=list)


class SlurmLauncher(ClusterLauncher):
    """Submits runs by sbatch."""

    engine, title = "slurm", "SLURM"

    def __init__(self, sbatch: Mapping[str, Any], setup: Sequence[str], **more: Any) -> None:
        named = {key: more.pop(key) for key in NAMED}
        super().__init__(**more)
        given = {key: str(value) for key, value in named.items() if value is not None}
        self.sbatch, self.lines = given | dict(sbatch), list(setup)

    def submit(self, work: Work, sweep: Path) -> None:
        some = next(iter(work.runs.values()))[0].config.trainer
        asked = str(self.sbatch.get("time") or "infinite")
        if minutes(asked if set(asked) & set(":-") else f"{asked}:00") < LEAST:
            raise UserError(
                f"hydra.launcher.time={asked} must be at least {LEAST:g} minutes: SLURM warns a job"
                " 2 minutes before its end, and it goes back into the queue"
            )
        has_gpus, limit = self._partition()
        gpus = self.gpus if self.gpus is not None else int(has_gpus)
        if self.gpus is None and some.accelerator == "cpu":
            gpus = 0
        shared = {
            "chdir": "/",  # the script goes where it belongs
            "export": "ALL",
            "output": "/dev/null",  # the script writes into the run's log.txt
            "open-mode": "append",
            "requeue": None,
            "signal": "B:USR2@120",
            "kill-on-invalid-dep": "yes",
            "time": clock(min(HOURS * 60, limit)),
            **({"gres": f"gpu:{gpus}"} if gpus and not set(OF_GPUS) & set(self.sbatch) else {}),
        }
        for base, experiment in work.bases.items():
            own = {
                "cpus-per-task": experiment.config.trainer.base_threads,
                "job-name": f"{sweep.name}-base",
            }
            self._sbatch([[base]], sweep, {**shared, **own})
        waits: dict[Path | None, list[Path]] = {}
        for run, (_, awaited) in work.runs.items():
            waits.setdefault(awaited, []).append(run)
        together = self.per_device if gpus else 1
        cores = {"cpus-per-task": some.threads * together, "job-name": sweep.name}
        for place, runs in waits.items():
            after = (queue.read_note(place) or {})["id"] if place else ""
            groups = [runs[k : k + together] for k in range(0, len(runs), together)]
            for first in range(0, len(groups), MOST):
                some_of_them = groups[first : first + MOST]
                self._sbatch(some_of_them, sweep, {**shared, **cores}, after)

    def _partition(self) -> tuple[bool, float]:
        """Whether the partition has GPUs, and its time limit in minutes. Raises: UserError."""
        named = self.sbatch.get("partition")
        which = ["-p", str(named)] if named else []
        lines = queue.ask("sinfo", "-h", "-o", "%P|%G|%l", *which).splitlines()
        rows = [line.split("|") for line in lines]
        if named and not rows:
            raise UserError(f"hydra.launcher.partition={named} is no partition of this SLURM")
        rows = [r for r in rows if r[0].endswith("*")] or rows if not named else rows
        return any("gpu" in r[1] for r in rows), max((minutes(r[2]) for r in rows), default=1e9)

    def _sbatch(
        self,
        groups: Sequence[Sequence[Path]],
        sweep: Path,
        options: Mapping[str, Any],
        after: str = "",
    ) -> None:
        """Submit a job for each group of folders. Raises: UserError where it could never begin."""
        place = sweep / ".slurm" / f"{time.time_ns()}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join("\t".join(map(str, group)) + "\n" for group in groups))
        script = SCRIPT.format(
            list=shlex.quote(str(place)),
            where=shlex.quote(str(Path.cwd())),
            setup="\n".join(self.lines),
            modules=shlex.quote(python_path()),
            python=shlex.quote(sys.executable),
        )
        place.with_suffix(".sh").write_text(script)
        flags = [
            f"--{key}" + ("" if value is None or value is True else f"={value}")
            for key, value in {**options, **self.sbatch}.items()
            if value is not False
        ]
        name = str(place.with_suffix(".sh"))
        queue.ask("sbatch", "--test-only", *flags, name)
        more = [f"--array=0-{len(groups) - 1}%{self.at_once}"]
        more += [f"--dependency=afterok:{after}"] if after else []
        said = queue.ask("sbatch", "--parsable", *flags, *more, name)
        job = said.strip().splitlines()[-1].split(";")[0]
        for number, group in enumerate(groups):
            for folder in group:
                queue.note(folder, self.engine, f"{job}_{number}", sweep)
        reasons = {s.reason for s in queue.slurm_jobs().values() if s.id.startswith(f"{job}_")}
        if never := sorted(reasons & set(NEVER)):
            queue.ask("scancel", job)
            raise UserError(
                f"SLURM would never start the runs ({', '.join(never)}), with {' '.join(flags)};"
                " see hydra.launcher.* in docs/clusters.md"
            )


def minutes(text: str) -> float:
    """SLURM's time, `[D-]H:M:S`, `M:S` or `infinite`, in minutes."""
    days, _, rest = text.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdigit() for part in (*parts, days or "0")):
        return float("inf")
    numbers = [0, 0, *map(int, parts)][-3:] if not days else [*map(int, parts), 0, 0][:3]
    return int(days or 0) * 1440 + numbers[0] * 60 + numbers[1] + numbers[2] / 60


def clock(total: float) -> str:
    """Minutes as SLURM's time."""
    return f"{int(total) // 60}:{int(total) % 60:02d}:00"
