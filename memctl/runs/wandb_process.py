"""W&B's own process: what to do where it doesn't end, or is to be ended."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def forget() -> None:
    """End W&B's own process: it still holds the run's id, which it would refuse to the offline
    copy, and tries for minutes to send the rest.
    """
    import wandb
    from wandb.sdk import wandb_setup

    hook = threading.excepthook  # of threads that wait for that process
    threading.excepthook = lambda gone: None if is_wandbs(gone.exc_type) else hook(gone)
    with suppress(Exception):  # private, and else it is waited for
        service: Any = wandb_setup.singleton()
        process = service._connection._proc._process
        process.kill()
        process.wait()
    with suppress(Exception, SystemExit):  # it exits, with the code of the process that is gone
        wandb.teardown(exit_code=1)


def is_wandbs(kind: type[BaseException]) -> bool:
    """Whether it is an error of W&B's own."""
    return kind.__module__.split(".")[0] == "wandb"


def in_time(do: Callable[[], None], seconds: float) -> None:
    """Do something that may wait for ever. Raises: TimeoutError, or what it raised."""
    raised: list[Exception] = []

    def work() -> None:
        try:
            do()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no end within {seconds:g} s")
    if raised:
        raise raised[0]
