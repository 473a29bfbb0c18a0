"""How a command ends early: a user's mistake, Ctrl-C and SIGTERM say so in one line, without a
traceback, and leave with the shell's exit codes: 1, 130 and 143; and 141 where nobody reads on, as
of `| head`.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any, NoReturn

from memctl.errors import UserError

STOPS = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], Any]


class Stop(KeyboardInterrupt):
    """A signal asks the process to stop; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def plain_exit(stopped: str = "stopped") -> Iterator[None]:
    """The body of a command. SIGINT and SIGTERM raise `Stop` in it: what was begun is closed.

    During an import, where nothing is begun and a library may answer an exception with anything,
    they end the process at once.

    Args:
        stopped: What is said of a stop.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if is_importing(frame):
            os.write(2, f"\n{stopped}\n".encode())
            os._exit(128 + number)
        raise Stop(number)

    previous = answer_stops(stop)
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        if is_read():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still buffered
        sys.exit(128 + signal.SIGPIPE)
    except UserError as error:
        sys.exit(f"memctl: {error}")
    except KeyboardInterrupt as error:
        say_stopped(stopped, error)
    except Exception as error:
        cause = asked_to_stop(error)
        if cause is None:
            raise
        say_stopped(stopped, cause)
    finally:
        restore(previous)


def asked_to_stop(error: BaseException | None) -> Stop | None:
    """The stop that an exception came in the way of, as of argparse, which ends in another."""
    while error is not None and not isinstance(error, Stop):
        error = error.__context__
    return error


def say_stopped(stopped: str, error: KeyboardInterrupt) -> NoReturn:
    print(f"\n{stopped}", file=sys.stderr, flush=True)
    sys.exit(128 + getattr(error, "number", signal.SIGINT))


def is_read() -> bool:
    """Whether what is printed still reaches somebody."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return not any(event & select.POLLERR for _, event in poll.poll(0))


def answer_stops(handler: Handler) -> dict[int, Any]:
    """Let `handler` answer the signals that stop a process, and return what answered before.

    SIGINT is left alone where it is ignored: a shell starts its background jobs so, and nohup's,
    since a Ctrl-C there is meant for another program. SIGTERM always stops. Outside the main
    thread, where Python allows no handlers, nothing changes.
    """
    previous = stop_handlers()
    for number in previous:
        signal.signal(number, handler)
    return previous


def stop_handlers() -> dict[int, Any]:
    """What answers the signals that `answer_stops` would change."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in STOPS}
    if handlers[signal.SIGINT] is signal.SIG_IGN:
        del handlers[signal.SIGINT]
    return handlers


def restore(previous: Mapping[int, Any]) -> None:
    """Undo `answer_stops`."""
    for number, handler in previous.items():
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextmanager
def block_sigint() -> Iterator[None]:
    """Processes started in it hear no Ctrl-C of the terminal, which reaches the whole group."""
    resource_tracker.ensure_running()  # starting it, as multiprocessing does, would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def is_importing(frame: FrameType | None) -> bool:
    """Whether the code that a signal interrupted is on its way through an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
