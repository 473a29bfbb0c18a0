"""Weights of the loss by t: which noise levels count, whatever they are drawn from and whatever the
network predicts.

A weighting is given as W(t), its factor of the mean square error of the predicted x_0. With S =
SNR(t) the errors are tied by MSE(x_0) = MSE(eps) / S = MSE(v) / (S + 1), so the factor of the eps
loss is W / S, of the v loss W / (S + 1).

    name           W(t)                     source
    none           -                        each prediction's own loss: S, 1 and S + 1 in W
    min_snr        min(S, gamma)            Hang et al. 2023, arXiv 2303.09556; gamma = 5
    soft_min_snr   S gamma / (S + gamma)    Crowson et al. 2024, arXiv 2401.11605; gamma = 4
    p2             S / (k + S)^gamma        Choi et al. 2022, arXiv 2204.00227; k = 1, gamma <= 1
    snr            S                        Ho et al. 2020's eps loss, for any prediction
    debiased       sqrt(S)                  Yu et al. 2023, arXiv 2310.08442: eps loss / sqrt(S)
"""

import numpy as np

from memctl.config import Weighting
from memctl.samplers.base import Floats


def loss_weights(weighting: Weighting, prediction: str, log_snr: Floats) -> Floats:
    """The factor of each step's loss.

    Args:
        prediction: epsilon, sample or v_prediction.
        log_snr: Of the noise schedule, shape (T,); -inf, an SNR of 0, is no place for epsilon.

    Returns:
        Index t - 1: float64, shape (T,), not negative.
    """
    snr, gamma = np.exp(log_snr), weighting.gamma
    if weighting.name == "none":
        return np.ones_like(snr)
    w = {
        "min_snr": lambda: np.minimum(snr, gamma),
        "soft_min_snr": lambda: snr * gamma / (snr + gamma),
        "p2": lambda: snr / (weighting.k + snr) ** gamma,
        "snr": lambda: snr,
        "debiased": lambda: np.sqrt(snr),
    }[weighting.name]()
    return np.asarray(
        {"epsilon": lambda: w / snr, "sample": lambda: w, "v_prediction": lambda: w / (snr + 1)}[
            prediction
        ]()
    )
