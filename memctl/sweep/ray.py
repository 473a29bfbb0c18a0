"""`hydra/launcher=ray`: runs as tasks of Ray, on this machine or a running cluster.

An actor of the sweep, its queue, holds the tasks. On a running cluster it is detached: it outlives
the command, which finds it again by its name. Every few seconds it notes what it has in `.ray.json`
in the sweep's folder (memctl.runs.queue), and looks there for the wish to cancel. Each run is a
process of its own, as on SLURM; one that is lost with its worker or node is started again.
"""

import os
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from memctl.errors import UserError
from memctl.exits import answer_stops
from memctl.files import write_json
from memctl.paths import python_path
from memctl.runs import queue
from memctl.sweep.cluster import ClusterLauncher, ClusterLauncherConfig, Work
from memctl.sweep.devices import cores
from memctl.sweep.worker import SAVES, Worker

NAMESPACE = "memctl"
BEAT = 2.0  # seconds between notes of what the queue has
IDLE = 15.0  # seconds after which an empty queue ends
# Ray tells nobody of its use, and is not told that it hides GPUs from tasks without: `work` does.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}

OWN_FAILED = (
    "no Ray began on this machine, which may be too busy; give the command again, or take"
    " hydra/launcher=local"
)


@dataclass
class RayLauncherConfig(ClusterLauncherConfig):
    """Settings of `hydra/launcher=ray`.

    Attributes:
        address: Of a running cluster: auto, HOST:PORT or ray://HOST:PORT; null is RAY_ADDRESS and,
            without it, a Ray of this machine that ends with the command.
        retries: How often a run is started again whose worker or node was lost.
    """

    _target_: str = "memctl.sweep.ray.RayLauncher"
    address: Optional[str] = None
    retries: int = 3


@dataclass(frozen=True)
class Demand:
    """What a folder's work takes, and the folder of the base that it waits for."""

    cpus: float
    gpus: float
    base: str = ""


class Failed(Exception):
    """Work did not end well; what waits for it does not begin."""


def work(folder: str, gpus: float, base: Any = None) -> None:
    """In a worker of Ray: the work of a folder, in a process of its own.

    Args:
        base: What the base's task gave, for which Ray waits.

    Raises: Failed.
    """
    hidden = {} if gpus else {"CUDA_VISIBLE_DEVICES": ""}
    worker, left = Worker([Path(folder)], "Ray", hidden), True
    while left:
        try:
            left = worker.look()
            time.sleep(0.1)
        except KeyboardInterrupt:  # how Ray cancels
            worker.stop()
    if any(worker.ended.values()):
        raise Failed(folder)


class Queue:
    """A sweep's work, as an actor."""

    def __init__(self, sweep: str, at_once: int, retries: int, variables: dict[str, str]) -> None:
        self.sweep, self.at_once, self.retries = Path(sweep), at_once, retries
        self.variables = variables
        self.waiting: dict[str, Demand] = {}
        self.tasks: dict[str, Any] = {}  # by folder
        self.lock = threading.Lock()
        self.busy = time.monotonic()
        threading.Thread(target=self._serve, daemon=True).start()

    def add(self, work: Mapping[str, Demand]) -> None:
        """Put the work of folders into the queue, bases first."""
        with self.lock:
            self.waiting |= work
            self._beat()

    def _serve(self) -> None:
        while time.monotonic() - self.busy < IDLE:
            time.sleep(BEAT)
            with self.lock, suppress(UserError):  # a folder that cannot be written for a moment
                self._beat()
        os._exit(0)

    def _beat(self) -> None:
        """Start what has its turn, cancel all where that is wished, and note what is left."""
        import ray

        refs = list(self.tasks.values())
        ended = ray.wait(refs, num_returns=len(refs), timeout=0)[0] if refs else []
        wish = self.sweep / queue.CANCEL
        if wish.exists():
            wish.unlink(missing_ok=True)
            self.waiting.clear()
            for task in self.tasks.values():
                ray.cancel(task, recursive=False)
        self.tasks = {folder: task for folder, task in self.tasks.items() if task not in ended}
        while self.waiting and len(self.tasks) < self.at_once:
            folder = next(iter(self.waiting))
            self._start(folder, self.waiting.pop(folder))
        if self.waiting or self.tasks:
            self.busy = time.monotonic()
        states = dict.fromkeys(map(name_of, self.waiting), "queued")
        states |= {name_of(folder): state_of(Path(folder)) for folder in self.tasks}
        write_json(self.sweep / queue.RAY_NOTE, {"states": states}, sync=False)

    def _start(self, folder: str, demand: Demand) -> None:
        import ray

        # A worker may go on to other tasks: it does nothing itself.
        task = ray.remote(max_calls=0)(work).options(
            num_cpus=demand.cpus,
            num_gpus=demand.gpus,
            max_retries=self.retries,
            name=name_of(folder),
            runtime_env={"env_vars": self.variables},
        )
        self.tasks[folder] = task.remote(folder, demand.gpus, self.tasks.get(demand.base))


def name_of(folder: str) -> str:
    return Path(folder).name


def state_of(folder: Path) -> str:
    """Whether the work of a folder was begun since it was submitted."""
    return "running" if (queue.read_note(folder) or {}).get("begun") else "queued"


