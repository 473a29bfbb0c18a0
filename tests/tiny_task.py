"""The tiny app's task: note where it ran, then do as told."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig


def task(cfg: Any) -> None:
    folder = Path(HydraConfig.get().runtime.output_dir)
    note = {
        "pid": os.getpid(),
        "device": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "began": time.time(),
    }
    (folder / "began.json").write_text(json.dumps(note))
    print("a line for the log")
    if cfg.what == "raise":
        raise RuntimeError("as told")
    if cfg.what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep({"ok": 0.2, "slow": 2.0, "forever": 600}[cfg.what])
    (folder / "ended.json").write_text(json.dumps({**note, "ended": time.time()}))
