"""The report on sweeps whose numbers are known, whole and half done."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.sweep_results import read
from memctl.errors import UserError
from memctl.reporting import heatmaps, report
from memctl.reporting.pool import pool
from memctl.reporting.sections import overview
from memctl.runs.folder import RunFolder
from memctl.runs.record import YARDSTICKS
from memctl.runs.status import Status
from tests.conftest import BLANK


def record(
    name: str, low: float | None, high: float | None, value: float, split: str = "s"
) -> dict[str, Any]:
    m = {"value": value, "low": value - 0.1, "high": value + 0.1}
    names = ("distance_to_train", "f_mem", "dcr_share", "energy_heldout")
    sampler = (
        None
        if name == "base"
        else {
            "name": "interval" if low else "uniform",
            "statistics": {"lambda": 0.9, "mean": ((low or 0) + (high or 1000)) / 2},
            "realised": {},
        }
    )
    return {
        "schema": 1,
        "name": name,
        "sweep": "s",
        "fingerprint": name,
        "base_fingerprint": "b",
        "seed": 0,
        "ci": {"low": low, "high": high} if low else None,
        "split": {"hash": split, "n_train": 10, "n_heldout": 10},
        "sampler": sampler,
        "training": {"base": {"steps": 1, "loss": 0.1}},
        "metrics": dict.fromkeys(names, m),
        "yardsticks": {y: dict.fromkeys(names, m) for y in YARDSTICKS},
        "science": {"data": {"name": "d"}, "generate": {"samples": 5}},
        "environment": {},
        "seconds": {"control": 1.0},
    }


def put(sweep: Path, r: dict[str, Any], state: str = "done", message: str = "") -> None:
    directory = sweep / r["name"]
    directory.mkdir(parents=True)
    RunFolder(directory).save(Status({"base": "b"}, {}, state=state, message=message))
    if state == "done":
        (directory / "record.json").write_text(json.dumps(r))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Four cells whose metrics equal c_l + 2 c_h, a base, a failed and a missing cell."""
    out = tmp_path / "runs" / "s"
    for low, high in [(100, 200), (100, 300), (200, 300), (300, 400)]:
        put(out, record(f"cl{low}_ch{high}_s0", low, high, low + 2 * high))
    put(out, record("base", None, None, 1.0))
    put(out, record("uniform_s0", None, None, 2.0))
    put(out, record("cl1_ch2_s0", 1, 2, 0), "failed", "loss was <nan>\nand more")
    (out / "sweep.json").write_text(
        json.dumps({"runs": {"cl100_ch200_s0": {}, "cl800_ch900_s0": {}}})
    )
    return out


def test_it_writes_all_its_files_and_names_what_is_missing(sweep: Path) -> None:
    out = io.StringIO()
    report.write(sweep, out)
    made = {p.name for p in (sweep / "report").iterdir()}
    assert {
        "table.csv",
        "table.parquet",
        "correlations.csv",
        "overview.png",
        "index.html",
        "heatmap_f_mem.png",
    } <= made
    csv, parquet = (
        pd.read_csv(sweep / "report" / "table.csv"),
        pd.read_parquet(sweep / "report" / "table.parquet"),
    )
    assert len(csv) == len(parquet) == 6
    assert set(csv.columns) == set(parquet.columns)
    assert csv.set_index("name").loc["cl100_ch300_s0", "metrics/f_mem"] == 700
    assert "cl800_ch900_s0 (missing)" in out.getvalue()
    assert "cl1_ch2_s0 (failed: loss was <nan>)" in out.getvalue()
    page = (sweep / "report" / "index.html").read_text()
    assert "cl800_ch900_s0 (missing)" in page
    assert "loss was &lt;nan&gt;" in page
    assert str(sweep / "report" / "index.html") in out.getvalue()


