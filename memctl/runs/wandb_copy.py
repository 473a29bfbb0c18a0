"""The Weights & Biases copy of a run, or of a sweep.

It may fail, fall back or be absent; the files of the run's folder are the truth.
"""

import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from memctl.config import Logger
from memctl.runs import content
from memctl.runs.record import named
from memctl.runs.wandb_media import as_tables, images, plots, staging
from memctl.runs.wandb_process import forget, in_time
from memctl.runs.wandb_server import answers, choose_mode, project, server

RETRY = 1800  # seconds until a server that took no run is asked again
PATIENCE = 15  # seconds for a server that accepts connections to accept the run
LEAVE = 60  # seconds for it to take what is left at the end
# Rows have a step of their own, `STAGE/step`, but for what is over t; and there W&B is to make no
# summary of the last bin's.
OVER_STEPS = ("base", "control", "along")
OVER_T = ("probe", "timesteps", "gradients")


@dataclass(frozen=True)
class Identity:
    """Which run a copy is of.

    Attributes:
        run_id: The same for the same science, so that a resumed run stays one run.
        job_type: base, control, reference, scratch, probe or sweep.
        config: Settings by which a dashboard sorts and groups.
    """

    name: str
    group: str
    run_id: str
    job_type: str
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()


def say(text: str, who: str = "W&B") -> None:
    """Tell the user; a run's own output is its log."""
    print(f"{who}: {text}", file=sys.stderr, flush=True)


