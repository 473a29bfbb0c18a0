"""The tiny app's task: note where it ran, then do as told."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from memctl.errors import AtWork
from memctl.runs.folder import RunFolder
from memctl.runs.status import Status


def task(cfg: Any) -> None:
    folder = Path(HydraConfig.get().runtime.output_dir)
    if cfg.what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note = {"pid": os.getpid(), "device": os.environ.get("CUDA_VISIBLE_DEVICES")}
    others = [json.loads(p.read_text()) for p in folder.parent.glob("*/began.json")]
    at_work = [other["pid"] for other in others if other["pid"] != note["pid"] and alive(other)]
    (folder / "began.part").write_text(json.dumps({**note, "beside": at_work}))
    (folder / "began.part").rename(folder / "began.json")
    print("a line for the log")
    if cfg.what == "raise":
        raise RuntimeError("as told")
    if cfg.what == "busy":
        raise AtWork("as told")
    if cfg.what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        if cfg.what == "meet":  # ends when another one has begun
            until(lambda: len(list(folder.parent.glob("*/began.json"))) > 1)
        if cfg.what in ("wait", "deaf"):  # ends when the test says so
            until((folder.parent / "go").exists)
    except KeyboardInterrupt:
        (folder / "saved.json").write_text(json.dumps(note))
        raise
    RunFolder(folder).save(Status({}, {}, state="done"))
    (folder / "ended.json").write_text(json.dumps(note))


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(note: dict[str, Any]) -> bool:
    """Whether the process of a note is there, and no zombie."""
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{note['pid']}/stat")
    return not stat.is_file() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def until(condition: Callable[[], Any]) -> None:
    """Wait for what other processes do, however slow the machine is; two minutes mean never."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
