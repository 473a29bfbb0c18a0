"""The Trackio copy of a run, or of a sweep: what its W&B copy would hold, on this machine alone.

All of a sweep is one project, in SWEEP/trackio.
"""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from memctl.config import Logger
from memctl.runs.wandb_copy import Identity, WandbCopy, say, why
from memctl.runs.wandb_media import as_tables, images


class TrackioCopy(WandbCopy):
    """As `WandbCopy`; a copy that cannot be written is given up."""

    def __init__(
        self,
        directory: Path,
        identity: Identity,
        rows: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.run: Any = None
        self.sent = []
        self.directory, self.mode, self.reason = directory, "trackio", "as asked"
        self.arguments = {"name": identity.name}
        sweep = directory if directory.name == identity.group else directory.parent
        self.folder, self.project = sweep.absolute() / "trackio", identity.group
        try:
            self._open(identity)
        except Exception as error:
            self._go_offline(why(error))
        for row in rows:
            self.log(row)

    def _open(self, identity: Identity) -> None:
        # Read when Trackio is imported. Runs on several nodes share the folder, and SQLite's own
        # way for several writers does not hold on file systems of a network.
        os.environ["TRACKIO_DIR"] = str(self.folder)
        os.environ.setdefault("TRACKIO_SQLITE_JOURNAL_MODE", "delete")
        import trackio

        if Path(trackio.utils.TRACKIO_DIR) != self.folder:
            raise RuntimeError(f"this process writes to {trackio.utils.TRACKIO_DIR}")
        runs = []
        with suppress(ValueError):  # there is no such project yet
            runs = list(trackio.Api().runs(self.project))
        for run in runs:
            if run.name == identity.name:  # what the journal has of it is logged anew
                run.delete()
        with redirect_stdout(StringIO()):
            self.run = trackio.init(
                project=self.project,
                name=identity.name,
                group=identity.job_type,
                config={"tags": ", ".join(identity.tags), **dict(dotted(identity.config))},
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def _go_offline(self, reason: str) -> None:
        self.run, self.mode, self.reason = None, "disabled", reason
        name = self.arguments["name"]
        say(f"{name} goes on without it ({reason}); its folder has all of it", "Trackio")

    def add(
        self,
        values: Mapping[str, Any],
        pictures: Mapping[str, Path],
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        config: Mapping[str, Any],
    ) -> None:
        known = {**values, **{k.replace(".", "/"): v for k, v in dotted(config)}}
        self._do(lambda: self.run.log({k: v for k, v in known.items() if v is not None}))
        if self.run is not None:
            import trackio

            self._do(lambda: self.run.log(images(pictures, trackio)))
            self._do(lambda: self.run.log(as_tables(tables, trackio)))

    def draw(self, figures: Mapping[str, Mapping[str, Any]]) -> None:
        """Nothing: Trackio has no figures that are not pictures."""

    def attach(self, page: Path) -> None:
        """Nothing: the page lies beside the project."""

    def finish(self, failed: bool = False) -> None:
        """Close the run, and say how to look at it."""
        if self.run is not None:
            import trackio

            with redirect_stdout(StringIO()):
                self._do(trackio.finish)  # the run's own would be called again at exit
        if self.run is not None:
            how = f"TRACKIO_DIR={shlex.quote(str(self.folder))} trackio show --project"
            say(f"`{how} {shlex.quote(self.project)}` shows {self.arguments['name']}", "Trackio")
        self.run = None


def dotted(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Settings in one level, as `ci.low`, by which Trackio groups."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from dotted(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def open_copy(
    logger: Logger,
    directory: Path,
    identity: Identity,
    rows: Iterable[Mapping[str, Any]] = (),
) -> WandbCopy:
    """The copy of a run or a sweep that the settings ask for."""
    if logger.mode == "trackio":
        return TrackioCopy(directory, identity, rows)
    return WandbCopy(logger, directory, identity, rows)
