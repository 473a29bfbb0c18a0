"""metrics.jsonl: one JSON row at a time, flushed at once; the truth that W&B has a copy of."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memctl.files import atomic, cannot_write, plain
from memctl.runs.kinds import fits

ROW = {"stage": str, "step": int}


class Journal:
    """Append-only rows `{"stage": ..., "step": ..., metric: value, ...}`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All whole rows up to the first that is none: a kill may have torn the last."""
        if not self.path.exists():
            return []
        rows = []
        for line in self.path.read_text(errors="replace").splitlines():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                break
            if not fits(row, ROW):
                break
            rows.append(row)
        return rows

    def append(self, row: dict[str, Any]) -> None:
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(plain(row)) + "\n")
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def rewind(self, step: int) -> list[dict[str, Any]]:
        """Forget the rows after `step`, which a resumed training writes again; return those that
        stay.
        """
        kept = [row for row in self.rows() if row["step"] <= step]
        self.restore(kept)
        return kept

    def restore(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Hold these rows and no others."""
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        if not self.path.exists() or self.path.read_bytes() != text:
            with atomic(self.path) as file:
                file.write(text)
