"""status.json: where a run or a base is. Free of torch."""

import os
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from memctl.runs.kinds import NUMBER, Each


@dataclass
class Status:
    """status.json. `done` and `total` are in network passes, `seconds` is of each stage; `left` has
    the passes of each stage that the attempt has not found done, `at` what was done when the
    present stage began.
    """

    keys: dict[str, str]
    science: dict[str, Any]
    state: str = "running"
    stage: str = "start"
    done: float = 0.0
    at: float = 0.0
    total: float = 1.0
    left: dict[str, float] = field(default_factory=dict)
    attempt: int = 1
    pid: int = field(default_factory=os.getpid)
    host: str = field(default_factory=socket.gethostname)
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    seconds: dict[str, float] = field(default_factory=dict)
    message: str = ""
    base: str = ""


STATUS = {  # what every reader may rely on
    "keys": Each(str),
    "science": dict,
    "state": str,
    "stage?": str,
    **dict.fromkeys(("done?", "total?", "started?", "updated?"), NUMBER),
    "seconds?": Each(NUMBER),
    **dict.fromkeys(("message?", "base?"), str),
}
