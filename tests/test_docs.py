"""The pages' numbers are those of the tables, and the site builds without a warning."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from docs.numbers import collect, fill, times
from memctl.analysis.studied import MAIN
from memctl.errors import UserError
from memctl.reporting import report
from memctl.reporting.sections import ASSOCIATIONS, SCORECARD, VERDICTS
from tests import sweeps
from tests.conftest import LONG
from tests.drill.figures import write as drill_tables
from tests.drill.kills import drawn

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = ROOT / "docs" / "numbers" / "blocks"
# A number that somebody measured: with a point or a unit.
MEASURED = re.compile(r"\d+\.\d+|\d+ (?:%|s|min|h)(?!\w)")
CONSTANTS = {
    "95 %",
    "3 %",
    "1 %",
    "3.11",
    "2601.21348",
    "2505.17638",
    "2.0",
}  # of definitions, not results
STRICT = [ROOT / "README.md", ROOT / "docs" / "results.md", *sorted(BLOCKS.glob("*.j2"))]


def typed(text: str) -> set[str]:
    """Measured numbers outside blocks, expressions and code."""
    text = fill.BLOCK.sub("", text)
    text = re.sub(r"\{[{%].*?[%}]\}|```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.S)
    return set(MEASURED.findall(text)) - CONSTANTS


@pytest.mark.parametrize("page", list(fill.pages()), ids=lambda page: page.name)
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
    here = (table.sweep == "mitdb208") & (table.metric == "distance_to_train")
    table.loc[here, "max"] = 1.23456
    table.to_csv(tmp_path / "metrics.csv", index=False)
    monkeypatch.setattr(fill, "TABLES", tmp_path)
    text = (ROOT / "README.md").read_text()
    assert "1.235" in fill.filled(text)
    assert "1.235" not in text


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
@pytest.mark.parametrize("said", ["No run copies: at most 0.4 %.", None])
def test_a_sweeps_answer_is_told_where_there_is_one(
    page: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in collect.TABLES.glob("*.csv"):
        (tmp_path / path.name).write_text(path.read_text())
    table = pd.read_csv(tmp_path / "sweeps.csv").assign(answer=None)
    table.loc[table.sweep == "mitdb208", "answer"] = said
    table.to_csv(tmp_path / "sweeps.csv", index=False)
    monkeypatch.setattr(fill, "TABLES", tmp_path)
    text = " ".join(fill.filled((ROOT / page).read_text()).split())
    assert text.count("No run copies: at most 0.4 %.") == (said is not None)
    assert ("`dcr_share`, the share of samples nearer to training" in text) == (
        page == "README.md" and said is None
    )


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


@pytest.fixture(scope="module")
def finished_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs with a finished sweep, to be copied."""
    sweep = sweeps.swept(
        tmp_path_factory.mktemp("finished") / "runs" / "s",
        lambda location, width: 1 - 1e-4 * location + 1e-6 * width,
        lambda location, width, epoch: 10 / location,
    )
    for k, name in enumerate(sweep.records):
        folder = sweep.directory / name
        record = json.loads((folder / "record.json").read_text())
        for group in (record["metrics"], *record["yardsticks"].values()):
            group |= dict.fromkeys(MAIN, group["distance_to_train"])
        record["environment"] = {
            "host": "elsewhere",
            "device": "cpu",
            "finished": "2026-01-02T00:00:00+00:00",
        }
        record["training"]["base"] = {"steps": 7, "loss": 0.1}
        record["seconds"] = {"base": 30.4}
        (folder / "record.json").write_text(json.dumps(record))
        status = json.loads((folder / "status.json").read_text())
        status |= {"started": 100.0 + k, "updated": 200.0 + k}
        (folder / "status.json").write_text(json.dumps(status))
    report.write(sweep.directory, io.StringIO(), (), (VERDICTS, SCORECARD, ASSOCIATIONS))
    return sweep.directory.parent


@pytest.fixture
def finished(finished_sweep: Path, tmp_path: Path) -> Path:
    """The folder of runs with a finished sweep, whose distance falls with the location."""
    return shutil.copytree(finished_sweep, tmp_path / "runs")


