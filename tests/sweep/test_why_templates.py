"""The templates that separate the explanations: what they compute is what they sweep."""

import pytest
import yaml

from memctl.paths import TEMPLATES, config_root
from memctl.samplers import IntervalSampler, UniformSampler


def template(name: str) -> dict:
    return yaml.safe_load((config_root() / TEMPLATES / f"{name}.yaml").read_text())


def params(name: str) -> dict[str, str]:
    return template(name)["hydra"]["sweeper"]["params"]


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
