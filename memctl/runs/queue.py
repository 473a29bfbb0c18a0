"""What of a sweep is queued or running on a cluster.

job.json, in the folder of a run or a base, says as which job of which engine it was submitted; the
engine says what has become of the job. SLURM is asked by squeue. What Ray has to do is kept by its
queue in a note beside the runs (memctl.sweep.ray), written anew every few seconds for as long as
the queue lives. Where an engine cannot be asked, nothing is in its queue.
"""

import getpass
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memctl.errors import UserError
from memctl.files import read_json, write_json

PATIENCE = 30.0  # seconds for an answer of SLURM
FRESH = 60.0  # seconds after which a note of Ray's queue is that of a dead one
RAY_NOTE = ".ray.json"
CANCEL = ".cancel"  # asks Ray's queue, which has it in the sweep's folder, to stop all


@dataclass(frozen=True)
class Seat:
    """A place in a cluster's queue.

    Attributes:
        engine: slurm or ray.
        id: Of the job; of an array SLURM's `ARRAY_TASK`.
        state: queued or running; once it has left the queue, as far as the engine tells, its own
            word in capitals: COMPLETED, FAILED, CANCELLED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY.
        reason: The engine's, of that state.
    """

    engine: str
    id: str
    state: str
    reason: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the job is still to run, or runs."""
        return self.state in ("queued", "running")


def note(folder: Path, engine: str, job: str, queue: Path) -> None:
    """Note as which job a folder's work was submitted, and from which sweep's folder."""
    known = {"engine": engine, "id": job, "queue": str(queue), "submitted": time.time()}
    write_json(folder / "job.json", known)


def read_note(folder: Path) -> dict[str, Any] | None:
    known = read_json(folder / "job.json")
    return known if known and {"engine", "id", "queue"} <= known.keys() else None


def seats(folders: Iterable[Path]) -> dict[Path, Seat]:
    """The seats of those folders whose engine knows their job.

    Raises: UserError where SLURM is there and does not answer.
    """
    notes = {folder: known for folder in folders if (known := read_note(folder))}
    found: dict[Path, Seat] = {}
    slurm = {f: n["id"] for f, n in notes.items() if n["engine"] == "slurm"}
    if slurm and shutil.which("squeue"):
        jobs = slurm_jobs()
        found |= {f: jobs[job] for f, job in slurm.items() if job in jobs}
    for folder in (f for f, n in notes.items() if n["engine"] == "ray"):
        state = ray_states(Path(notes[folder]["queue"])).get(folder.name)
        if state:
            found[folder] = Seat("ray", notes[folder]["id"], state)
    return found


def taken(folders: Iterable[Path]) -> dict[Path, Seat]:
    """The seats of what is queued or running; none where nothing can be learnt."""
    try:
        return {folder: seat for folder, seat in seats(folders).items() if seat.is_taken}
    except UserError:
        return {}


def slurm_jobs() -> dict[str, Seat]:
    """The user's jobs by their id, with those that ended in the last minutes.

    Raises: UserError.
    """
    columns = ["-o", "%F|%K|%T|%r"]
    out = ask("squeue", "-h", "-r", "-t", "all", "-u", getpass.getuser(), *columns)
    found = {}
    for line in out.splitlines():
        job, task, state, reason = line.split("|", 3)
        own = job if task == "N/A" else f"{job}_{task}"
        found[own] = Seat("slurm", own, SLURM_STATES.get(state, state), reason)
    return found


# What is not here is of a job that has ended.
SLURM_STATES = {
    **dict.fromkeys(("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"), "queued"),
    **dict.fromkeys(("RUNNING", "CONFIGURING", "COMPLETING", "STAGE_OUT", "STOPPED"), "running"),
    **dict.fromkeys(("SUSPENDED", "SIGNALING", "RESIZING"), "running"),
}


def ask(*command: str) -> str:
    """What a command of SLURM prints. Raises: UserError with what it says else."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]} does not answer within {PATIENCE:g} s") from None
    except OSError as error:
        raise UserError(
            f"{command[0]} cannot be run: {error.strerror}; hydra/launcher=slurm is for a machine"
            " that submits to SLURM"
        ) from None
    if done.returncode:
        said = "; ".join((done.stderr + done.stdout).strip().splitlines()) or "nothing"
        raise UserError(f"{command[0]} says: {said[:500]}")
    return done.stdout


def ray_states(queue: Path) -> dict[str, str]:
    """The states of what a living queue of Ray has, by the names of the folders."""
    path = queue / RAY_NOTE
    try:
        fresh = time.time() - path.stat().st_mtime < FRESH
    except OSError:
        return {}
    states = (read_json(path) or {}).get("states") if fresh else None
    return states if isinstance(states, dict) else {}
