"""hydra/launcher=ray, on a running cluster of one node and on this machine."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters.sweep import RUNS, Command, numbers, place, status, until_both_can_go_on
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
def head() -> Iterator[str]:
    """The address of a Ray of one node with two CPUs and two GPUs, which are made up."""
    port = 21000 + os.getpid() % 20000
    tool = str(Path(sys.executable).with_name("ray"))
    how = ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--num-cpus=2"]
    process = subprocess.Popen(
        [tool, "start", "--head", "--block", f"--port={port}", *how, "--num-gpus=2"],
        env={**os.environ, **ALONE, "RAY_USAGE_STATS_ENABLED": "0"},
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
        process.communicate(timeout=60)


def test_runs_go_on_without_the_command_and_after_a_lost_worker(
    start: Start, tmp_path: Path, head: str, here: dict[str, Any]
) -> None:
    how = (*RAY, f"hydra.launcher.address={head}", "hydra.launcher.gpus=1")
    code, out = start(*how, "hydra.launcher.gpus=3", env=ALONE).end()
    assert code == 1
    assert "no node of Ray has 1 CPUs and 3 GPUs for a run (at most 2 and 2)" in out
    code, out = start(*how, "hydra.launcher.wait=false", env=ALONE).end()
    assert code == 0, out
    assert "2 of 2 runs go on on the cluster" in out
    watching = start(*how, env=ALONE)
    until_both_can_go_on(watching)
    watching.kill()
    logs = "".join((place(tmp_path, run) / "log.txt").read_text() for run in RUNS)
    assert set(re.findall(r", GPU (\d),", logs)) == {"0", "1"}
    os.kill(parent(status(tmp_path, RUNS[0])["pid"]), signal.SIGKILL)
    code, out = start(*how, env=ALONE).end()
    assert code == 0, out
    assert out.count("Ray: 0 runs submitted, 2 were in the queue already") == 2
    assert [status(tmp_path, run)["attempt"] for run in RUNS] == [2, 1]
    assert numbers(tmp_path) == here


def test_a_ray_of_this_machine_ends_with_the_command(
    start: Start, tmp_path: Path, here: dict[str, Any]
) -> None:
    """Ctrl-C has the runs save; the same command goes on."""
    first = start(*RAY, env=ALONE)
    until_both_can_go_on(first)
    first.process.send_signal(signal.SIGINT)
    code, out = first.end()
    assert code == 130, out
    assert "stopped: 2 of 2 runs are not done; the same command goes on with them" in out
    code, out = start(*RAY, env=ALONE).end()
    assert code == 0, out
    assert [status(tmp_path, run)["attempt"] for run in RUNS] == [2, 2]
    assert numbers(tmp_path) == here
