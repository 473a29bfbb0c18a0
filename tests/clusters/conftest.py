"""What the tests of clusters share."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters.sweep import Command, numbers


@pytest.fixture(scope="session", autouse=True)
def stopped_in_order() -> Iterator[None]:
    """Whoever ends the tests, what they started is ended too. Where the tests run in the
    background, whose processes ignore Ctrl-C, what they start does not.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("SIGTERM", 143))
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGINT, heard)


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What this machine's own launcher makes of the sweep: every other one gives the same, to the
    last bit.
    """
    runs = tmp_path_factory.mktemp("here")
    code, out = Command(runs).end()
    assert code == 0, out
    return numbers(runs)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts the sweep's command with overrides, in the test's folder; none outlives the test."""
    started: list[Command] = []

    def make(*overrides: str, env: dict[str, str] | None = None) -> Command:
        started.append(Command(tmp_path, *overrides, env=env))
        return started[-1]

    yield make
    for command in started:
        if command.process.poll() is None:
            command.kill()
