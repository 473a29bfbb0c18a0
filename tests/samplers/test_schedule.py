"""The noise schedule as a value: against diffusers and float64, from schedulers, through JSON."""

import copy
import json
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from memctl.config import Diffusion
from memctl.errors import UserError
from memctl.samplers import NoiseSchedule
from memctl.samplers.schedule import SCHEDULES

names = pytest.mark.parametrize("name", SCHEDULES)
zeros = pytest.mark.parametrize("zero", [False, True], ids=["", "zero terminal SNR"])


def betas64(name: str, steps: int, start: float = 1e-4, end: float = 0.02) -> np.ndarray:
    """The betas by their formulas, in float64."""
    if name == "linear":
        return np.linspace(start, end, steps)
    if name == "scaled_linear":
        return np.linspace(math.sqrt(start), math.sqrt(end), steps) ** 2
    if name == "sigmoid":
        return start + (end - start) / (1 + np.exp(-np.linspace(-6, 6, steps)))
    f = [math.cos((t / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(steps + 1)]
    return np.array([min(1 - f[t + 1] / f[t], 0.999) for t in range(steps)])


def rescaled(abar: np.ndarray) -> np.ndarray:
    """Algorithm 1 of Lin et al. 2023: sqrt(abar) shifted to end in 0 and scaled to begin where it
    did.
    """
    root = np.sqrt(abar)
    return ((root - root[-1]) * root[0] / (root[0] - root[-1])) ** 2


@names
@zeros
@pytest.mark.parametrize("steps", [20, 1000])
def test_log_snr_is_that_of_the_formulas(name: str, zero: bool, steps: int):
    abar = np.cumprod(1 - betas64(name, steps))
    if zero:
        abar = rescaled(abar)
    with np.errstate(divide="ignore"):
        expected = np.log(abar / (1 - abar))
    found = NoiseSchedule(steps, name, zero_terminal_snr=zero).log_snr
    assert found.dtype == np.float64
    if zero:
        assert found[-1] == -math.inf
        found, expected = found[:-1], expected[:-1]
    # Diffusers keeps betas in float32, to 6e-8 of 1 - beta each: over t steps log abar is off by up
    # to 6e-8 t (1,000: 6e-5). Near a rescaled end sqrt(abar) is a difference of numbers near 0.006
    # or 0.9 in float32, and its last few steps are worse.
    end = len(found) - 5 if zero else len(found)
    np.testing.assert_allclose(found[:end], expected[:end], rtol=0, atol=0.02 if zero else 1e-3)
    assert (np.diff(found) < 0).all()


@names
@zeros
def test_the_forward_process_is_diffusers_own(name: str, zero: bool):
    config = Diffusion(
        schedule=name, beta_start=2e-4, beta_end=0.03, zero_terminal_snr=zero, timesteps=50
    )
    found = NoiseSchedule.from_config(config).forward_process(prediction_type="sample")
    expected = DDPMScheduler(50, 2e-4, 0.03, name, rescale_betas_zero_snr=zero)
    assert torch.equal(found.betas, expected.betas)
    assert torch.equal(found.alphas_cumprod, expected.alphas_cumprod)
    assert found.config.prediction_type == "sample"


@names
@zeros
def test_of_a_scheduler_is_the_schedule_of_its_betas(name: str, zero: bool):
    schedule = NoiseSchedule(100, name, zero_terminal_snr=zero)
    scheduler = schedule.forward_process()
    found = NoiseSchedule.of(scheduler)
    assert (found.timesteps, found.betas) == (100, tuple(scheduler.betas.tolist()))
    np.testing.assert_array_equal(found.log_snr, schedule.log_snr)
    assert torch.equal(found.forward_process().betas, scheduler.betas)
    assert NoiseSchedule.of(found.forward_process()) == found


def test_of_any_object_with_betas():
    """Another scheduler of diffusers, and a GaussianDiffusion of other code, which has an array of
    numpy.
    """
    betas = np.linspace(1e-4, 0.02, 1000)
    for other in (
        SimpleNamespace(betas=betas),
        SimpleNamespace(betas=betas.tolist()),
        DDIMScheduler(1000, 1e-4, 0.02),
    ):
        found = NoiseSchedule.of(other)
        np.testing.assert_allclose(
            found.log_snr, NoiseSchedule().log_snr, rtol=0, atol=1e-4
        )  # float32 betas, as above
    np.testing.assert_allclose(
        NoiseSchedule.of(SimpleNamespace(betas=betas)).log_snr,
        np.log(np.cumprod(1 - betas) / (1 - np.cumprod(1 - betas))),
        rtol=1e-12,
        atol=1e-12,
    )


SCHEDULED = {
    "default": NoiseSchedule(),
    "few": NoiseSchedule(7, "sigmoid", 0.01, 0.5),
    "zero terminal SNR": NoiseSchedule(50, "scaled_linear", zero_terminal_snr=True),
    "given betas": NoiseSchedule(3, betas=(0.1, 0.5, 1.0)),
}


@pytest.mark.parametrize("schedule", SCHEDULED.values(), ids=SCHEDULED.keys())
def test_it_survives_json_and_copies(schedule: NoiseSchedule):
    _ = schedule.log_snr
    for again in (
        NoiseSchedule(**json.loads(json.dumps(schedule.spec()))),
        copy.deepcopy(schedule),
        pickle.loads(pickle.dumps(schedule)),
    ):
        assert again == schedule
        assert hash(again) == hash(schedule)
        np.testing.assert_array_equal(again.log_snr, schedule.log_snr)


def test_log_snr_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        NoiseSchedule(5).log_snr[0] = 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"schedule": "cosine"},
            "diffusion.schedule=cosine must be linear, scaled_linear, squaredcos_cap_v2 or sigmoid",
        ),
        ({"betas": (0.1, 0.2)}, "a noise schedule of 3 steps cannot have 2 betas"),
        ({"betas": (0.1, 0.0, 0.2)}, r"must lie in (0, 1)"),
        ({"betas": (0.1, 1.0, 0.2)}, r"must lie in (0, 1)"),
        ({"betas": (0.1, 0.2, 1.1)}, r"must lie in (0, 1)"),
        ({"betas": (0.1, math.nan, 0.2)}, r"must lie in (0, 1)"),
    ],
    ids=str,
)
def test_a_wrong_schedule_is_refused(wrong: dict[str, object], message: str):
    with pytest.raises(UserError) as caught:
        NoiseSchedule(**{"timesteps": 3, **wrong})
    assert message in str(caught.value)


def test_a_single_step_cannot_end_without_signal_and_begin_with_it():
    with pytest.raises(
        UserError,
        match=(
            r"diffusion\.timesteps=1 must be a whole number of at least 2 where the terminal SNR is"
            r" zero"
        ),
    ):
        _ = NoiseSchedule(1, zero_terminal_snr=True).log_snr
