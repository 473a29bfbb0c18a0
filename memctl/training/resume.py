"""resume.ckpt: the whole state of a training that was stopped, written beside the run.

The file is one line of JSON (format, key, step, rows, size, sha256), then torch's own bytes.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO

from memctl.files import atomic
from memctl.runs.journal import Journal

FORMAT = "memctl resume 1"


@dataclass(frozen=True)
class Resume:
    """What a training goes on from.

    Attributes:
        key: Of the stage that is trained; a state of another is none of its own.
        journal: Of the training's rows, which the state has too.
    """

    path: Path
    key: str
    journal: Journal

    def begin(self) -> int:
        """The step to go on from, 0 where there is none, with the journal as it was then.

        A damaged file and one of another key are removed, and it is said: training starts anew.
        """
        if not self.path.exists():
            self.journal.restore([])
            return 0
        found = read(self.path)
        if found is None or found[0]["key"] != self.key:
            why = "is damaged" if found is None else "belongs to a training with other settings"
            print(f"{self.path} {why}; the training starts anew", flush=True)
            self.path.unlink()
            self.journal.restore([])
            return 0
        self.journal.restore(found[0]["rows"])
        return int(found[0]["step"])

    def state(self) -> dict[str, Any]:
        """Lightning's state, which is there when `begin` gave a step."""
        found = read(self.path)
        assert found is not None
        state: dict[str, Any] = torch.load(io.BytesIO(found[1]), "cpu", weights_only=True)
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Write Lightning's state. Raises: UserError."""
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        content = buffer.getbuffer()
        head = {
            "format": FORMAT,
            "key": self.key,
            "step": state["global_step"],
            "rows": self.journal.rows(),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        with atomic(self.path) as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.write(content)


class ResumeIO(CheckpointIO):
    """Lightning's way to the file. Its own goes through the temporary folder, which may be full,
    and where a kill leaves what was begun.
    """

    def __init__(self, resume: Resume) -> None:
        self.resume = resume

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        self.resume.save(checkpoint)

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return self.resume.state()

    def remove_checkpoint(self, path: Any) -> None:
        self.resume.path.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], bytes] | None:
    """The first line and torch's bytes, or None where the file is damaged."""
    try:
        line, _, content = path.read_bytes().partition(b"\n")
        head = json.loads(line)
        whole = head["format"] == FORMAT and head["sha256"] == hashlib.sha256(content).hexdigest()
        return (head, content) if whole and {"key", "step", "rows"} <= head.keys() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def resume_step(path: Path) -> int:
    """The step that a state was saved at, whosever it is; 0 where there is none, or a damaged
    one.
    """
    found = read(path)
    return int(found[0]["step"]) if found else 0
