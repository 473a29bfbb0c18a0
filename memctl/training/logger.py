"""Lightning's logger of a memctl run: every row goes to the journal, then to a copy (W&B)."""

from collections.abc import Callable, Mapping
from typing import Any

from lightning.pytorch.loggers import Logger

from memctl.runs.journal import Journal


class JournalLogger(Logger):
    """Writes Lightning's metrics as rows of a stage."""

    name = "memctl"
    version = 0

    def __init__(
        self,
        journal: Journal,
        stage: str,
        copy: Callable[[Mapping[str, Any]], None] = lambda row: None,
    ) -> None:
        super().__init__()
        self.journal, self.stage, self.copy = journal, stage, copy

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        row = {"stage": self.stage, "step": int(step or 0), **metrics}
        self.journal.append(row)
        self.copy(row)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The config is in config.yaml and in the W&B run already."""
