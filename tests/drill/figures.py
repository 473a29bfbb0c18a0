"""The figures of a drill, as tables that `make tables` reads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from docs.numbers.times import processor
from memctl.sweep.devices import cores
from tests.drill.kills import Kill, counted


def write(out: Path, kills: Sequence[Kill], **figures: float) -> None:
    """Write drill.csv, one row, and drill_kills.csv, a row a kind of kill."""
    out.mkdir(parents=True, exist_ok=True)
    row = {
        **figures,
        "kills": len(kills),
        "cores": cores(),
        "processor": processor(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    pd.DataFrame([row]).to_csv(out / "drill.csv", index=False)
    kinds = [(*kind, count) for kind, count in counted(kills).items()]
    table = pd.DataFrame(kinds, columns=["hit", "signal", "kills"])
    table.to_csv(out / "drill_kills.csv", index=False)
