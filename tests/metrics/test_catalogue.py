"""The list of metrics, and the pages and settings that follow from it."""

from dataclasses import replace

import numpy as np
import pytest

from memctl.config import Metrics
from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics import catalogue
from memctl.metrics.catalogue import METRICS
from memctl.metrics.generators import CALIBRATORS, IN_TIME
from memctl.metrics.suite import Suite


def test_what_is_listed_is_measured() -> None:
    """On signals with classes and no range of their own every metric has a value."""
    values = np.random.default_rng(0).normal(size=(120, 1, 24)).astype(np.float32)
    sides = split(Examples(values, np.arange(120) % 2, temporal=True))
    found = Suite.of(sides, Metrics(repeats=20, bins=10)).evaluate(sides.train)
    assert list(found) == list(METRICS)


def test_a_version_stands_for_every_metric_that_is_read() -> None:
    config = Metrics()
    of_metrics = {name: metric.version for name, metric in METRICS.items()}
    assert catalogue.versions(config) == of_metrics | {"floors": catalogue.FLOORS}
    lean = catalogue.versions(replace(config, full=False))
    assert set(METRICS) - set(lean) == {name for name, m in METRICS.items() if "full" in m.needs}
    more = catalogue.versions(replace(config, components=3))
    added = set(more) - set(METRICS) - {"floors"}
    assert {name for name in more if name.endswith("_C3")} == added
    assert len(added) == 4


def test_a_raised_version_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    mended = replace(catalogue.f_mem.F_MEM, version=2)
    monkeypatch.setattr(catalogue.f_mem, "F_MEM", mended)
    before = {name: metric.version for name, metric in METRICS.items()}
    before["floors"] = catalogue.FLOORS
    assert catalogue.versions(Metrics()) == before | {"f_mem": 2}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_what_is_said_of_a_metric_holds_together(metric: catalogue.Metric) -> None:
    assert set(metric.claims) <= {*CALIBRATORS, *IN_TIME}
    assert metric.floor is None or metric.of_sets is None
    if metric.claims or metric.main:
        assert metric.floor or metric.of_sets
    if metric.main:
        assert metric.yardsticks
        assert not metric.needs
    assert len(metric.title) <= 60
    assert len(metric.about) <= 100
