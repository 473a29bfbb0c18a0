"""The launchers for clusters, with what SLURM's commands answer; on real ones: tests/clusters."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from memctl import cancel
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.job import AT_WORK, check_gpu
from memctl.paths import config_root, python_path
from memctl.runs import queue
from memctl.runs.status import Status
from memctl.sweep import watch
from memctl.sweep.cluster import Work
from memctl.sweep.frozen import absolute, freeze, thaw
from memctl.sweep.ray import Demand, RayLauncher, check
from memctl.sweep.slurm import SlurmLauncher, clock, minutes
from memctl.sweep.worker import how

Make = Callable[..., Experiment]
Tool = Callable[[str, str], None]
SHARED = {"gpus": None, "per_device": 1, "at_once": 64, "wait": True, "poll": 0.01}
NAMED = dict.fromkeys(("partition", "account", "qos", "constraint", "time", "mem"))


def slurm(sbatch: dict[str, Any] | None = None, **changed: Any) -> SlurmLauncher:
    return SlurmLauncher(sbatch or {}, [], **{**NAMED, **SHARED, **changed})


@pytest.fixture
def commands(tmp_path: Path, tool: Tool) -> Callable[[], list[list[str]]]:
    """SLURM's commands on a machine with a partition with GPUs of four hours: what was asked."""
    said = tmp_path / "said.txt"
    keep = f"(echo $0; printf '%s{chr(92)}n' \"$@\"; echo) >> {said}"
    tool("sinfo", "echo 'cpu|(null)|infinite'; echo 'gpu*|gpu:a100:8(S:0)|4:00:00'")
    tool("sbatch", f"{keep}; wc -l < {said}")
    tool("squeue", "true")
    tool("scancel", keep)

    def asked() -> list[list[str]]:
        calls = said.read_text().split("\n\n") if said.exists() else []
        return [[Path(c.split()[0]).name, *c.split()[1:]] for c in calls if c.strip()]

    return asked


def work_of(*experiments: Experiment) -> Work:
    found = Work()
    for e in experiments:
        base = e.base_folder.path if e.lacks_base else None
        if base:
            found.bases[base] = e
        found.runs[e.folder.path] = (e, base)
    return found


