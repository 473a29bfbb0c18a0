"""A sweep's own W&B run: its tables, pictures and page, and once what all its runs share."""

from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from memctl.analysis.sweep_results import SweepResults, read
from memctl.config import Logger
from memctl.errors import UserError
from memctl.keys import digest
from memctl.reporting.interactive import figures
from memctl.runs import saved_config
from memctl.runs.content import yardstick_rows
from memctl.runs.trackio_copy import open_copy
from memctl.runs.wandb_copy import Identity, WandbCopy, why

TABLE = "table"  # of the report's tables the one of all runs


def send(directory: Path, logger: Logger) -> WandbCopy:
    """Copy what a sweep's report has to W&B, as a run of job type `sweep` in the group of its runs.

    Raises:
        UserError: no finished run in it.
    """
    sweep = read(directory)
    report = directory / "report"
    copy = open_copy(logger, directory, identity(sweep))
    tables = {path.stem: rows(path) for path in sorted(report.glob("*.csv"))}
    yardsticks = yardstick_rows(sweep.records.values())
    pictures = {path.stem: path for path in sorted(report.glob("*.png"))}
    numbers = {"runs/done": len(sweep.records), "runs/unfinished": len(sweep.unfinished)}
    copy.add(numbers, pictures, {**tables, "yardsticks": yardsticks}, {})
    copy.draw(figures(sweep))
    copy.attach(report / "index.html")
    copy.finish()
    return copy


def logger(sweep: SweepResults) -> Logger:
    """The settings by which the sweep's runs were logged. Raises: UserError where they cannot be
    read.
    """
    name = next(iter(sweep.records))
    known = OmegaConf.to_object(saved_config.load(sweep.folder(name).config).logger)
    assert isinstance(known, Logger)
    return known


def save(workspace: Any) -> str:
    """Save a dashboard, and give its address. Raises: UserError where the server refuses it."""
    try:
        workspace.save()
        return str(workspace.url)
    except Exception as error:
        raise UserError(f"W&B did not save the dashboard: {why(error)}") from None


def identity(sweep: SweepResults) -> Identity:
    """Which run it is."""
    name, first = sweep.directory.name, next(iter(sweep.records.values()))
    return Identity(
        name=name,
        group=name,
        run_id=digest(["sweep", name, first["keys"]]),
        job_type="sweep",
        config={"kind": "sweep", "data": {"name": sweep.dataset}, "timesteps": sweep.timesteps},
        tags=[name, sweep.dataset],
    )


def rows(path: Path) -> list[dict[str, Any]]:
    """A table of the report, nothing where a number is missing."""
    table = pd.read_csv(path)
    plain = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
