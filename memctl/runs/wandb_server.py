"""Whether there is a W&B server to send to: its address, a key for it, and whether it answers."""

import netrc
import os
import socket
from contextlib import suppress
from urllib.parse import urlparse
from urllib.request import getproxies

from memctl.config import Logger


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


def project(logger: Logger) -> str:
    """The W&B project that runs go to."""
    return logger.project or os.environ.get("WANDB_PROJECT") or "memctl"