def test_a_frozen_run_is_the_same_run_elsewhere(
    experiment: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.csv").write_text(" ".join(["1", "2"] * 500))
    monkeypatch.chdir(tmp_path)
    made = experiment("sampler=table", "sampler.path=p.csv", runs=Path("rel"))
    frozen = Experiment.of(absolute(made.config))
    freeze(frozen, tmp_path / "f")
    assert "${" not in (tmp_path / "f" / "job.yaml").read_text()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    thawed = thaw(tmp_path / "f")
    assert thawed.config == frozen.config
    assert thawed.fingerprint == made.fingerprint
    assert thawed.folder.path == tmp_path / "rel" / "mitdb208" / made.name
    (tmp_path / "p.csv").write_text(" ".join(["2", "1"] * 500))
    with pytest.raises(UserError, match="was submitted for other numbers than it would make now"):
        thaw(tmp_path / "f")
    (tmp_path / "f" / "job.yaml").write_text("fingerprint: x")
    with pytest.raises(UserError, match=r"job\.yaml cannot be read"):
        thaw(tmp_path / "f")


def test_a_job_finds_the_memctl_of_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/a:/b")
    root = str(Path(__file__).resolve().parents[2])
    assert python_path() == f"{root}:/a:/b"


def test_the_base_is_a_job_of_its_own_and_the_runs_wait_for_it(
    experiment: Make, tmp_path: Path, commands: Callable[[], list[list[str]]]
) -> None:
    runs = [experiment(f"ci.low={low}", "trainer.threads=3") for low in (100, 200, 300)]
    sweep = runs[0].sweep_directory
    more = {"mail-type": "END", "exclusive": None, "requeue": False}
    slurm(more, account="me", at_once=5).submit(work_of(*runs), sweep)
    tested_base, base, tested, array = commands()
    job = queue.read_note(runs[0].base_folder.path)
    assert job
    assert "--test-only" in tested_base
    assert "--test-only" in tested
    assert f"--dependency=afterok:{job['id']}" in array
    assert not any(flag.startswith("--dependency") for flag in base)
    assert {"--array=0-2%5", "--cpus-per-task=3", "--gres=gpu:1", "--time=4:00:00"} <= set(array)
    assert {"--array=0-0%5", "--cpus-per-task=1", "--kill-on-invalid-dep=yes"} <= set(base)
    assert {"--mail-type=END", "--exclusive", "--account=me", "--export=ALL"} <= set(array)
    assert not any(flag.startswith("--requeue") for flag in array)
    folders = Path(re.sub("sh$", "txt", array[-1])).read_text().splitlines()
    assert folders == [str(run.folder.path) for run in runs]
    ids = [(queue.read_note(run.folder.path) or {})["id"] for run in runs]
    assert ids == [f"{ids[0][:-2]}_{number}" for number in range(3)]


@pytest.mark.parametrize(
    ("changed", "overrides", "flags"),
    [
        ({"per_device": 2}, [], {"--array=0-1%64", "--gres=gpu:1", "--cpus-per-task=2"}),
        ({"gpus": 2, "time": "1:00:00"}, [], {"--gres=gpu:2", "--time=1:00:00"}),
        ({"gpus": 0}, [], {"--array=0-2%64"}),
        ({}, ["trainer.accelerator=cpu"], {"--array=0-2%64"}),
        ({"sbatch": {"gpus-per-node": "a100:1"}}, [], {"--gpus-per-node=a100:1"}),
    ],
    ids=["shared", "two", "none", "cpu", "own words"],
)
def test_gpus_are_asked_for(
    experiment: Make,
    commands: Callable[[], list[list[str]]],
    changed: dict[str, Any],
    overrides: list[str],
    flags: set[str],
) -> None:
    runs = [experiment("start=scratch", f"ci.low={low}", *overrides) for low in (100, 200, 300)]
    slurm(**changed).submit(work_of(*runs), runs[0].sweep_directory)
    _, array = commands()
    assert flags <= set(array)
    asks = lambda words: [word for word in words if word.startswith(("--gres", "--gpus"))]
    assert asks(array) == asks(flags)


def test_a_job_that_could_never_begin_is_refused(
    experiment: Make, commands: Callable[[], list[list[str]]], tool: Tool
) -> None:
    run = experiment("start=scratch")
    tool("squeue", "for k in 1 2 3 4 5 6 7; do echo \"$k|0|PENDING|None\"; done; n=$(seq 99)"
         "; for k in $n; do echo \"$k|0|PENDING|PartitionTimeLimit\"; done")  # fmt: skip
    with pytest.raises(UserError, match=r"SLURM would never start the runs \(PartitionTimeLimit\)"):
        slurm(time="999:00:00").submit(work_of(run), run.sweep_directory)
    assert commands()[-1][0] == "scancel"
    tool("sbatch", "echo 'allocation failure: Requested node is not available' >&2; exit 1")
    with pytest.raises(UserError, match="sbatch says: allocation failure: Requested node"):
        slurm().submit(work_of(run), run.sweep_directory)
    for text in ("2", "4:59", "0-00:03", 3):
        with pytest.raises(UserError, match=f"hydra.launcher.time={text} must be at least 5 min"):
            slurm(time=text).submit(work_of(run), run.sweep_directory)
    tool("sinfo", "true")
    with pytest.raises(UserError, match=r"hydra\.launcher\.partition=x is no"):
        slurm(partition="x").submit(work_of(run), run.sweep_directory)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("infinite", float("inf")),
        ("30:00", 30),
        ("4:00:00", 240),
        ("2-12:00:00", 3600),
        ("0:30", 0.5),
    ],
)
def test_times_are_slurms(text: str, expected: float) -> None:
    assert minutes(text) == expected
    assert clock(90) == "1:30:00"


