"""The weights of the loss by t against the formulas of their papers, for the three predictions."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from memctl.config import WEIGHTINGS, Diffusion, Weighting
from memctl.diffusion.objective import losses
from memctl.diffusion.schedule import forward_process
from memctl.diffusion.weighting import loss_weights
from memctl.samplers import NoiseSchedule
from memctl.samplers.schedule import SCHEDULES

PREDICTIONS = ("epsilon", "sample", "v_prediction")
LOG_SNR = np.concatenate([NoiseSchedule().log_snr[::37], [math.log(5), 0.0]])
WEIGHTS = {
    "none": Weighting(),
    "min_snr": Weighting("min_snr", gamma=5.0),
    "min_snr, 1": Weighting("min_snr", gamma=1.0),
    "soft_min_snr": Weighting("soft_min_snr", gamma=4.0),
    "p2": Weighting("p2", gamma=1.0, k=1.0),
    "p2, half": Weighting("p2", gamma=0.5, k=2.0),
    "snr": Weighting("snr"),
    "debiased": Weighting("debiased"),
}

# (weighting, prediction): the factor of that prediction's mean square error, s the SNR, as the
# source writes it
FORMULAS: dict[tuple[str, str], Callable[[float], float]] = {
    ("min_snr", "epsilon"): lambda s: min(s, 5) / s,
    ("min_snr", "sample"): lambda s: min(s, 5),
    ("min_snr", "v_prediction"): lambda s: min(s, 5) / (s + 1),
    ("min_snr, 1", "epsilon"): lambda s: min(1, 1 / s),
    ("p2", "epsilon"): lambda s: 1 / (1 + s),
    ("p2, half", "epsilon"): lambda s: 1 / math.sqrt(2 + s),
    ("snr", "epsilon"): lambda s: 1,
    ("snr", "sample"): lambda s: s,
    ("debiased", "epsilon"): lambda s: 1 / math.sqrt(s),
    ("soft_min_snr", "sample"): lambda s: s * 4 / (s + 4),
    **{("none", prediction): lambda s: 1 for prediction in PREDICTIONS},
}


@pytest.mark.parametrize(("name", "prediction"), FORMULAS, ids=str)
def test_it_is_the_formula_of_its_source(name: str, prediction: str) -> None:
    expected = [FORMULAS[name, prediction](math.exp(lam)) for lam in LOG_SNR]
    np.testing.assert_allclose(
        loss_weights(WEIGHTS[name], prediction, LOG_SNR), expected, rtol=1e-12
    )


@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 4.0, 80.0])
def test_on_v_it_is_the_formula_of_k_diffusion(sigma: float) -> None:
    """In sigma, SNR = 1 / sigma^2, with data of standard deviation 1: soft-min-SNR (s)^2 / (s^2 +
    1)^2, snr 1 / (s^2 + 1).
    """
    log_snr = np.array([-2 * math.log(sigma)])
    found = loss_weights(Weighting("soft_min_snr", gamma=1.0), "v_prediction", log_snr)
    assert found[0] == pytest.approx(sigma**2 / (sigma**2 + 1) ** 2)
    assert loss_weights(Weighting("snr"), "v_prediction", log_snr)[0] == pytest.approx(
        1 / (sigma**2 + 1)
    )


def test_soft_min_snr_is_min_snr_without_the_corner() -> None:
    """At most min(S, gamma), half of it at S = gamma, and the same far from there."""
    soft, hard = (
        loss_weights(Weighting(name, gamma=4.0), "sample", LOG_SNR)
        for name in ("soft_min_snr", "min_snr")
    )
    assert (soft <= hard).all()
    assert loss_weights(Weighting("soft_min_snr", gamma=4.0), "sample", np.array([math.log(4)]))[
        0
    ] == pytest.approx(2)
    for lam in (-9.0, 12.0):
        far = [
            loss_weights(Weighting(name, gamma=4.0), "sample", np.array([lam]))[0]
            for name in ("soft_min_snr", "min_snr")
        ]
        assert far[0] == pytest.approx(far[1], rel=1e-3)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", [name for name in WEIGHTS if name != "none"])
def test_one_weighting_is_one_objective_for_the_three_predictions(name: str, schedule: str) -> None:
    """Networks that say the same of x_0, one in each prediction: their weighted losses agree at
    every t.
    """
    g = torch.Generator().manual_seed(0)
    x0, eps, off = (torch.randn(50, 2, 6, generator=g).double() for _ in range(3))
    t = torch.arange(0, 1000, 20)
    found = {}
    for prediction in PREDICTIONS:
        config = Diffusion(schedule=schedule, prediction=prediction)
        scheduler = forward_process(config)
        scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
        a, s = (
            root.sqrt().view(-1, 1, 1)
            for root in (scheduler.alphas_cumprod[t], 1 - scheduler.alphas_cumprod[t])
        )
        noise = a * x0 + s * eps
        guess = (
            x0 + off
        )  # of x_0, by a network that is off by `off`; eps and v follow from it and x_t
        guessed_eps = (noise - a * guess) / s
        says = {
            "epsilon": guessed_eps,
            "sample": guess,
            "v_prediction": a * guessed_eps - s * guess,
        }[prediction]
        target = {"epsilon": eps, "sample": x0, "v_prediction": a * eps - s * x0}[prediction]
        each = ((says - target) ** 2).mean(dim=(1, 2))
        w = loss_weights(WEIGHTS[name], prediction, NoiseSchedule.from_config(config).log_snr)[
            t.numpy()
        ]
        found[prediction] = w * each.numpy()
    # 1 - abar of diffusers' float32 betas differs in its last digits from the log SNR's: 1e-7 /
    # 1e-4 at the first step.
    np.testing.assert_allclose(found["epsilon"], found["sample"], rtol=5e-3)
    np.testing.assert_allclose(found["v_prediction"], found["sample"], rtol=5e-3)


@pytest.mark.parametrize("prediction", ["sample", "v_prediction"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", WEIGHTS)
def test_the_objective_of_our_module_is_the_same_one(
    name: str, schedule: str, prediction: str
) -> None:
    """`losses` itself, of networks that say the same of x_0 as one that predicts the noise."""
    if name == "none":
        assert (loss_weights(WEIGHTS[name], prediction, LOG_SNR) == 1).all()
        return
    g = torch.Generator().manual_seed(1)
    x0, eps = (torch.randn(3, 1, 8, generator=g) for _ in range(2))
    t = torch.tensor([120, 400, 700])
    abar = forward_process(Diffusion(schedule=schedule)).alphas_cumprod[t].view(-1, 1, 1)

    def says(kind: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        guess = torch.tanh(x0) + 0.3
        return lambda x, _: {
            "epsilon": (x - abar.sqrt() * guess) / (1 - abar).sqrt(),
            "sample": guess,
            "v_prediction": (
                (abar.sqrt() * x - guess) / (1 - abar).sqrt()
            ),  # x_0 = sqrt(abar) x_t - sqrt(1 - abar) v
        }[kind]

    weighted = []
    for kind in ("epsilon", prediction):
        config = Diffusion(schedule=schedule, prediction=kind)
        w = loss_weights(WEIGHTS[name], kind, NoiseSchedule.from_config(config).log_snr)[t.numpy()]
        weighted.append(w * losses(says(kind), forward_process(config), x0, t, eps).numpy())
    np.testing.assert_allclose(weighted[1], weighted[0], rtol=1e-3)  # float32


@pytest.mark.parametrize("zero", [False, True], ids=["", "zero terminal SNR"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_finite_and_not_negative(name: str, schedule: str, zero: bool) -> None:
    log_snr = NoiseSchedule(schedule=schedule, zero_terminal_snr=zero).log_snr
    for prediction in PREDICTIONS[zero:]:  # zero terminal SNR is no place for the noise
        found = loss_weights(WEIGHTS[name], prediction, log_snr)
        assert found.shape == (1000,)
        assert found.dtype == np.float64
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert (found[:-1] > 0).all()
        assert np.isfinite(found.astype(np.float32)).all()


def test_every_weighting_is_tested() -> None:
    assert {weighting.name for weighting in WEIGHTS.values()} == set(WEIGHTINGS)
