"""hydra/launcher=slurm on a real SLURM of one node."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters.slurm_node import INSTALL, NEEDED, empty, said, slurm_node
from tests.clusters.sweep import (
    ROOT,
    RUNS,
    Command,
    attempts,
    numbers,
    place,
    status,
    until_both_can_go_on,
)
from tests.tiny_task import until

Start = Callable[..., Command]
pytestmark = pytest.mark.cluster
SLURM = ("hydra/launcher=slurm", "hydra.launcher.poll=0.3", "hydra.launcher.gpus=1")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if not all(map(shutil.which, NEEDED)) or os.geteuid() != 0:
        pytest.skip(f"as root, {INSTALL}")
    with slurm_node(tmp_path_factory.mktemp("slurm")) as environment:
        yield {**environment, "SBATCH_EXPORT": "NONE"}  # as some users have it


@pytest.fixture
def slurm(node: dict[str, str]) -> Iterator[dict[str, str]]:
    """Where the SLURM is found, whose queue is empty before and after."""
    yield node
    empty(node)


def states(slurm: dict[str, str]) -> dict[str, str]:
    """The jobs of this SLURM by their ids."""
    lines = said("squeue", "-h", "-r", "-t", "all", "-o", "%F_%K %T", env=slurm).splitlines()
    return dict(line.split() for line in lines)


def test_runs_go_on_after_all_that_clusters_do_and_give_the_same_numbers(
    start: Start, tmp_path: Path, slurm: dict[str, str], here: dict[str, Any]
) -> None:
    """The submitter leaves, one is killed, a job is warned of its time limit, another one put back
    into the queue; nothing is submitted twice.
    """
    code, out = start(*SLURM, "hydra.launcher.wait=false", env=slurm).end()
    assert code == 0, out
    assert "2 runs submitted" in out
    assert "2 of 2 runs go on on the cluster" in out
    base, *_ = (tmp_path / "bases").glob("*")
    watching = start(*SLURM, env=slurm)
    until_both_can_go_on(watching)
    assert (base / "checkpoint.pt").exists()
    watching.kill()
    jobs = [job for job, state in states(slurm).items() if state == "RUNNING"]
    assert len(jobs) == 2
    logs = "".join((place(tmp_path, run) / "log.txt").read_text() for run in RUNS)
    assert set(re.findall(r", GPU (\d),", logs)) == {"0", "1"}
    said("scancel", "-b", "--signal=USR2", jobs[0], env=slurm)
    said("scontrol", "requeue", jobs[1], env=slurm)
    again = start(*SLURM, env=slurm)
    code, out = again.end()
    assert code == 0, out
    assert out.count("0 runs submitted, 2 were in the queue already") == 2
    assert attempts(tmp_path) == [2, 2]
    assert numbers(tmp_path) == here
    assert len(states(slurm)) == 3
    assert (tmp_path / "s" / "report" / "table.csv").exists()


def test_what_fails_is_named_and_the_same_command_goes_on(
    start: Start, tmp_path: Path, slurm: dict[str, str], here: dict[str, Any]
) -> None:
    """One run is cancelled, one killed as by a machine without memory; Ctrl-C only stops watching,
    and `memctl cancel` stops the jobs.
    """
    first = start(*SLURM, env=slurm)
    until_both_can_go_on(first)
    before = set(states(slurm))
    said("scancel", next(j for j, s in states(slurm).items() if s == "RUNNING"), env=slurm)
    os.kill(status(tmp_path, RUNS[1])["pid"], signal.SIGKILL)
    code, out = first.end()
    assert code == 1, out
    log = place(tmp_path, RUNS[0]) / "log.txt"
    assert f"{RUNS[0]}: cancelled (see {log})" in out
    assert f"{RUNS[1]}: killed by SIGKILL, as by a machine that is out of memory (see" in out
    assert "2 of 2 runs are not done" in out
    assert "FAILED" in {states(slurm)[job] for job in before}
    second = start(*SLURM, env=slurm)
    second.until(lambda: "RUNNING" in states(slurm).values())
    second.process.send_signal(signal.SIGINT)
    code, out = second.end()
    assert code == 130, out
    assert "2 of 2 runs go on on the cluster" in out
    env, command = {**slurm, "PYTHONPATH": str(ROOT)}, [sys.executable, "-m", "memctl.cancel"]
    assert "2 runs of" in said(*command, str(tmp_path / "s"), env=env)
    until(lambda: not {"RUNNING", "PENDING", "COMPLETING"} & set(states(slurm).values()))
    code, out = start(*SLURM, env=slurm).end()
    assert code == 0, out
    assert numbers(tmp_path) == here


def test_what_cannot_be_is_refused_at_once(
    start: Start, tmp_path: Path, slurm: dict[str, str]
) -> None:
    code, out = start(*SLURM, "hydra.launcher.gpus=3", env=slurm).end()
    assert code == 1
    assert "sbatch says: " in out
    assert "Requested node configuration is not available" in out
    assert [s for s in states(slurm).values() if s == "PENDING"] == []