class RayLauncher(ClusterLauncher):
    """Submits runs to Ray."""

    engine, title = "ray", "Ray"

    def __init__(self, address: str | None, retries: int, **shared: Any) -> None:
        super().__init__(**shared)
        self.address, self.retries = address or os.environ.get("RAY_ADDRESS") or "local", retries
        self.sweep, self.session = Path(), Path()
        if self.is_own and not self.wait:
            raise UserError(
                "hydra.launcher.wait=false: a Ray of this machine ends with the command; name a"
                " running cluster, hydra.launcher.address=auto"
            )

    @property
    def is_own(self) -> bool:
        """Whether Ray begins and ends with the command."""
        return self.address == "local"

    def submit(self, work: Work, sweep: Path) -> None:
        self.sweep = sweep
        nodes = self._connect()
        trainer = next(iter(work.runs.values()))[0].config.trainer
        has_gpus = any(node.get("GPU") for node in nodes) and trainer.accelerator != "cpu"
        gpus = float(has_gpus) if self.gpus is None else float(self.gpus)
        each = 1 / self.per_device if gpus == 1 else gpus
        wanted = {
            str(base): Demand(min(trainer.base_threads, most(nodes, "CPU")), gpus)
            for base in work.bases
        }
        for run, (_, base) in work.runs.items():
            wanted[str(run)] = Demand(trainer.threads, each, str(base or ""))
        for demand in wanted.values():
            check(demand, nodes)
        for folder in wanted:
            queue.note(Path(folder), self.engine, str(sweep), sweep)
        (sweep / queue.CANCEL).unlink(missing_ok=True)
        self._add(wanted)

    def _connect(self) -> list[dict[str, float]]:
        """Connect, and give the resources of each node. Raises: UserError."""
        os.environ.update({k: v for k, v in QUIET.items() if k not in os.environ})
        try:
            import ray
        except ImportError:
            raise UserError("hydra/launcher=ray needs Ray: pip install 'ray>=2.40,<3'") from None
        own = {"num_cpus": cores(), "include_dashboard": False} if self.is_own else {}
        try:
            context = ray.init(
                self.address,
                namespace=NAMESPACE,
                log_to_driver=False,
                logging_level="error",
                ignore_reinit_error=True,
                **own,
            )
        except Exception as error:  # a Ray that does not start in 30 s raises a bare one
            ray.shutdown()
            said = (str(error).splitlines() or [type(error).__name__])[0]
            where = f"hydra.launcher.address={self.address}: {said}"
            raise UserError(where if not self.is_own else f"{OWN_FAILED}: {said}") from None
        answer_stops(self._stop)  # again: Ray puts an answer to SIGTERM there that aborts
        if self.is_own:
            self.session = Path(context.address_info["session_dir"])
        return [node["Resources"] for node in ray.nodes() if node["Alive"]]

    def _add(self, wanted: Mapping[str, Demand]) -> None:
        """Hand the work to the sweep's queue, a new one where there is none or it just ended."""
        import ray

        variables = {k: v for k, v in os.environ.items() if k.startswith(("MEMCTL_", "WANDB_"))}
        variables |= QUIET | {"PYTHONPATH": python_path()}
        actor = ray.remote(Queue).options(
            name=str(self.sweep),
            namespace=NAMESPACE,
            lifetime=None if self.is_own else "detached",
            num_cpus=0,
            runtime_env={"env_vars": variables},
        )
        for _ in range(2):
            try:
                self.queue = ray.get_actor(str(self.sweep), NAMESPACE)
            except ValueError:
                self.queue = actor.remote(str(self.sweep), self.at_once, self.retries, variables)
            with suppress(ray.exceptions.ActorDiedError):
                ray.get(self.queue.add.remote(dict(wanted)))
                return
        raise UserError("Ray's queue of this sweep ended as it began; give the command again")

    def close(self) -> None:
        if self.is_own and self.interrupted and self.sweep != Path():
            (self.sweep / queue.CANCEL).touch()
            end = time.monotonic() + SAVES
            while queue.ray_states(self.sweep) and time.monotonic() < end:
                time.sleep(0.2)
        if self.sweep != Path():
            import ray

            ray.shutdown()
            if self.is_own:
                (self.sweep / queue.RAY_NOTE).unlink(missing_ok=True)
            if self.session != Path():  # Ray's own logs of it, and the sockets of what has ended
                shutil.rmtree(self.session, ignore_errors=True)


def most(nodes: list[dict[str, float]], resource: str) -> float:
    return max((node.get(resource, 0) for node in nodes), default=0)


def check(demand: Demand, nodes: list[dict[str, float]]) -> None:
    """Raises: UserError for what no node has: Ray would wait for it for ever."""
    fits = (n.get("CPU", 0) >= demand.cpus and n.get("GPU", 0) >= demand.gpus for n in nodes)
    if not any(fits):
        raise UserError(
            f"no node of Ray has {demand.cpus:g} CPUs and {demand.gpus:g} GPUs for a run (at most"
            f" {most(nodes, 'CPU'):g} and {most(nodes, 'GPU'):g}); set trainer.threads and"
            " hydra.launcher.gpus"
        )