def why(error: Exception) -> str:
    """An error in a line."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


class WandbCopy:
    """A W&B run that holds what the journal and the record hold.

    Whatever goes wrong with it costs the run nothing: a copy that cannot be sent goes on offline,
    with all that it held, and one that cannot be written is given up.

    Args:
        directory: The run's folder, or the sweep's.
        rows: Rows already in the journal; they are sent first.
    """

    def __init__(
        self,
        logger: Logger,
        directory: Path,
        identity: Identity,
        rows: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.run: Any = None
        self.sent: list[Callable[[], None]] = []  # all that the copy holds, in its order
        self.directory = directory
        self.mode, self.reason = choose_mode(logger.mode)
        sweep = directory if directory.name == identity.group else directory.parent
        self.refused = sweep / ".wandb-refused"  # one run waits for a dead server, not each
        self.place = ("", "")  # entity and project
        self.late = False  # whether what should have been online is to be sent later
        for stale in directory.glob(f"wandb/offline-run-*-{identity.run_id}"):
            shutil.rmtree(stale, ignore_errors=True)
        self.arguments: dict[str, Any] = {
            "project": project(logger),
            "entity": logger.entity,
            "name": identity.name,
            "group": identity.group,
            "id": identity.run_id,
            "job_type": identity.job_type,
            "config": dict(identity.config),
            # W&B refuses tags of more than 64 characters.
            "tags": list(dict.fromkeys(t[:64] for t in (*identity.tags, *logger.tags) if t)),
            "dir": directory,
        }
        if self.mode == "online" and self._was_refused():
            self.mode, self.late = "offline", True
            self.reason = "the server took no other run of this sweep within the last half hour"
        try:
            self._start()
        except Exception as error:
            self._go_offline(why(error))
        for row in rows:
            self._log_anew(row)

    def _was_refused(self) -> bool:
        """Whether a run of the sweep was refused lately; below 0 the clock was set back."""
        with suppress(OSError):
            return 0 <= time.time() - self.refused.stat().st_mtime < RETRY
        return False

    def _start(self) -> None:
        if self.mode == "disabled":
            return
        import wandb

        # Where W&B can't write its own log, a full disk's, logging would print a traceback a line.
        logging.raiseExceptions = False
        settings = wandb.Settings(
            # The one that the key is for: `wandb/settings` of the working folder may name another.
            base_url=server(),
            init_timeout=PATIENCE,
            finish_timeout=LEAVE,
            finish_timeout_raises=True,
            console="off",
            silent=True,
            x_disable_stats=True,
            x_disable_meta=True,
            disable_git=True,
            save_code=False,
        )
        more: dict[str, Any] = {"mode": self.mode, "settings": settings}
        if self.mode == "online":
            more["resume"] = "allow"
        self.run = wandb.init(**self.arguments, **more)
        for stage in OVER_STEPS:
            self.run.define_metric(f"{stage}/step")
            self.run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")
        for part in OVER_T:
            self.run.define_metric(f"{part}/t", summary="none")
            self.run.define_metric(f"{part}/*", step_metric=f"{part}/t", summary="none")
        self.place = (self.run.entity, self.run.project)
        if self.mode == "online":
            say(f"{self.run.name} is at {self.run.url}")

    def log(self, row: Mapping[str, Any]) -> None:
        """A journal row, under `STAGE/metric` against `STAGE/step`."""
        self._do(lambda: self._row(row))

    def _row(self, row: Mapping[str, Any]) -> None:
        stage = row["stage"]
        self.run.log({f"{stage}/{k}": v for k, v in row.items() if k != "stage" and v is not None})

    def _log_anew(self, row: Mapping[str, Any]) -> None:
        """Log a row, unless the run goes on online and the server has it."""
        at = f"{row['stage']}/step"
        known = self.run.summary.get(at) if self.run is not None and self.mode == "online" else None
        if known is None or row["step"] > known:
            self.log(row)
        else:
            self.sent.append(lambda: self._row(row))

    def _do(self, send: Callable[[], None]) -> None:
        """Do what sends: W&B's own process may die, a disk be full, and neither may take the run
        along.
        """
        self.sent.append(send)
        if self.run is not None:
            try:
                send()
            except Exception as error:
                self._go_offline(why(error))

    def _go_offline(self, reason: str) -> None:
        """After something failed: begin anew offline, with all that was sent; without a copy where
        that fails too.
        """
        with suppress(OSError):
            self.refused.touch()
        forget()
        name = self.arguments["name"]
        if self.mode == "online":
            self.mode, self.late, self.reason = "offline", True, reason
            say(f"{name} goes on offline ({reason})")
            try:
                self._start()
                for send in self.sent:
                    send()
                return
            except Exception as error:
                reason = why(error)
                forget()
        self.run, self.mode, self.reason = None, "disabled", reason
        say(f"{name} goes on without W&B ({reason}); its folder has all of it")

    def summarise(self, record: Mapping[str, Any], pictures: Mapping[str, Path]) -> None:
        """All of a run's record."""
        for point in record["along"]:
            self.log({"stage": "along", "step": point["step"], **named(point["metrics"])})
        for row in content.curves(record):
            self.log(row)
        held = {part: record[part] for part in content.HELD}
        self.add(content.values(record), pictures, content.tables(record), held)

    def add(
        self,
        values: Mapping[str, Any],
        pictures: Mapping[str, Path],
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        config: Mapping[str, Any],
    ) -> None:
        """What is known at the end: numbers and words as history and summary, pictures, tables,
        and settings that the run itself has found out.
        """
        self._do(lambda: self.run.config.update(dict(config), allow_val_change=True))
        self._do(lambda: self.run.log({k: v for k, v in values.items() if v is not None}))
        with staging(self.directory / "wandb"):
            self._do(lambda: self.run.log(images(pictures)))
            self._ask()  # W&B would wait for the server, to make tables
            self._do(lambda: self.run.log(as_tables(tables)))

    def draw(self, figures: Mapping[str, Mapping[str, Any]]) -> None:
        """Figures of Plotly, given as JSON, to look at by their names."""
        self._do(lambda: self.run.log(plots(figures)))

    def _ask(self) -> None:
        """Go on offline where the server does not answer any more."""
        if self.mode == "online" and self.run is not None and not answers(server()):
            self._go_offline(f"{server()} does not answer")

    def attach(self, page: Path) -> None:
        """A report's page: to look at, as `report`, and as a file to keep."""
        if page.exists() and self.run is not None:
            with staging(self.directory / "wandb"):
                self._ask()
                self._do(lambda: self._attach(page))

    def _attach(self, page: Path) -> None:
        import wandb

        artifact = wandb.Artifact(f"report-{self.arguments['id']}", type="report")
        artifact.add_file(str(page))
        self.run.log_artifact(artifact)
        self.run.log({"report": wandb.Html(page.read_text(), inject=False)})

    def finish(self, failed: bool = False) -> None:
        """Close the run, and say how to send what was not sent."""
        self._ask()
        self._do(lambda: in_time(partial(self.run.finish, int(failed)), LEAVE + PATIENCE))
        if self.run is not None and self.late:
            folder = Path(self.run.dir).parent
            say(f"{self.run.name} was not sent ({self.reason}); `wandb sync {folder}` sends it")
        self.run = None
