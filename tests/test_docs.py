"""The pages' numbers are those of the tables, and the site builds without a warning."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from docs.numbers import collect, fill, times

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = ROOT / "docs" / "numbers" / "blocks"
# A number that somebody measured: with a point or a unit.
MEASURED = re.compile(r"\d+\.\d+|\d+ (?:%|s|min|h)(?!\w)")
CONSTANTS = {"95 %", "3 %", "3.11", "2601.21348", "2.0"}  # of definitions, not results
STRICT = [ROOT / "README.md", ROOT / "docs" / "results.md", *sorted(BLOCKS.glob("*.j2"))]


def typed(text: str) -> set[str]:
    """Measured numbers outside blocks, expressions and code."""
    text = fill.BLOCK.sub("", text)
    text = re.sub(r"\{[{%].*?[%}]\}|```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.S)
    return set(MEASURED.findall(text)) - CONSTANTS


@pytest.mark.parametrize("page", fill.pages(), ids=lambda page: page.name)
def test_blocks_are_filled_from_the_tables(page: Path) -> None:
    """Where this fails: python -m docs.numbers fill."""
    assert page.read_text() == fill.filled(page.read_text())


@pytest.mark.parametrize("page", STRICT, ids=lambda page: page.name)
def test_no_number_is_typed_by_hand(page: Path) -> None:
    assert typed(page.read_text()) == set()


def test_a_typed_number_would_be_seen() -> None:
    assert typed("r = 0.57 in {{ x | n(2) }} of `0.3`, after 15 min and 95 %") == {"0.57", "15 min"}


def test_a_changed_table_changes_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in collect.TABLES.glob("*.csv"):
        (tmp_path / path.name).write_text(path.read_text())
    table = pd.read_csv(tmp_path / "metrics.csv")
    here = (table.sweep == "mitdb208") & (table.metric == "dcr_share")
    table.loc[here, "max"] = 0.98765
    table.to_csv(tmp_path / "metrics.csv", index=False)
    monkeypatch.setattr(fill, "TABLES", tmp_path)
    text = (ROOT / "README.md").read_text()
    assert "0.988" in fill.filled(text)
    assert "0.988" not in text


def test_a_sweep_that_is_not_there_is_not_spoken_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in collect.TABLES.glob("*.csv"):
        table = pd.read_csv(path)
        if "sweep" in table:
            table = table[table.sweep == "mitdb208"]
        table.to_csv(tmp_path / path.name, index=False)
    monkeypatch.setattr(fill, "TABLES", tmp_path)
    text = fill.filled((ROOT / "docs" / "results.md").read_text())
    assert "fresh digits" not in text
    assert "| heartbeats |\n" in text


def test_every_block_is_in_a_page() -> None:
    used = {name for page in fill.pages() for _, name, _ in fill.BLOCK.findall(page.read_text())}
    assert used == {path.name.removesuffix(".md.j2") for path in BLOCKS.glob("*.j2")}


def test_a_number_has_its_digits() -> None:
    shown = [fill.number(x) for x in (0, 1, 1.00059, 0.5671, 0.00123456, -2.5, 1234.5)]
    assert shown == ["0", "1", "1.00", "0.567", "0.00123", "-2.5", "1234"]
    assert fill.number(float("nan")) == "-"
    assert fill.between(0, 0) == "0"
    assert fill.between(0.25, 0.5) == "0.25 to 0.5"
    assert [fill.lasting(s) for s in (42, 610, 7500)] == ["42 s", "10 min", "2 h 05 min"]


def test_a_command_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "TABLE", tmp_path / "times.csv")
    for command in ("sleep 0.3", "echo a", "sleep 0.3"):
        times.take(command)
    table = pd.read_csv(times.TABLE).set_index("command")
    assert list(table.index) == ["echo a", "sleep 0.3"]
    assert 0.3 <= table.seconds["sleep 0.3"] < 20
    with pytest.raises(SystemExit, match="'exit 3' failed with 3"):
        times.take("exit 3")


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Formulas are MathML, docstrings are in the reference, and no page asks another server."""
    for name in ("docs", "memctl"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    pages = {path.parent.name: path.read_text() for path in tmp_path.glob("site/*/index.html")}
    assert "<mfrac>" in pages["metrics"]
    assert "$$" not in pages["metrics"]
    assert "to_train" in pages["api"]
    loaded = re.findall(
        r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)', "".join(pages.values())
    )
    assert loaded == []
