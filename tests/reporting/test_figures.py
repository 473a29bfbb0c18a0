"""What the report's figures show is what the tables hold."""

import numpy as np

from memctl.analysis.losses import losses
from memctl.analysis.parity import boxes
from memctl.reporting.sections import BOXES, LOSSES
from memctl.reporting.sections.losses import PANELS
from tests.sweeps import swept


def test_losses_are_a_line_a_width_beside_one_models(tmp_path):
    sweep = swept(
        tmp_path, lambda *_: 1.0, lambda location, width, epoch: 1 / location, uniform=lambda t: 0.1
    )
    own, fixed = LOSSES.figure(sweep, losses(sweep)).axes
    assert (own.get_title("left"), fixed.get_title("left")) == (PANELS["loss"], PANELS["fixed"])
    assert len(own.lines) == len(fixed.lines) == 9  # widths
    np.testing.assert_allclose(own.lines[0].get_xdata(), np.arange(150, 1000, 100))
    np.testing.assert_allclose(own.lines[0].get_ydata(), 1 / np.arange(150, 1000, 100))
    np.testing.assert_allclose(fixed.lines[0].get_ydata(), 0.1)


def test_losses_that_nobody_knows_are_an_empty_picture(tmp_path):
    sweep = swept(tmp_path, lambda *_: 1.0, lambda *_: 1.0)
    for path in sweep.directory.glob("*/metrics.jsonl"):
        path.unlink()
    (axis,) = LOSSES.figure(sweep, losses(sweep)).axes
    assert all(np.isnan(line.get_ydata()).all() for line in axis.lines)


def test_boxes_have_a_group_each_and_the_floor_behind(tmp_path):
    sweep = swept(tmp_path, lambda location, width: location, lambda *_: 1.0, floor=(400, 500))
    table = boxes(sweep.cells, "distance_to_train")
    (axis,) = BOXES.figure(sweep, table).axes
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels == [f"{row.group}\n{row.n} cells" for row in table.itertuples()]
    (band,) = axis.patches
    assert (band.get_y(), band.get_y() + band.get_height()) == (400, 500)
