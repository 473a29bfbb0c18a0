"""This machine's own launcher and Hydra's, basic: the numbers that every cluster gives too."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clusters.sweep import RUNS, Command, attempts, numbers, status, until_both_can_go_on
from tests.tiny_task import alive, until

pytestmark = pytest.mark.slow  # they need no cluster, whose tests are to end within 4 minutes


def test_hydras_basic_launcher_gives_the_same_numbers(
    start: Callable[..., Command], tmp_path: Path, here: dict[str, Any]
) -> None:
    code, out = start("hydra/launcher=basic").end()
    assert code == 0, out
    assert numbers(tmp_path) == here


def test_after_a_killed_command_and_a_killed_run_too(
    start: Callable[..., Command], tmp_path: Path, here: dict[str, Any]
) -> None:
    first = start()
    until_both_can_go_on(first)
    first.kill()
    runs = [status(tmp_path, run) for run in RUNS]
    until(lambda: not any(map(alive, runs)))
    second = start()
    second.until(lambda: attempts(tmp_path) == [2, 2])
    os.kill(status(tmp_path, RUNS[0])["pid"], signal.SIGKILL)
    code, out = second.end()
    assert code == 1, out
    assert f"{RUNS[0]}: " in out
    code, out = start().end()
    assert code == 0, out
    assert attempts(tmp_path) == [3, 2]
    assert numbers(tmp_path) == here
