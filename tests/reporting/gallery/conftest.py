"""The command, run in an empty folder."""

import csv
from pathlib import Path

import pytest

from memctl.reporting.gallery.command import main
from tests.reporting.gallery.runs import Command


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command in an empty folder: what it printed, and the rows of its table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMCTL_PLUGINS", raising=False)

    def run(*argv: str, draws: int = 2000) -> tuple[str, list[dict[str, str]]]:
        main([*argv, "--draws", str(draws)])
        with Path("samplers.csv").open() as file:
            return capsys.readouterr().out, list(csv.DictReader(file))

    return run
