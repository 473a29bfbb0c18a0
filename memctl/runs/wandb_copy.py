"""The Weights & Biases copy of a run.

It may fail, fall back or be absent; the files of the run's folder are the truth.
"""

import logging
import netrc
import os
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import getproxies

from memctl.config import Logger

log = logging.getLogger(__name__)
RETRY = 1800  # seconds until a server that took no run is asked again
PATIENCE = 15  # seconds for a server that accepts connections to accept the run


def server() -> str:
    """The W&B server's address: a self-hosted one from the environment, else wandb's own."""
    import wandb

    return os.environ.get("WANDB_BASE_URL") or str(wandb.Settings().base_url)


def has_key(url: str) -> bool:
    """Whether there is an API key for the server: in the environment, or where `wandb login` leaves
    it (netrc).

    wandb's own look-up would go on to verify the key with the server, for half a minute where there
    is no network.
    """
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlparse(url).hostname or ""
    for path in [os.environ.get("NETRC", ""), "~/.netrc", "~/_netrc"]:
        with suppress(OSError, netrc.NetrcParseError):
            if path and netrc.netrc(os.path.expanduser(path)).authenticators(host):
                return True
    return False


def answers(url: str, seconds: float = 3.0) -> bool:
    """Whether something listens at the server's address, or at the proxy that leads there."""
    scheme = urlparse(url).scheme
    parts = urlparse(getproxies().get(scheme, url))
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)), seconds
        ):
            return True
    except OSError:
        return False


def _forget() -> None:
    """End W&B's own process: after a start that failed it still holds the run's id, and would
    refuse it to the offline copy.
    """
    import wandb

    with suppress(Exception):
        wandb.teardown(exit_code=1)


def choose_mode(wanted: str) -> tuple[str, str]:
    """online, offline or disabled, and why. The environment's WANDB_MODE overrides `auto`."""
    if wanted == "auto":
        wanted = os.environ.get("WANDB_MODE", "auto")
    if wanted in ("offline", "disabled", "dryrun"):
        return ("offline" if wanted == "dryrun" else wanted), "as asked"
    url = server()
    if not has_key(url):
        return "offline", f"no W&B key for {url}"
    return ("online", "key found") if answers(url) else ("offline", f"{url} does not answer")


class WandbCopy:
    """A W&B run that holds what the journal and the record hold.

    Args:
        run_id: The same for the same science, so that a resumed run stays one run.
        rows: Rows already in the journal; they are sent first, for an offline copy cannot be
            continued.
    """

    def __init__(
        self,
        logger: Logger,
        directory: Path,
        *,
        name: str,
        group: str,
        run_id: str,
        config: Mapping[str, Any],
        rows: list[dict[str, Any]],
    ) -> None:
        self.run: Any = None
        self.mode, self.reason = choose_mode(logger.mode)
        self.refused = refused = (
            directory.parent / ".wandb-refused"
        )  # one run of a sweep waits for a dead server, not each
        if (
            self.mode == "online"
            and refused.exists()
            and 0 <= time.time() - refused.stat().st_mtime < RETRY  # below 0 the clock was set back
        ):
            self.mode, self.reason = (
                "offline",
                "the server took no other run of this sweep within the last half hour",
            )
        for stale in directory.glob("wandb/offline-run-*"):
            shutil.rmtree(stale, ignore_errors=True)
        arguments = {
            "project": logger.project or os.environ.get("WANDB_PROJECT") or "memctl",
            "entity": logger.entity,
            "name": name,
            "group": group,
            "id": run_id,
            "job_type": "run",
            "config": dict(config),
            "dir": directory,
            "resume": "allow",
        }
        for mode in dict.fromkeys([self.mode, "offline"]):
            try:
                self.run = self._start(mode, arguments)
                self.mode = mode
                break
            except Exception as error:
                refused.touch()
                self.reason = (
                    f"W&B {mode} failed:"
                    f" {str(error).splitlines()[0] if str(error) else type(error).__name__}"
                )
                log.warning("%s", self.reason)
                self.mode = "disabled"
                _forget()
        for row in (
            rows if self.mode == "offline" else []
        ):  # a run that goes on online has them already
            self.log(row)

    def _start(self, mode: str, arguments: dict[str, Any]) -> Any:
        if mode == "disabled":
            return None
        import wandb

        # Where W&B can't write its own log, a full disk's, logging would print a traceback a line.
        logging.raiseExceptions = False
        settings = wandb.Settings(
            # The one that the key is for: `wandb/settings` of the working folder may name another.
            base_url=server(),
            init_timeout=PATIENCE,
            finish_timeout=4 * PATIENCE,
            finish_timeout_raises=True,
            console="off",
            silent=True,
            x_disable_stats=True,
            x_disable_meta=True,
            disable_git=True,
            save_code=False,
        )
        if mode == "offline":
            arguments = {k: v for k, v in arguments.items() if k != "resume"}
        run = wandb.init(**arguments, mode=mode, settings=settings)  # type: ignore[arg-type]
        for stage in ("base", "control", "along"):
            run.define_metric(f"{stage}/step")
            run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")
        return run

    def log(self, row: Mapping[str, Any]) -> None:
        """A journal row, under `STAGE/metric` against `STAGE/step`."""
        if self.run is not None:
            stage = row["stage"]
            self._log({f"{stage}/{k}": v for k, v in row.items() if k != "stage" and v is not None})

    def _log(self, values: dict[str, Any]) -> None:
        """Log, or give the copy up: W&B's own process may die, and must not take the run along."""
        try:
            self.run.log(values)
        except Exception as error:
            log.warning("W&B is gone (%s); the run goes on without it", error)
            self.run = None

    def summarise(self, values: Mapping[str, Any], pictures: Mapping[str, Path]) -> None:
        """The record's flat numbers, as history and summary, and pictures."""
        if self.run is not None:
            import wandb

            images = {
                name: wandb.Image(str(path)) for name, path in pictures.items() if path.exists()
            }
            self._log({k: v for k, v in values.items() if v is not None} | images)

    def finish(self, failed: bool = False) -> None:
        """Close the run; what cannot be uploaded stays in the run's folder."""
        if self.run is not None:
            try:
                self.run.finish(exit_code=int(failed))
            except Exception as error:
                log.warning(
                    "W&B did not finish (%s); what was not uploaded stays in the run's folder",
                    error,
                )
                self.refused.touch()
            self.run = None
