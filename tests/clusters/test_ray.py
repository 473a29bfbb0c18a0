"""hydra/launcher=ray, on a running cluster of one node and on this machine."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters.sweep import (
    PATIENCE,
    RUNS,
    Command,
    attempts,
    end_all,
    numbers,
    place,
    status,
    until_both_can_go_on,
)
from tests.tiny_task import parent

pytest.importorskip("ray", reason="pip install -e '.[ray]'")
Start = Callable[..., Command]
pytestmark = pytest.mark.cluster
# On loopback alone, with nobody to ask for a token.
ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_worker_niceness": "0",
}
RAY = ("hydra/launcher=ray", "hydra.launcher.poll=0.3")


@pytest.fixture(scope="module")
def alone() -> Iterator[dict[str, str]]:
    """Variables that keep Ray to itself, in a folder whose name leaves room for its sockets'."""
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    yield {**ALONE, "RAY_TMPDIR": folder}
    end_all(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def head(alone: dict[str, str]) -> Iterator[str]:
    """The address of a Ray of one node with two CPUs and two GPUs, which are made up."""
    port = 21000 + os.getpid() % 20000
    tool = str(Path(sys.executable).with_name("ray"))
    how = ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--num-cpus=2"]
    process = subprocess.Popen(
        [tool, "start", "--head", "--block", f"--port={port}", *how, "--num-gpus=2"],
        env={**os.environ, **alone, "RAY_USAGE_STATS_ENABLED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert any("Ray runtime started" in line for line in process.stdout)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_runs_go_on_without_the_command_and_after_a_lost_worker(
    start: Start, tmp_path: Path, alone: dict[str, str], head: str, here: dict[str, Any]
) -> None:
    """The cluster is found by itself, and by its address."""
    how = (*RAY, f"hydra.launcher.address={head}", "hydra.launcher.gpus=1")
    code, out = start(*RAY, "hydra.launcher.address=auto", "hydra.launcher.gpus=3", env=alone).end()
    assert code == 1
    assert "no node of Ray has 1 CPUs and 3 GPUs for a run (at most 2 and 2)" in out
    code, out = start(*how, "hydra.launcher.wait=false", env=alone).end()
    assert code == 0, out
    assert "2 of 2 runs go on on the cluster" in out
    watching = start(*how, env=alone)
    until_both_can_go_on(watching)
    watching.kill()
    logs = "".join((place(tmp_path, run) / "log.txt").read_text() for run in RUNS)
    assert set(re.findall(r", GPU (\d),", logs)) == {"0", "1"}
    os.kill(parent(status(tmp_path, RUNS[0])["pid"]), signal.SIGKILL)
    code, out = start(*how, env=alone).end()
    assert code == 0, out
    assert out.count("Ray: 0 runs submitted, 2 were in the queue already") == 2
    assert attempts(tmp_path) == [2, 1]
    assert numbers(tmp_path) == here


def test_a_ray_of_this_machine_ends_with_the_command(
    start: Start, tmp_path: Path, alone: dict[str, str], here: dict[str, Any]
) -> None:
    """At Ctrl-C and SIGTERM the runs save, and the same command goes on; nothing of Ray is left."""
    sessions = lambda: set(Path(alone["RAY_TMPDIR"]).glob("ray/session_[0-9]*/*/plasma_store"))
    of_others = sessions()  # the cluster's, above
    for number, stop in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        command = start(*RAY, env=alone)
        command.until(lambda number=number: attempts(tmp_path) == [number, number])
        until_both_can_go_on(command)
        command.process.send_signal(stop)
        code, out = command.end()
        assert code == 128 + stop, out
        assert "stopped: 2 of 2 runs are not done; the same command goes on with them" in out
    code, out = start(*RAY, env=alone).end()
    assert code == 0, out
    assert attempts(tmp_path) == [3, 3]
    assert numbers(tmp_path) == here
    assert sessions() == of_others
