"""A run's folder is its own witness.

config.yaml    the resolved config
status.json    state (running, done, failed), stage, progress, attempt, pid, host, keys (stage ->
               key), science, seconds, message, and the folder of its base
metrics.jsonl  one row an epoch of control
made.json      under which key each of these was made, and what it then held (memctl.runs.made)
samples.npy    what it generated, float32, shape (samples, channels, *dims), in the data's own units
checkpoint.pt  the controlled weights, unless trainer.keep_checkpoint=false (the base's own are in
               runs/bases/KEY/)
timesteps.json what t were drawn
along/         the weights at checkpoints along control, kept as checkpoint.pt is
along.npz      the samples that they generated
probe.json     where in t the network knows its training examples
neighbours.csv the nearest training and held-out examples of every sample
*.png          pictures: samples, suspects (beside their nearest examples), ratios (d1/d2),
               projection, timesteps, probe
record.json    the result, written last; its schema is in `memctl.runs.record`
log.txt        what the run printed, when a sweep started it
job.yaml       what a cluster is to do, frozen when it was submitted (memctl.sweep.frozen)
job.json       as which job, and how that ended (memctl.runs.queue)
wandb/         the offline copy of all this

Of a run that is not finished also resume.ckpt, the state of a training that was stopped, and
samples/KEY/, the batches that are generated so far.

The folder of a base has status.json, made.json, metrics.jsonl and checkpoint.pt and, of a cluster,
log.txt, job.yaml and job.json.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import BaseFileLock
from numpy.typing import NDArray
from omegaconf import DictConfig

from memctl.errors import UserError
from memctl.files import cannot_write, read_json, write_json
from memctl.keys import ANEW, differences, made_by
from memctl.runs import former, lock, saved_config
from memctl.runs.journal import Journal
from memctl.runs.kinds import fits
from memctl.runs.made import Made, is_whole
from memctl.runs.record import is_complete
from memctl.runs.status import STATUS, Status

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RunFolder:
    """Every path of a run's folder, and what its files say of the run."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def samples(self) -> Path:
        return self.path / "samples.npy"

    @property
    def neighbours(self) -> Path:
        return self.path / "neighbours.csv"

    def kept_samples(self) -> NDArray[np.float32] | None:
        """The samples, which are read where they are used; None where they are gone or cut off."""
        try:
            return np.load(self.samples, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def kept_neighbours(self) -> "pd.DataFrame":
        """The rows of neighbours.csv; none where it is gone or damaged."""
        import pandas as pd  # here alone: a sweep's controller does without

        try:
            rows = pd.read_csv(self.neighbours)
        except (OSError, ValueError):
            return pd.DataFrame()
        noted = self.neighbours.name in (self.made.entries() or {})
        whole = self.made.holds(self.neighbours.name) if noted else rows.notna().all(axis=None)
        return rows if whole else pd.DataFrame()

    @property
    def made(self) -> Made:
        return Made(self.path)

    @property
    def sample_parts(self) -> Path:
        """The folder of batches that are generated so far, a folder for each key."""
        return self.path / "samples"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def along(self) -> Path:
        """The folder of the weights, and of batches that are generated so far, at checkpoints along
        control.
        """
        return self.path / "along"

    @property
    def along_samples(self) -> Path:
        return self.path / "along.npz"

    @property
    def resume(self) -> Path:
        """What a training that was stopped goes on from."""
        return self.path / "resume.ckpt"

    @property
    def timesteps(self) -> Path:
        return self.path / "timesteps.json"

    @property
    def probe(self) -> Path:
        return self.path / "probe.json"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def journal(self) -> Journal:
        return Journal(self.path / "metrics.jsonl")

    def settings(self) -> DictConfig:
        """The config that the run was made by (memctl.runs.saved_config).

        Raises: UserError where config.yaml is missing or holds something else.
        """
        if not self.config.is_file():
            raise UserError(
                f"{self.path} holds no config.yaml, which says what the run was made by; of its"
                " samples name --train and --heldout too"
            )
        return saved_config.load(self.config)

    @property
    def gradients(self) -> Journal:
        """The rows of experiment=theory, whose folder is the sweep's."""
        return Journal(self.path / "gradients.jsonl")

    def picture(self, name: str) -> Path:
        return self.path / f"{name}.png"

    def status(self) -> dict[str, Any] | None:
        """The status of a run that was ever started, or None; a damaged one counts as none."""
        status = former.status(read_json(self.path / "status.json"))
        return status if fits(status, STATUS) else None

    def save(self, status: Status, sync: bool = True) -> None:
        status.updated = time.time()
        write_json(self.path / "status.json", vars(status), sync)

    def record(self) -> dict[str, Any] | None:
        """The record of a finished run, or None; a damaged one counts as none, and is made again.

        Raises: UserError for one of a later memctl.
        """
        record = read_json(self.path / "record.json")
        known = former.record(record, self.path) if record and "metrics" in record else None
        return known if known and is_complete(known) else None

    def save_record(self, record: Mapping[str, Any]) -> None:
        write_json(self.path / "record.json", record)

    def begun(self) -> bool:
        """Whether the folder holds anything that took time to make: one refused at its start, or
        before it, does not.
        """
        made = (self.resume, self.checkpoint, self.sample_parts, self.samples)
        others = (self.gradients.path, self.path / "record.json")
        return any(path.exists() for path in (*made, *others))

    def lock(self) -> BaseFileLock:
        """The lock whose holder works in the folder (memctl.runs.lock)."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return lock.lock_of(self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def is_held(self) -> bool:
        """Whether a living process works in the folder."""
        return lock.is_held(self.path)

    def keys(self) -> dict[str, str] | None:
        """Stage -> key of what the folder was begun for, by its status or, else, its record."""
        known = self.status() or self.record()
        return known["keys"] if known else None

    def is_anothers(self, keys: Mapping[str, str]) -> bool:
        """Whether the folder was begun for other weights or samples than those of the keys."""
        known = self.keys()
        if known is not None:
            return any(known.get(k) != key for k, key in keys.items() if k not in ANEW)
        noted = (self.made.entries() or {}).items()
        anew = (self.along_samples.name, self.neighbours.name)
        made = {entry["key"] for name, entry in noted if name not in anew}
        return not made <= set(keys.values())

    def has(self, file: Path, key: str, reads: bool = False) -> bool:
        """Whether a file is there, was made under the key, and still holds what it then held. Of an
        earlier memctl, which noted nothing, it is to be whole by its format, in a folder begun for
        that key.

        Args:
            reads: Whether to read it in any case, and not only where its size or time changed.
        """
        if self.made.entries() is None:
            return key in (self.keys() or {}).values() and is_whole(file)
        return self.made.holds(str(file.relative_to(self.path)), key, reads)

    def adopt(self) -> None:
        """Note what an earlier memctl has made here, before anything is added."""
        if self.made.entries() is not None or not self.begun():
            return
        known = self.keys() or {}
        write_json(self.made.path, {})
        trained = known.get("control", known.get("base"))
        weights = [self.checkpoint, *self.along.glob("*.pt")]
        if self.checkpoint.exists() or self.samples.exists():  # else the rows are still written
            weights += [self.timesteps, self.journal.path]
        for key, files in ((trained, weights), (known.get("generate"), [self.samples])):
            if key:
                self.made.note(key, *filter(is_whole, files))

    def lost_rows(self, keys: Mapping[str, str]) -> str:
        """What to say of a training curve that was damaged since it was written; no number depends
        on it, and training alone would make it again.
        """
        lost = self.journal.path.name in self.made.damage(keys)
        if self.made.entries() is None:  # of an earlier memctl: the record knows the last step
            rows, record = self.journal.rows(), self.record() or {}
            known = (record.get("training", {}).get("control") or {}).get("steps")
            lost = known is not None and (not rows or rows[-1]["step"] != known)
        said = f"{self.journal.path} was damaged: rows of the training are missing. The other"
        more = "numbers stand; to have the rows again, make the run under another sweep.name"
        return f"{said} {more}" if lost else ""

    def state(self, keys: Mapping[str, str]) -> str:
        """Where the run of these keys is.

        new, done, running, failed, stopped (killed in the middle), outdated (made, and to be
        measured anew), damaged (done, but a result no longer holds what was made), or conflict (it
        is another run's folder).
        """
        status = self.status()
        if status is None and not self.begun():
            return "new"
        if self.is_anothers(keys):
            return "conflict" if self.begun() or self.is_held() else "new"
        status, record = status or {}, self.record()
        if status.get("state") == "done" and record and record["keys"] == dict(keys):
            lost = [name for name in self.made.damage(keys) if name != self.journal.path.name]
            if not lost and self.has(self.samples, keys["generate"]):
                return "done"
            return "running" if self.is_held() else "damaged"
        if self.is_held():
            return "running"
        if status.get("state") == "done":
            return "outdated" if record else "stopped"
        return "failed" if status.get("state") == "failed" else "stopped"

    def conflict(self, science: Mapping[str, Any]) -> UserError:
        """The refusal to overwrite a run that was made by other settings."""
        known = self.status() or self.record() or {}
        lines = differences(made_by(known["science"]), made_by(science)) if known else []
        unknown = "\n    which ones is not known, for its status.json is damaged"
        why = "".join(f"\n    {line}" for line in lines) or (former.WHY if known else unknown)
        return UserError(
            f"{self.path} holds a run with other settings (old -> new):{why}\n  It is not"
            " overwritten: give the new one another folder with sweep.name=NAME, or remove the old"
            " one"
        )
