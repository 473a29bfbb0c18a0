"""The probe of a run: in its example, its metrics and its folder."""

from collections.abc import Callable

import numpy as np
import pytest

from memctl.experiment import Experiment
from memctl.probes.rows import kept, summary
from memctl.stages import run as stages


def test_a_run_is_probed(finished_run: Callable[..., Experiment]) -> None:
    run = finished_run("probe.examples=64", "probe.bins=5")
    example = stages.run(run)
    rows = example["probe"]
    assert [row["t_low"] for row in rows] == [1, 201, 401, 601, 801]
    assert {row["n"] for row in rows} == {24}
    for name, key in (("probe_loss", "loss_heldout"), ("probe_gap", "gap"), ("probe_auc", "auc")):
        measure = example["metrics"][name]
        assert measure["value"] == pytest.approx(np.mean([row[key] for row in rows]))
        assert measure["low"] <= measure["value"] <= measure["high"]
    assert (run.folder.path / "probe.png").stat().st_size > 10_000


def test_it_can_be_left_out(finished_run: Callable[..., Experiment]) -> None:
    run = finished_run()
    example = stages.run(run)
    assert example["probe"] == []
    assert "probe_loss" not in example["metrics"]
    assert not (run.folder.path / "probe.png").exists()
    assert summary([]) == {}


def test_a_run_of_which_the_record_alone_has_the_probe_keeps_it(
    finished_run: Callable[..., Experiment],
) -> None:
    """As memctl left folders up to format 4, and measuring anew loses nothing."""
    run = finished_run("probe.examples=64", "probe.bins=5")
    rows = stages.run(run)["probe"]
    key = run.keys["probe"]
    run.folder.probe.unlink()
    assert kept(run.folder, key) == rows
    assert kept(run.folder, "another") is None
    record = run.folder.record()
    assert record is not None
    science = record["science"]
    probe = {"records": science["probe"]["examples"], "bins": 5, "draws": 1, "seed": 0}
    old = {k: v for k, v in science.items() if k != "use"} | {"format": 4, "probe": probe}
    old["drawing"] = science["use"]
    run.folder.save_record({**record, "schema": 1, "keys": None, "science": old})
    assert kept(run.folder, key) == rows
    run.folder.save_record({**record, "schema": 1, "science": {**old, "format": 3}})
    assert kept(run.folder, key) is None
