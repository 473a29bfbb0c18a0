"""How long a command takes, as a row of docs/tables/times.csv."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).resolve().parents[1] / "tables" / "times.csv"


def processor() -> str:
    """The name of this machine's processor, as its system gives it, or nothing."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""


def take(command: str) -> None:
    """Run a command of the shell and write its time, in the place of an earlier one.

    Raises: SystemExit where the command fails.
    """
    began = time.perf_counter()
    if code := subprocess.run(command, shell=True).returncode:
        sys.exit(f"{command!r} failed with {code}, so its time says nothing")
    row = {
        "command": command,
        "seconds": round(time.perf_counter() - began, 1),
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    known = pd.read_csv(TABLE).to_dict("records") if TABLE.exists() else []
    table = pd.DataFrame([*(r for r in known if r["command"] != command), row])
    table.sort_values("command").to_csv(TABLE, index=False)
