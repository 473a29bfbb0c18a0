"""Does a chain of stages in a folder: lock, conflict, status, progress, resume and timing, once for
the base, for a run and for the theory's gradients.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from filelock import Timeout

from memctl.errors import AtWork
from memctl.files import remove_parts, said_plainly
from memctl.runs.folder import RunFolder
from memctl.runs.lock import acquire
from memctl.runs.progress import Progress, witnessed
from memctl.runs.status import Status


@dataclass(frozen=True)
class Stage:
    """A stage of a chain.

    Attributes:
        work: What it costs, in network passes of one example.
        is_done: Whether its result is there, or nobody needs it.
        do: Does it, or what is left of it.
    """

    name: str
    work: float
    is_done: Callable[[], bool]
    do: Callable[[Progress], None]


@dataclass(frozen=True)
class Chain:
    """Stages in a folder.

    Attributes:
        folder: Where their results go.
        keys, science: What decides their numbers, for status.json.
        title: What the terminal calls it.
        is_done: Whether all is there already.
        stages: Makes the stages in their order; called where work is to be done.
        base: The folder of the base that they start from.
        waiting: Said before waiting for another process that works in the folder; without it that
            is an error.
        meanwhile: Done before that, too.
    """

    folder: RunFolder
    keys: Mapping[str, str]
    science: Mapping[str, Any]
    title: str
    is_done: Callable[[], bool]
    stages: Callable[[], Sequence[Stage]]
    base: str = ""
    waiting: str = ""
    meanwhile: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Do what is left; nothing where all is done.

        Raises:
            UserError: the folder holds another run, another process works in it (`AtWork`), or
                anything of the user's to mend.
        """
        if self.is_done():
            remove_parts(self.folder.path)  # of who was killed when all was done but the status
            return
        with self._locked():
            if self.is_done():  # by the process that held the lock
                return
            if self.folder.is_anothers(self.keys) and self.folder.begun():
                raise self.folder.conflict(self.science)
            self._work()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.folder.lock()
        try:
            acquire(lock)
        except Timeout:
            if not self.waiting:
                status = self.folder.status() or {}
                raise AtWork(
                    f"{self.folder.path} is being worked on by process {status.get('pid')} on"
                    f" {status.get('host')}"
                ) from None
            print(self.waiting, flush=True)
            self.meanwhile()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _work(self) -> None:
        self.folder.adopt()
        before = self.folder.status() or {}
        kept = before.get("keys", {})
        status = Status(
            dict(self.keys),
            dict(self.science),
            attempt=before.get("attempt", 0) + 1,
            seconds={
                stage: s
                for stage, s in before.get("seconds", {}).items()
                if kept.get(stage) == self.keys.get(stage)
            },
            base=self.base,
        )
        with (
            witnessed(Progress(self.folder, status, self.title)) as progress,
            said_plainly(),  # within: the status has the message that the user gets
        ):
            stages = self.stages()
            status.total = sum(stage.work for stage in stages) or 1.0
            status.left = {stage.name: stage.work for stage in stages}
            reached = 0.0
            for stage in stages:
                if stage.is_done():
                    del status.left[stage.name]
                else:
                    progress.stage(stage.name, reached)
                    began = time.monotonic()
                    stage.do(progress)
                    status.seconds[stage.name] = round(time.monotonic() - began, 2)
                reached += stage.work
