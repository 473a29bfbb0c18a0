"""Numbers and names that make no sense are refused by their setting, before anything is begun."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from memctl.config.ranges import RANGES, check_names
from memctl.config.running import BESIDE_SWEEPS, Sweep
from memctl.errors import UserError
from memctl.experiment import Experiment

Compose = Callable[..., DictConfig]
CELL = ("ci.low=700", "ci.high=1000")
CHOSEN = ("model=unet1d", "data=digits model=unet2d_8", "data=images model=unet2d_16")
NO_NAMES = ["..", ".", "", " ", "a/b", "/tmp", "a\\b", "a\nb", ".x", "x" * 300]


def whole_numbers(node: Any, name: str = "") -> Iterator[str]:
    """The full names of all settings that are whole numbers."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from whole_numbers(value, f"{name}.{key}" if name else key)
    elif isinstance(node, int) and not isinstance(node, bool):
        yield name


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_whole_number_beyond_reason_is_refused_by_its_name(
    composed: Compose, chosen: str
) -> None:
    """Every one that there is, but for a side's size, refused once the data are read, and the
    sampler's numbers, which are no counts.
    """
    cfg = composed(*chosen.split(), *CELL)
    numbers = set(whole_numbers(OmegaConf.to_container(cfg))) | {"base.steps", "control.steps"}
    assert {"metrics.bins", "trainer.threads", "base.seed", "generate.samples"} < numbers
    for name in sorted(numbers):
        if name.startswith(("sampler.", "data.n_")):
            continue
        for value in (10**12, 10**30, -(10**30)):
            if value == 10**12 and name.endswith("seed"):
                continue
            wrong = cfg.copy()
            OmegaConf.update(wrong, name, value)
            with pytest.raises(UserError, match=name.replace("data.base_", "base.")):
                Experiment.of(wrong)


def test_no_range_holds_what_is_no_number(composed: Compose) -> None:
    config = composed(*CELL)
    checked = [
        (key, valid) for key, valid, _ in RANGES if isinstance(OmegaConf.select(config, key), float)
    ]
    assert len(checked) > 8
    for key, valid in checked:
        assert not valid(float("nan")), key
        assert not valid(float("inf")), key


def test_a_sweep_and_a_run_have_folders_of_their_own() -> None:
    for name in ("..", ".", "", " ", "a/b", "/a", "a\\b", "a\nb", ".x", "x" * 300):
        with pytest.raises(UserError, match="give the name of one folder"):
            check_names(Sweep(name), "cl1_ch2_s0")
    for tag in ("/a", "a\nb", "x" * 300):
        with pytest.raises(UserError, match="calls a run cl1_ch2_s0_"):
            check_names(Sweep(tag=tag), f"cl1_ch2_s0_{tag}")


def test_folders_beside_the_sweeps_are_no_sweeps(finished: Any) -> None:
    for name in BESIDE_SWEEPS:
        with pytest.raises(UserError, match=f"sweep.name={name} names a folder that memctl keeps"):
            check_names(Sweep(name), "base")
    check_names(Sweep("bases2", "lr-0.1"), "base_lr-0.1")
    assert {p.name for p in finished.iterdir()} - {"mitdb208"} <= set(BESIDE_SWEEPS)
