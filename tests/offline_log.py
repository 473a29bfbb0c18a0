"""What an offline W&B run holds, read back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def read_back(folder: Path) -> list[dict[str, Any]]:
    """All records of the one offline run in `folder`/wandb, as W&B's own tool prints them."""
    (run,) = folder.glob("wandb/offline-run-*")
    out = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(run)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [json.loads(line) for line in out.stdout.splitlines()]


def summary_of(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The summary as it is in the end."""
    out: dict[str, Any] = {}
    for record in records:
        if record["type"] == "summary":
            out |= record["summary"].get("update", {})
    return out
