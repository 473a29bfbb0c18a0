"""The rows of trials in a file that grows: one that is stopped goes on where it was."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from memctl import answers, trials
from memctl.files import atomic, cannot_write, contents
from memctl.trials.generators import GENERATORS
from memctl.trials.trial import COLUMNS, Key

# What decides a row.
RULES = sorted(Path(answers.__path__[0]).glob("*.py"))
TRIED = [
    Path(trials.__path__[0]) / f"{name}.py"
    for name in ("generators", "populations", "transformations", "trial")
]


class Rows:
    """The table of trials in a file, `code` after each row: a digest of the rules behind it.

    Rows of other rules are moved into a file of their own, and tried again.
    """

    def __init__(self, path: Path) -> None:
        """Read what is there; a row that a kill tore is left out. Raises: UserError."""
        self.path, self.code = path, contents([*RULES, *TRIED])
        self.moved: Path | None = None
        text = path.read_text() if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        table = pd.read_csv(StringIO(whole)) if whole else pd.DataFrame(columns=[*COLUMNS, "code"])
        if len(table) and not (table["code"] == self.code).all():
            self.moved = path.with_name(f"{path.stem}-{table['code'].iloc[-1]}.csv")
            self.write(self.moved, whole)
            table, whole = table.iloc[:0], ""
        if whole != text or not whole:
            self.write(path, whole or ",".join([*COLUMNS, "code"]) + "\n")
        self.known = {Key(*values) for values in table[list(Key._fields)].itertuples(index=False)}

    def write(self, path: Path, text: str) -> None:
        with atomic(path) as file:
            file.write(text.encode())

    def append(self, row: Mapping[str, Any]) -> None:
        """Raises: UserError where it cannot be written."""
        line = pd.DataFrame([{**row, "code": self.code}], columns=[*COLUMNS, "code"])
        try:
            with self.path.open("a") as file:
                file.write(line.to_csv(header=False, index=False, float_format="%.6g"))
        except OSError as error:
            raise cannot_write(self.path, error) from None
        self.known.add(Key(*(row[name] for name in Key._fields)))

    def table(self) -> pd.DataFrame:
        """All rows, generators in the order of their list."""
        table = pd.read_csv(self.path, keep_default_na=False, na_values=[""])
        place = {name: k for k, name in enumerate(GENERATORS)}
        return table.sort_values("generator", key=lambda names: names.map(place), kind="stable")
