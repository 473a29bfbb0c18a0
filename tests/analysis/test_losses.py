"""Losses by run, and what a fixed model reads under another distribution of t."""

import math

import numpy as np
import pytest

from memctl.analysis.losses import by_t, control_epochs, fixed_loss, losses


def test_the_last_epochs_are_averaged(swept):
    table = losses(
        swept(lambda location, width: 1.0, lambda location, width, epoch: location + epoch)
    )
    cell = table[(table.low == 100) & (table.high == 200)].iloc[0]
    assert (cell.epochs, cell.loss) == (30, 150 + np.arange(11, 41).mean())
    assert cell.sd == pytest.approx(np.arange(11, 41).std(ddof=1))
    assert math.isnan(cell.fixed)
    assert math.isnan(cell.probe)
    assert len(table) == 45


def test_one_fixed_model_is_read_under_each_cells_t(swept):
    table = losses(
        swept(
            lambda location, width: 1.0,
            lambda location, width, epoch: 1.0,
            uniform=lambda t: float(t),
        )
    )
    for row in table[table.kind == "cell"].itertuples():
        assert row.fixed == pytest.approx(np.mean(np.arange(row.low, row.high, 50)))
    assert table[table.kind == "uniform"].fixed.iloc[0] == pytest.approx(475)


def test_a_bin_that_was_drawn_and_is_unknown_leaves_it_open():
    record = {"sampler": {"realised": {"edges": [0, 50, 100], "realised": [0.5, 0.5]}}}
    known = by_t([{"loss_t/0000-0050": 1.0}, {"loss_t/0000-0050": 3.0, "loss_t/0050-0100": None}])
    assert known.to_dict() == {0: 2.0}
    assert math.isnan(fixed_loss(record, known))
    record["sampler"]["realised"]["realised"] = [1.0, 0.0]
    assert fixed_loss(record, known) == 2
    assert math.isnan(fixed_loss({"sampler": None}, known))


def test_a_probe_is_read_where_it_is(swept):
    table = losses(
        swept(
            lambda location, width: 1.0,
            lambda location, width, epoch: 1.0,
            probe=lambda location, width: width,
        )
    )
    assert (table.probe == table.width).all()
    np.testing.assert_allclose(table.probe_width, 0.002)


def test_only_the_controlled_training_counts():
    rows = [
        {"stage": "base", "loss": 1.0},
        {"stage": "control", "loss": None},
        {"stage": "control", "loss": 2.0},
        {"stage": "control"},
    ]
    assert control_epochs(rows) == [rows[2]]