def test_what_a_run_came_to_is_said(finished_run: Make, experiment: Make) -> None:
    """From its folder and its seat, the first that says it."""
    e = finished_run("ci.low=100")
    folder = e.folder
    said = lambda seat=None: watch.problem(e, seat)
    queue.note(folder.path, "slurm", "5_0", e.sweep_directory)
    assert said().startswith("its job is gone, before it began: are ")
    cancelled = queue.Seat("slurm", "5_0", "CANCELLED")
    assert said(cancelled) == "cancelled, before it began"
    folder.log.touch()
    assert said(queue.Seat("slurm", "5_0", "TIMEOUT")).startswith("stopped by the time limit")
    queue.note(folder.path, "slurm", "5_0", e.sweep_directory)
    status = Status(e.keys, e.science, started=time.time() + 1)
    folder.save(status)
    known = json.loads((folder.path / "job.json").read_text())
    (folder.path / "job.json").write_text(json.dumps({**known, "ended": how(-9)}))
    assert "out of memory" in said()
    status.state, status.message = "failed", "as told\nmore"
    folder.save(status)
    assert said() == f"FAILED: as told (see {folder.log})"
    lacking = experiment("ci.low=50", runs=e.runs.parent / "new")
    assert watch.problem(lacking, None).startswith("not started: its base was not made")


