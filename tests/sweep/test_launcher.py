"""The local launcher: one run a device, fresh processes, no failure stops the rest, Ctrl-C drains.

No torch needed.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from memctl.sweep import devices

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, *overrides: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.tiny_app", "-m", *overrides],
        cwd=ROOT, env={**os.environ, "TINY": str(folder), **env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def notes(folder: Path, name: str = "ended") -> dict[str, Any]:
    return {p.parent.name: json.loads(p.read_text()) for p in sorted(folder.glob(f"*/{name}.json"))}


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if Path("/proc").is_dir()
        else True
    )


def test_one_run_a_device_in_a_fresh_process(tmp_path: Path) -> None:
    process = start(tmp_path, "n=0,1,2,3,4", "hydra.launcher.devices=[7,GPU-8a]")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    ran = list(notes(tmp_path).values())
    assert {r["device"] for r in ran} == {"7", "GPU-8a"}
    assert len({r["pid"] for r in ran}) == len(ran) == 5
    for device in ("7", "GPU-8a"):
        spans = sorted((r["began"], r["ended"]) for r in ran if r["device"] == device)
        assert all(a[1] <= b[0] for a, b in pairwise(spans)), "two runs at once on one device"
    assert "2 at once (GPU 7, GPU-8a)" in out
    assert "[5/5]" in out


def test_two_runs_share_a_device_when_told(tmp_path: Path) -> None:
    process = start(
        tmp_path, "n=0,1", "what=slow", "hydra.launcher.devices=[3]", "hydra.launcher.per_device=2"
    )
    process.communicate(timeout=60)
    a, b = notes(tmp_path).values()
    assert max(a["began"], b["began"]) < min(a["ended"], b["ended"])


@pytest.mark.parametrize(
    ("what", "said"), [("raise", "exit code 1"), ("kill", "killed by SIGKILL")]
)
def test_a_run_that_fails_never_stops_the_others(tmp_path: Path, what: str, said: str) -> None:
    process = start(tmp_path, f"what=ok,{what},ok", "n=0,1", "hydra.launcher.devices=[0]")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(notes(tmp_path, "began")) == 6
    assert len(notes(tmp_path)) == 4
    assert out.count(said) >= 2
    log = (tmp_path / "2" / "log.txt").read_text()
    assert "a line for the log" in log
    assert ("as told" in log) == (what == "raise")


def test_ctrl_c_lets_the_running_finish_and_starts_no_more(tmp_path: Path) -> None:
    process = start(tmp_path, "n=0,1,2,3", "what=slow", "hydra.launcher.devices=[0]")
    until(lambda: notes(tmp_path, "began"))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert len(notes(tmp_path)) == len(notes(tmp_path, "began")) == 1
    assert "Ctrl-C" in out


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM], [signal.SIGKILL]],
    ids=["Ctrl-C twice", "SIGTERM", "SIGKILL"],
)
def test_no_child_outlives_the_launcher(tmp_path: Path, signals: list[signal.Signals]) -> None:
    process = start(tmp_path, "n=0,1,2", "what=forever", "hydra.launcher.devices=[0,1]")
    until(lambda: len(notes(tmp_path, "began")) == 2)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.3)
    process.communicate(timeout=30)
    assert process.returncode != 0
    pids = [r["pid"] for r in notes(tmp_path, "began").values()]
    until(lambda: not any(alive(pid) for pid in pids))
    assert len(pids) == 2


def test_slots_are_gpus_or_shares_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cores", lambda: 8)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert len(devices.pool(None, 1, 1, "auto")) == 8
    assert len(devices.pool(None, 1, 3, "auto")) == 2
    assert len(devices.pool(None, 1, 99, "auto")) == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-5")
    assert [s.device for s in devices.pool(None, 2, 1, "auto")] == ["2", "GPU-5"] * 2
    assert {s.device for s in devices.pool(None, 1, 1, "cpu")} == {""}
    assert {s.device for s in devices.pool([], 1, 1, "auto")} == {""}


def test_gpus_are_asked_of_the_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    tool.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert devices.gpus() == ["0", "1"]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert devices.gpus() == []
