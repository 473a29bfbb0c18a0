"""The loss by t of training and held-out examples under the same noise, and what it tells of
membership.

    gap(t) = E_held-out l_t - E_train l_t
    AUC(t) = P(l_t(train) < l_t(held-out))        Mann-Whitney, a tie counts 1/2

Range: the gap is in units of the loss, 0 is fair, positive: the network does better on what it was
trained on; AUC is in [0, 1], 0.5 is fair, 1: every example is told apart. l_t is
the training objective, unweighted. Source: the loss-threshold attack (Yeom et al. 2018, arXiv
1709.01604), by t as in SecMI (Duan et al. 2023, arXiv 2302.01316).

Noise and step: groups of GROUP examples a side share one, and losses are compared within groups.
Were each pair's noise its own, its luck would decide the ranks where t is large, and AUC would be
0.5 there whatever the network knows; were there one noise for all, the curves would be that
noise's. Comparing in groups of 16 costs 1.5 % of the precision of comparing all with all.

Blind spots: near duplicates across the split hide membership; AUC sees little of what only a few
examples show; it grows with the draws that an example's loss is a mean of, so compare readings of
equal draws alone.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DDPMScheduler
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from memctl.diffusion.objective import losses
from memctl.metrics.measure import Floats

GROUP = 16  # examples a side under one noise
STRATA = 4  # steps of a bin


class Bin(NamedTuple):
    """The steps low..high, both included, and those of them that are measured."""

    low: int
    high: int
    steps: tuple[int, ...]


def bins(timesteps: int, count: int = 20, strata: int = STRATA) -> list[Bin]:
    """`count` bins of equal width that cover 1..T, or T of one step each; in each the middles of
    `strata` equal parts.
    """
    edges = np.linspace(0, timesteps, min(count, timesteps) + 1).round().astype(int)
    middles = (np.arange(strata) + 0.5) / strata
    return [
        Bin(
            int(low) + 1,
            int(high),
            tuple(int(t) + 1 for t in low + np.floor(middles * (high - low))),
        )
        for low, high in pairwise(edges)
    ]


def groups(n: int) -> NDArray[np.intp]:
    """The group of each of n examples: consecutive, as equal in size as can be, none above GROUP.

    Shape (n,).
    """
    return np.arange(n) * -(-n // GROUP) // n


class Predictions(NamedTuple):
    """What a network made of n examples: the loss of each, shape (n,); x_t and its prediction,
    shapes of the examples, float32.
    """

    losses: Floats
    x_t: Tensor
    prediction: Tensor


def predict(
    network: Callable[[Tensor, Tensor], Tensor],
    scheduler: DDPMScheduler,
    x0: Tensor,
    eps: Tensor,
    t: Tensor,
    batch: int = 128,
    advance: Callable[[int], None] = lambda n: None,
) -> Predictions:
    """Show the network every example once.

    Args:
        network: Predicts the scheduler's target from x_t and indices t - 1.
        x0, eps: Examples and their noise, shape (n, channels, *dims).
        t: In 1..T, shape (n,).
        advance: Called with the number of examples after each batch.
    """
    each, seen, predictions = [], [], []
    for some, noise, index in zip(
        x0.split(batch), eps.split(batch), (t - 1).split(batch), strict=True
    ):
        x_t = scheduler.add_noise(some, noise, index)
        prediction = network(x_t, index).float()
        each.append(losses(lambda _x, _t, known=prediction: known, scheduler, some, index, noise))  # type: ignore[misc]
        seen.append(x_t)
        predictions.append(prediction)
        advance(len(some))
    return Predictions(
        torch.cat(each).cpu().double().numpy(), torch.cat(seen), torch.cat(predictions)
    )


def standard_error(values: Floats) -> float:
    """Of the mean of one value an example."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def membership(
    train: Floats, heldout: Floats, group: NDArray[np.intp] | None = None
) -> tuple[float, float]:
    """AUC of telling training from held-out examples by their lower loss, with its standard error.

    With a_i the share of held-out examples that training example i beats, and b_i the share of
    training examples that beat held-out example i, AUC = mean a = mean b, and its variance is
    (var a + var b) / n (DeLong et al. 1988). In groups of 16 this error is some 5 % too large where
    AUC is 0.5. It is 0 where the sides do not overlap. Cost: n^2 comparisons.

    Args:
        train, heldout: One loss an example, shape (n,), n at least 2.
        group: Examples are compared within these alone, shape (n,), the same on both sides; None:
            all with all.
    """
    same = np.ones((len(train), len(heldout)), bool) if group is None else group[:, None] == group
    wins = same * ((train[:, None] < heldout) + 0.5 * (train[:, None] == heldout))
    a, b = wins.sum(axis=1) / same.sum(axis=1), wins.sum(axis=0) / same.sum(axis=0)
    return float(a.mean()), float(np.hypot(standard_error(a), standard_error(b)))


def compare(
    train: Floats, heldout: Floats, group: NDArray[np.intp] | None = None
) -> dict[str, float]:
    """What one bin's losses say: examples i of both sides have had the same noise and step. Shape
    (n,) each, n at least 2.

    Returns:
        loss_train, loss_heldout: Means, with their standard errors (`_se`) over examples.
        gap: loss_heldout - loss_train, with the 95 % interval gap_low, gap_high of a paired t-test.
        auc, auc_se: As in `membership`; auc_low, auc_high: 95 % by the normal distribution, within
            [0, 1].
    """
    gap, width = (
        float((heldout - train).mean()),
        float(stats.t.ppf(0.975, len(train) - 1)) * standard_error(heldout - train),
    )
    auc, auc_se = membership(train, heldout, group)
    return {
        "loss_train": float(train.mean()),
        "loss_train_se": standard_error(train),
        "loss_heldout": float(heldout.mean()),
        "loss_heldout_se": standard_error(heldout),
        "gap": gap,
        "gap_low": gap - width,
        "gap_high": gap + width,
        "auc": auc,
        "auc_se": auc_se,
        "auc_low": max(0.0, auc - 1.96 * auc_se),
        "auc_high": min(1.0, auc + 1.96 * auc_se),
    }