def test_what_a_stop_leaves_undone_is_stopped(
    memctl_here: Callable[..., tuple[int, str]],
    tiny: list[str],
    commands: Callable[[], list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where no queue has the runs any more, as of a Ray that ends with the command."""

    def stop(self: watch.Watch, stopped: Callable[[], bool]) -> dict[Path, str | None]:
        signal.raise_signal(signal.SIGINT)
        assert stopped()
        return {}

    monkeypatch.setattr(watch.Watch, "until", stop)
    cells = ["-m", *tiny, "ci.low=100", "ci.high=300", "hydra.sweeper.references=[]"]
    # What runs in the background ignores SIGINT, and so would the command.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code, out = memctl_here("train", *cells, "start=scratch", "hydra/launcher=slurm")
    finally:
        signal.signal(signal.SIGINT, heard)
    assert code == 130, out
    assert "stopped: 1 of 1 runs are not done; the same command goes on with them" in out


def test_a_job_with_a_gpu_does_not_compute_on_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    check_gpu("cpu")
    with pytest.raises(UserError, match=r"the job has GPU 3, and torch .* cannot use it"):
        check_gpu("auto")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    check_gpu("auto")


def test_exit_codes_in_words() -> None:
    assert [how(code) for code in (130, 143, -15, AT_WORK)] == [
        "stopped",
        "stopped",
        "stopped",
        "exit code 75",
    ]


@pytest.mark.long
def test_a_launcher_that_only_submits_leaves_the_rest_to_the_queue(
    memctl_here: Callable[..., tuple[int, str]],
    tiny: list[str],
    tmp_path: Path,
    tool: Tool,
    commands: Callable[[], list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plan and the report say so, and the same command submits nothing again."""
    cells = ["-m", *tiny, "ci.low=100,200", "ci.high=300", "hydra.sweeper.references=[]"]
    how = ["start=scratch", "hydra/launcher=slurm", "hydra.launcher.wait=false", "sweep.name=s"]
    both = "; ".join(f'echo "$n|{task}|PENDING|None"' for task in range(2))
    tool("squeue", f"n=$(wc -l < {tmp_path / 'said.txt'}); {both}")  # the job of the last sbatch
    (page,) = re.findall(r"'([^']*sbatch=[^']*)'", (config_root() / "docs/clusters.md").read_text())
    code, out = memctl_here("train", *cells, *how, page)
    assert code == 0, out
    assert {"--mail-type=END"} <= set(commands()[-1])
    assert "SLURM: 2 runs submitted; `make cancel SWEEP=" in out
    job = (queue.read_note(tmp_path / "runs/s/cl100_ch300_s0") or {})["id"].partition("_")[0]
    tool("squeue", f"echo '{job}|0|RUNNING|None'; echo '{job}|1|PENDING|Resources'")
    before = len(commands())
    code, out = memctl_here("train", *cells, *how)
    assert (code, len(commands())) == (0, before)
    assert "  running: 1\n  queued: 1\n" in out
    assert "0 runs submitted, 2 were in the queue already" in out
    assert "2 of 2 runs go on on the cluster; the same command watches them" in out
    code, out = memctl_here("cancel", "runs/s")
    assert (code, out) == (0, f"2 runs of {tmp_path / 'runs/s'} cancelled\n")
    assert commands()[-1] == ["scancel", f"{job}_0", f"{job}_1"]
    tool("squeue", "true")
    assert cancel.cancel(tmp_path / "runs/s").startswith("nothing of ")
    monkeypatch.setattr(watch, "UNSEEN", 0)
    code, out = memctl_here("train", *cells, *how[:2], "sweep.name=s", "hydra.sweeper.plan=true")
    assert "  new: 2" in out


def test_what_no_node_of_ray_has_is_refused() -> None:
    nodes = [{"CPU": 4.0}, {"CPU": 2.0, "GPU": 1.0}]
    check(Demand(4, 0), nodes)
    check(Demand(2, 0.5), nodes)
    for cpus, gpus in ((5, 0), (4, 1), (1, 2)):
        with pytest.raises(UserError, match=f"no node of Ray has {cpus} CPUs and {gpus} GPUs"):
            check(Demand(cpus, gpus), nodes)


def test_a_ray_of_this_machine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    shared = {**SHARED, "wait": False}
    with pytest.raises(UserError, match=r"hydra\.launcher\.wait=false: a Ray of this machine"):
        RayLauncher(address=None, retries=3, **shared)
    assert not RayLauncher(address="auto", retries=3, **shared).is_own
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert RayLauncher(address=None, retries=3, **shared).address == "10.0.0.1:6379"


def test_modules_of_ray_are_not_needed(monkeypatch: pytest.MonkeyPatch, experiment: Make) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    run = experiment("start=scratch")
    with pytest.raises(UserError, match=r"hydra/launcher=ray needs Ray: pip install 'ray"):
        RayLauncher(address="local", retries=3, **SHARED).submit(work_of(run), run.sweep_directory)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("local", "no Ray began on this machine, which may be too busy; .*: timed out"),
        ("10.0.0.1:6379", "hydra.launcher.address=10.0.0.1:6379: timed out"),
    ],
)
def test_a_ray_that_does_not_begin_is_said(
    address: str, message: str, monkeypatch: pytest.MonkeyPatch, experiment: Make
) -> None:
    """Ray raises a bare Exception where its processes are not there in 30 s."""

    def init(*_: Any, **__: Any) -> None:
        raise Exception("timed out\nmore")

    ended: list[bool] = []
    ray = SimpleNamespace(init=init, shutdown=lambda: ended.append(True))
    monkeypatch.setitem(sys.modules, "ray", ray)
    run = experiment("start=scratch")
    with pytest.raises(UserError, match=f"^{message}$"):
        RayLauncher(address=address, retries=3, **SHARED).submit(work_of(run), run.sweep_directory)
    assert ended


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"at_once": 0}, "hydra.launcher.at_once=0 must be at least 1"),
        ({"poll": 0}, "hydra.launcher.poll=0 must be positive"),
        ({"gpus": 2, "per_device": 2}, "hydra.launcher.gpus=2: runs that share a GPU"),
    ],
)
def test_settings_out_of_range_are_refused(changed: dict[str, Any], message: str) -> None:
    hydra: Any = OmegaConf.create({})
    with pytest.raises(UserError, match=re.escape(message)):
        slurm(**changed).setup(
            hydra_context=type("Context", (), {"config_loader": None})(),
            task_function=os.getcwd,
            config=hydra,
        )


@pytest.mark.long
@pytest.mark.parametrize("words", [["--help"], ["nowhere"], []])
def test_a_job_typed_by_hand_leaves_its_caller_alive(words: list[str], tmp_path: Path) -> None:
    """A job ends with its whole group when its input ends; typed in a script that is the script."""
    script = f'"{sys.executable}" -m memctl.job {" ".join(words)}; echo alive'
    done = subprocess.run(
        ["sh", "-c", script],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        cwd=tmp_path, start_new_session=True,
        env={**os.environ, "PYTHONPATH": python_path()},
    )  # fmt: skip
    assert done.stdout.endswith("alive\n")
    assert "Traceback" not in done.stderr
