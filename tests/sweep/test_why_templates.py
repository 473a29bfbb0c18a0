"""The templates that separate the explanations: what they compute is what they sweep."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from memctl.experiment import Experiment
from memctl.paths import TEMPLATES, config_root
from memctl.samplers import IntervalSampler, UniformSampler
from memctl.sweep.grid import axes, cells


def template(name: str) -> dict:
    return yaml.safe_load((config_root() / TEMPLATES / f"{name}.yaml").read_text())


def params(name: str) -> dict[str, str]:
    return template(name)["hydra"]["sweeper"]["params"]


def test_the_bands_are_ten_that_share_all_steps_each_left_out_and_doubled() -> None:
    texts = template("why_bands")["hydra"]["sweeper"]["references"]
    bands = [dict(item.split("=") for item in text.split()) for text in texts]
    assert {band["sampler"] for band in bands} == {"band"}
    for multiplier in ("0", "2"):
        ends = [
            (int(band["sampler.low"]), int(band["sampler.high"]))
            for band in bands
            if band["sampler.multiplier"] == multiplier
        ]
        assert ends == [(low, low + 100) for low in range(0, 1000, 100)]


def test_the_order_is_tried_both_ways_with_each_interval(composed: Callable[..., Any]) -> None:
    swept = axes(
        OverridesParser.create().parse_overrides(
            [f"{k}={v}" for k, v in params("why_order").items()]
        )
    )
    compose = partial(composed, config_name=f"{TEMPLATES}/why_order")
    made = [Experiment.of(compose(*job)).sampler for job in cells(swept)]
    assert {sampler.at for sampler in made} == {0.25, 0.5, 0.75}
    intervals = {part.label for sampler in made for part in sampler.parts} - {"uniform"}
    assert intervals == {"cl700_ch1000", "cl100_ch400"}
    orders = {(sampler.at, *(part.label for part in sampler.parts)) for sampler in made}
    assert orders == {(at, b, a) for at, a, b in orders}
    assert len(orders) == len(made) == 12


def test_the_matched_steps_draw_as_often_below_300() -> None:
    swept = params("why_matched_draws")
    full, matched = map(int, swept["base.steps"].split(","))
    assert full == template("scratch")["base"]["steps"]
    interval = IntervalSampler(low=float(swept["ci.low"]), high=float(swept["ci.high"]))
    share, uniform = (
        sampler.statistics()["share_below_300"] for sampler in (interval, UniformSampler())
    )
    assert matched == round(full * share / uniform)
    assert uniform == pytest.approx(0.3)
