"""What `make bench` compares does the same work; no test asserts a time."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from docs.numbers import collect, fill
from tests.benchmarks import __main__ as bench
from tests.benchmarks import evaluation, machine, signals, timing
from tests.benchmarks.training import steps_in_turn


@pytest.mark.long
def test_the_metrics_are_those_of_the_packages() -> None:
    ours, theirs, _ = evaluation.works(120)
    read = ours()
    assert read == pytest.approx(theirs(), rel=1e-6, abs=1e-9)
    assert tuple(name for name in evaluation.NAMES if name in read) == evaluation.NAMES
    assert read["f_mem"] > 0.02  # copies of train are among them


def test_others_have_a_turn_after_each_step() -> None:
    from memctl import models

    turns: list[int] = []
    network = models.build({"name": "unet1d"}).network((1, 16))
    before = [p.detach().clone() for p in network.parameters()]
    x = np.zeros((4, 1, 16), dtype=np.float32)
    spent = steps_in_turn(network, x, 2, {"other": lambda: turns.append(1)}, rounds=3)
    assert {name: len(each) for name, each in spent.items()} == {"memctl": 3, "other": 3}
    assert len(turns) == 5
    pairs = zip(before, network.parameters(), strict=True)
    assert any(bool((a != b).any()) for a, b in pairs)  # it trained


ORPHAN = """
import resource, subprocess, sys
from tests.benchmarks.timing import adopt, gather
busy = "import time\\nwhile time.process_time() < 0.5: pass"
leaves = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
adopt()
subprocess.run([sys.executable, "-c", leaves], check=True)
gather()
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
assert spent.ru_utime + spent.ru_stime > 0.5
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_what_a_command_leaves_behind_is_not_taken_for_others() -> None:
    subprocess.run([sys.executable, "-c", ORPHAN], check=True)


@pytest.mark.long
def test_the_peak_of_a_process_is_its_own() -> None:
    """And not that of the larger process which started it."""
    held = np.ones(2**27)  # 1 GiB
    code = "from tests.benchmarks import machine as m; m.np.ones(2**24); print(m.peak())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.125 < float(out.stdout) < 0.9 < machine.peak()
    assert held[0] == 1


def test_the_crossing_between_two_looks() -> None:
    assert signals.crossed([(10, 1.0), (40, 0.01)], 0.1) == pytest.approx(20)
    assert signals.crossed([(10, 0.01)], 0.1) == 10
    assert signals.crossed([(10, 1.0), (40, 0.01), (80, 1.0)], 0.1) == pytest.approx(20)
    assert 10 < signals.crossed([(10, 1.0), (40, -0.01)], 0.1) <= 40


def test_where_one_does_not_reach_the_target_all_are_compared_at_what_they_did() -> None:
    first, second = signals.Learner("memctl"), signals.Learner("other")
    for seconds, energy in ((10, 1.0), (40, 0.01)):
        first.spent = seconds
        first.look(energy, target=0.05)
    for seconds, energy in ((10, 2.0), (90, 0.1)):
        second.spent = seconds
        second.look(energy, target=0.05)
    names = {"memctl": "a", "other": "b"}
    reached, late = signals.to_target([first, second], names, 0.05)
    assert 20 < reached["value"] < 40
    assert (late["value"], late["at_least"]) == (90, True)
    assert late["ratio"] == pytest.approx(90 / reached["value"])
    same = signals.to_the_same([first, second], names, 0.05)
    assert [row["value"] for row in same] == pytest.approx([20, 90])
    assert same[1]["ratio"] == pytest.approx(4.5)
    assert signals.to_the_same([first], names, 0.05) == []


def test_a_part_takes_the_place_of_its_former_rows_and_becomes_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = timing.summed_up("a step", {"memctl": [1, 2, 4], "other": [5, 5, 6]})
    late = {**timing.found("to 0.1", "other", 120, "s"), "at_least": True, "ratio": 4.0}
    for _ in range(2):
        bench.write("images", [*rows, late], tmp_path / "bench", busy=0.25)
    bench.write("sweep", rows[:1], tmp_path / "bench", busy=0.0)
    known = json.loads((tmp_path / "bench" / "bench.json").read_text())
    assert [row["part"] for row in known] == ["images"] * 3 + ["sweep"]
    tables = tmp_path / "tables"
    monkeypatch.setattr(collect, "TABLES", tables)
    monkeypatch.setattr(fill, "TABLES", tables)
    empty = "<!-- block bench -->\n<!-- end bench -->"
    assert fill.filled(empty) == empty  # nothing where there is no table yet
    collect.collect(tmp_path)
    assert len(pd.read_csv(tables / "bench.csv")) == 4
    text = fill.filled(empty)
    assert "| a step | memctl | 2 s [1, 4] | 1 |" in text
    assert "| a step | other | 5 s [5, 6] | 2.5 |" in text
    assert "| to 0.1 | other | more than 120 s | more than 4 |" in text
    assert text.count("## Speed") == 1
    assert "2.50 x" in capsys.readouterr().out