@BLANK
def test_correlations_are_of_place_and_width(sweep: Path) -> None:
    report.write(sweep, io.StringIO())
    table = pd.read_csv(sweep / "report" / "correlations.csv").set_index(["metric", "axis"])
    x, y = [150, 200, 250, 350], [500, 700, 800, 1100]
    assert table.loc[("f_mem", "location"), "pearson"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert table.loc[("f_mem", "location"), "spearman"] == pytest.approx(1)
    assert table.loc[("f_mem", "width"), "n"] == 4


@BLANK
def test_a_heat_map_of_any_metric(sweep: Path) -> None:
    report.write(sweep, io.StringIO(), ["dcr_share"])
    assert (sweep / "report" / "heatmap_dcr_share.png").is_file()
    with pytest.raises(UserError, match=r"no metric dcr_shar \(did you mean dcr_share\?\)"):
        report.write(sweep, io.StringIO(), ["dcr_shar"])


@BLANK
def test_sweeps_of_several_data_sets_are_pooled_as_the_paper_does(
    sweep: Path, tmp_path: Path
) -> None:
    other = tmp_path / "runs" / "t"
    for k, (low, high) in enumerate([(100, 200), (100, 300), (200, 300), (300, 400)]):
        r = record(f"cl{low}_ch{high}_s0", low, high, 5000.0 + k)
        r["science"]["data"]["name"] = "e"
        put(other, r)
    out = io.StringIO()
    pool([sweep, other], out)
    assert "over the cells of s, t" in out.getvalue()
    result = pd.read_csv(tmp_path / "runs" / "pooled" / "parity.csv").set_index(["axis", "pooling"])
    assert result.n[("location", "raw")] == 8
    assert result.n[("location", "only s")] == 4
    assert result.pearson[("width", "only t")] == pytest.approx(
        np.corrcoef([100, 200, 100, 100], [0, 1, 2, 3])[0, 1]
    )
    assert set(pd.read_csv(tmp_path / "runs" / "pooled" / "associations.csv").iloc[:, 0]) >= {
        "s",
        "t",
    }
    with pytest.raises(UserError, match="given twice"):
        pool([sweep, sweep / ".." / "s"], io.StringIO())
    third = shutil.copytree(sweep, tmp_path / "runs" / "u")
    with pytest.raises(UserError, match="a data set each; these are of d, e, d"):
        pool([sweep, other, third], io.StringIO())
    with pytest.raises(UserError, match="takes a uniform run"):
        pool([sweep, third], io.StringIO())
    twice = record("cl100_ch200_s0_data.n_train-5", 100, 200, 1.0, split="half")
    twice["science"]["data"] |= {"name": "e", "n_train": 5}
    put(other, twice)
    with pytest.raises(UserError, match="t has cells of several splits"):
        pool([sweep, other], io.StringIO())


@BLANK
def test_a_sweep_of_one_finished_reference_run(tmp_path: Path) -> None:
    put(tmp_path / "s", record("base", None, None, 1.0))
    out = io.StringIO()
    report.write(tmp_path / "s", out)
    assert "0 cells" in out.getvalue()


def test_nothing_to_report_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        read(tmp_path / "none")
    put(tmp_path / "s", record("base", None, None, 1.0), "failed", "x")
    with pytest.raises(UserError, match=r"no finished run yet; unfinished: base"):
        read(tmp_path / "s")


def test_runs_of_different_data_are_not_mixed(sweep: Path) -> None:
    other = record("cl500_ch600_s0", 500, 600, 1, split="other")
    other["science"]["data"] = {"name": "another"}
    put(sweep, other)
    with pytest.raises(UserError, match="mixes runs of different data"):
        read(sweep)


@BLANK
def test_training_sets_of_several_sizes_are_listed_each_with_its_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = tmp_path / "runs" / "s"
    for n, value in ((64, 0.3), (256, 0.1), (32, 0.9)):
        r = record(f"uniform_s0_n{n}", None, None, value, split=str(n))
        r["split"]["n_train"] = r["science"]["data"]["n_train"] = n
        r["yardsticks"]["floor"] = {"f_mem": {"value": 0.0, "low": 0.0, "high": 1 / n}}
        put(sweep, r)
    calls, out = drawn(monkeypatch), io.StringIO()
    report.write(sweep, out)
    assert "32, 64, 256 train and 10 held-out examples" in out.getvalue()
    assert [row[0] for row in calls["dots"][1]] == [
        "uniform_s0_n32",
        "uniform_s0_n64",
        "uniform_s0_n256",
    ]
    assert [row[-1] for row in calls["dots"][1]] == [1 / 32, 1 / 64, 1 / 256]
    assert (
        "CAUTION: runs differ in data" in out.getvalue()
    )  # and no yardstick is given as if it were everybody's
    row = next(line for line in out.getvalue().splitlines() if line.strip().startswith("f_mem"))
    assert row.split()[1:3] == ["0.1", "0.9"]


def test_a_torn_record_counts_as_missing(sweep: Path) -> None:
    (sweep / "base" / "record.json").write_text('{"schema": 1,')
    assert "base" in read(sweep).unfinished


@BLANK
def test_strangers_in_a_sweep_are_no_runs_of_it(sweep: Path) -> None:
    """A copy beside its run, one whose record was written anew there, and a renamed run."""
    whole = read(sweep)
    copy = shutil.copytree(sweep / "cl100_ch200_s0", sweep / "backup of it")
    again = shutil.copytree(sweep / "cl100_ch200_s0", sweep / "measured again")
    known = json.loads((again / "record.json").read_text())
    (again / "record.json").write_text(json.dumps({**known, "name": again.name}))
    (sweep / "cl300_ch400_s0").rename(sweep / "mine")
    found = read(sweep)
    assert set(whole.table.name) - set(found.table.name) == {"cl300_ch400_s0"}
    assert set(found.table.name) < set(whole.table.name)
    assert set(found.strangers) == {copy.name, again.name, "mine"}
    out = io.StringIO()
    report.write(sweep, out)
    assert (
        "left out: backup of it (its record is of the run cl100_ch200_s0: it was copied or renamed)"
        in out.getvalue()
    )
    assert "left out: measured again (the same run as cl100_ch200_s0)" in out.getvalue()
    assert "backup of it" in (sweep / "report" / "index.html").read_text()


@BLANK
def test_damaged_files_of_runs_are_said(sweep: Path) -> None:
    folder = RunFolder(sweep / "uniform_s0")
    folder.samples.write_bytes(b"samples")
    folder.made.note("b", folder.samples)
    record = json.loads((folder.path / "record.json").read_text())
    folder.save_record({**record, "schema": 3, "keys": {"generate": "b"}})
    assert read(sweep).damaged == {}
    folder.samples.write_bytes(b"")
    folder.neighbours.write_bytes(b"")
    out = io.StringIO()
    report.write(sweep, out)
    assert "damaged: samples.npy of uniform_s0; its numbers stand" in out.getvalue()


@pytest.mark.parametrize("field", ["name", "sampler", "seed", "metrics", "split", "yardsticks"])
def test_a_record_without_a_field_counts_as_missing(sweep: Path, field: str) -> None:
    path = sweep / "base" / "record.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in known.items() if k != field}))
    assert "base" in read(sweep).unfinished


def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What the overview draws, by kind."""
    calls: dict[str, list[Any]] = {"dots": [], "triangle": []}
    monkeypatch.setattr(overview, "dots", lambda axis, runs, *rest: calls["dots"].append(runs))
    monkeypatch.setattr(
        heatmaps, "triangle", lambda axis, content, *rest: calls["triangle"].append(content.cells)
    )
    return calls


@BLANK
def test_a_sweep_of_other_distributions_is_listed_by_mean_t(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = tmp_path / "runs" / "s"
    for name, mean, value in (
        ("laplace_s0", 300, 0.5),
        ("beta_s0", 700, 0.2),
        ("mode_s0", 100, 0.9),
    ):
        r = record(name, None, None, value)
        r["sampler"] = {"name": name.split("_")[0], "statistics": {"mean": mean}, "realised": {}}
        put(sweep, r)
    put(sweep, record("base", None, None, 5.0))
    calls, out = drawn(monkeypatch), io.StringIO()
    report.write(sweep, out)
    assert not calls["triangle"]
    names = [row[0] for row in calls["dots"][0]]
    assert names == ["mode_s0", "laplace_s0", "beta_s0"]
    assert calls["dots"][0][0][1:] == pytest.approx(
        (0.9, 0.8, 1.0, 0.8, 1.0)
    )  # its interval, and the floor
    row = next(line for line in out.getvalue().splitlines() if line.strip().startswith("f_mem"))
    assert row.split()[1:3] == ["0.2", "0.9"]  # least and greatest, the base left out


@BLANK
def test_cells_used_in_several_ways_are_listed_not_averaged(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for low, high in [(100, 200), (100, 300), (200, 300), (300, 400)]:
        r = record(f"cl{low}_ch{high}_weight_s0", low, high, 1.0)
        r["science"]["use"] = {"mode": "weight"}
        put(sweep, r)
    calls, out = drawn(monkeypatch), io.StringIO()
    report.write(sweep, out)
    assert not calls["triangle"]
    assert len(calls["dots"][0]) == 8
    assert "CAUTION: runs differ in use" in out.getvalue()


@BLANK
def test_a_plain_grid_is_a_heat_map(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = drawn(monkeypatch)
    report.write(sweep, io.StringIO())
    assert not calls["dots"]
    assert sorted(calls["triangle"][0])[0] == pytest.approx((100, 200, 500))


@BLANK
def test_what_was_left_out_and_a_base_that_knows_too_much_are_said(sweep: Path) -> None:
    path = sweep / "base" / "record.json"
    known = json.loads(path.read_text())
    known["split"] |= {"dropped": {"exact duplicate": 5, "near duplicate": 14}, "duplicates": 0}
    path.write_text(json.dumps(known))
    (sweep / "sweep.json").write_text(json.dumps({"runs": {"base": {}}}))
    said = io.StringIO()
    report.write(sweep, said)
    assert "held-out examples (5 exact duplicate, 14 near duplicate left out)" in said.getvalue()
    assert "CAUTION" not in said.getvalue()
    known["base"] = {"path": "somebody/ddpm", "saw_heldout": True}
    path.write_text(json.dumps(known))
    report.write(sweep, said)
    assert (
        "CAUTION: the base was not made on this split and may have seen the held-out examples"
        in said.getvalue()
    )


@BLANK
def test_a_metric_without_a_value_anywhere_is_left_out(sweep: Path) -> None:
    for path in sweep.glob("*/record.json"):
        known = json.loads(path.read_text())
        known["metrics"]["c_t"] = {"value": None, "low": None, "high": None}
        path.write_text(json.dumps(known))
    report.write(sweep, io.StringIO())
    assert "c_t" not in read(sweep).metrics