def collected(runs: Path, tables: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    monkeypatch.setattr(collect, "TABLES", tables)
    monkeypatch.setattr(fill, "TABLES", tables)
    monkeypatch.setattr(collect, "IMAGES", tables / "images")
    collect.collect(runs)
    return {path.stem: pd.read_csv(path) for path in tables.glob("*.csv")}


def test_a_finished_sweep_becomes_tables(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = collected(finished, tmp_path / "tables", monkeypatch)
    (sweep,) = tables["sweeps"].to_dict("records")
    assert (sweep["runs"], sweep["cells"], sweep["samples"]) == (45, 45, 5)
    assert (sweep["seconds"], sweep["seconds_base"], sweep["steps"]) == (144, 30, 7)
    assert np.isnan(sweep["cores"])  # of another machine
    assert np.isnan(sweep["answer"])  # measured before there were answers
    metric = tables["metrics"].set_index("metric").loc["distance_to_train"]
    runs = tables["runs"]
    r = np.corrcoef((runs.low + runs.high) / 2, runs.distance_to_train)[0, 1]
    assert metric["location_pearson"] == pytest.approx(r, rel=1e-5)
    assert (metric["min"], metric["max"]) == (
        runs.distance_to_train.min(),
        runs.distance_to_train.max(),
    )
    assert (metric.floor_low, metric.floor_high) == (0.9, 1.1)
    assert "the distance to train falls as the interval moves right" in set(tables["claims"].claim)


def test_another_sweep_keeps_the_rows_of_the_first(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    pd.DataFrame({"sweep": ["a"], "runs": [3]}).to_csv(tables / "sweeps.csv", index=False)
    for _ in range(2):
        known = collected(finished, tables, monkeypatch)["sweeps"]
    assert list(known.runs) == [3, 45]


def test_trials_become_tables_over_all_data_without_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = tmp_path / "calibration" / "verdicts"
    trials.mkdir(parents=True)
    row = {"n": 70, "m": 70, "generator": "fresh", "of": 4}
    confusion = [
        {**row, "data": data, "word": word, "count": count}
        for data, healthy in (("digits", 3), ("smooth", 4))
        for word, count in (("HEALTHY", healthy), ("COPYING", 4 - healthy), ("FOLLOWS", 0))
    ]
    pd.DataFrame(confusion).to_csv(trials / "confusion.csv", index=False)
    pd.DataFrame([{"bar": "b", "n": 70, "m": 70}]).to_csv(trials / "bars.csv", index=False)
    tables = collected(tmp_path, tmp_path / "tables", monkeypatch)
    assert tables["trial_words"][["word", "count", "of"]].values.tolist() == [
        ["HEALTHY", 7, 8],
        ["COPYING", 1, 8],
    ]
    assert list(tables["trial_bars"].bar) == ["b"]
    assert fill.given("fresh", 70, 70) == "HEALTHY 7, COPYING 1"
    assert fill.given("fresh", 70, 1000) == "-"
    assert fill.trial_places("trial_words") == [(70, 70)]


def test_a_drill_becomes_tables_and_a_paragraph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = list(drawn(21, 0))
    found = {"runs": 12, "commands": 9, "equal": 11, "lost": 1, "left_behind": 3, "minutes": 7.5}
    drill_tables(tmp_path / "drill", kills, **found)
    collected(tmp_path, tmp_path / "tables", monkeypatch)
    text = " ".join(fill.filled("<!-- block drill -->\n<!-- end drill -->").split())
    assert "12 tiny runs was hit 21 times" in text
    assert "11 runs ended equal" in text
    assert "1 finished runs were lost; 3 files, folders, locks and processes" in text
    assert "7.5 min" in text
    counts = re.findall(r"\| (run|fork server|launcher|group) ((?:\| \d )+)\|", text)
    assert sum(int(n) for _, row in counts for n in row.split("|")[1:]) == 21
    assert len(counts) == 4


def test_an_unfinished_sweep_says_nothing(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(finished.glob("*/cl100_ch200_s0/record.json")).unlink()
    with pytest.raises(UserError, match="holds no finished sweep with a report"):
        collected(finished, tmp_path / "tables", monkeypatch)


def test_more_sweeps_are_spoken_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the other data sets, whose numbers may not be in the tables yet."""
    names = ("ecg5000", "digits-small_n", "pokemon_16", "flowers102_16", "mitdb208-samplers")
    for path in collect.TABLES.glob("*.csv"):
        table = pd.read_csv(path)
        if "sweep" in table:
            known = table[table.sweep == "mitdb208"]
            others = [known.assign(sweep=name) for name in names]
            table = pd.concat([table[~table.sweep.isin(names)], *others])
        table.to_csv(tmp_path / path.name, index=False)
    pool = {"axis": "location", "n": 132, "pearson": -0.01, "low": -0.18, "high": 0.16}
    paper = {"paper": -0.7388, "paper_low": -0.8212, "paper_high": -0.6263}
    pooled = [{**pool, **paper, "pooling": pooling} for pooling in ("raw", "within", "only s")]
    pd.DataFrame(pooled).to_csv(tmp_path / "pooled.csv", index=False)
    monkeypatch.setattr(fill, "TABLES", tmp_path)
    text = fill.filled((ROOT / "docs" / "results.md").read_text())
    assert "| heartbeats | ECG5000 | digits |" in text
    assert "r = -0.01 [-0.18, +0.16] with the location over 132 cells of" in " ".join(text.split())
    run = next(r for r in fill.rows("runs", sweep="digits-small_n", kind="uniform"))
    (line,) = re.findall(rf"^\| {run.n_train} \| .*$", text, re.M)
    assert line.count("|") == 7
    assert f"| {run.dcr_share} |" in line
    assert "## Pokemon at 16 x 16" in text
    assert "images/flowers102_16.png" in text
    assert "{" not in re.sub(r"```.*?```", "", text, flags=re.S)


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


@LONG
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
