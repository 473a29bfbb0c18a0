"""metrics.jsonl: one JSON row at a time, flushed at once; the truth that W&B has a copy of."""

import json
from pathlib import Path
from typing import Any

from memctl.files import atomic, cannot_write, plain


class Journal:
    """Append-only rows `{"stage": ..., "step": ..., metric: value, ...}`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All whole rows; a row that a kill tore is left out."""
        if not self.path.exists():
            return []
        rows = []
        for line in self.path.read_text().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
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
        text = "".join(json.dumps(row) + "\n" for row in kept)
        if not self.path.exists() or self.path.read_text() != text:
            with atomic(self.path) as file:
                file.write(text.encode())
        return kept
