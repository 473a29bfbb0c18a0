"""Where in t a network memorises: one row a bin of t, cheap enough for every cell of a sweep.

Rows of two networks can be compared where examples, schedule and settings are the same: steps and
noise are then the same too. A row has what the losses tell (`loss.compare`) and these distances,
root mean squares in the data's units:

    to_truth_train, to_truth_heldout        network's x_0 to the example that x_t was made from
    to_optimal_train, to_optimal_heldout    network's x_0 to the empirical-optimal denoiser of the
                                            whole training set, on x_t made from training and from
                                            held-out examples; 0: it knows train by heart and
                                            nothing else
    optimal_to_truth_train, .._heldout      that denoiser to the example: what such a network reads
                                            as to_truth
    to_control, control_to_truth            on x_t made from training examples, network's x_0 to the
                                            empirical-optimal denoiser of as many held-out examples,
                                            and that to the example; NaN where held-out examples are
                                            fewer

The control is what to_optimal_heldout is, but for chance, where the network treats both sides
alike: a lower to_optimal_heldout is memorisation. Divided each by its .._to_truth they are free of
most of the sides' chance differences. By epsilon all distances rise where t is large, for there x_0
is that error times 1 / sqrt(abar); the ratios of the two can still be compared.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DDPMScheduler
from numpy.typing import NDArray
from torch import Tensor, nn

from memctl.config import Probe
from memctl.metrics.measure import Floats
from memctl.probes.loss import Bin, bins, compare, groups, predict
from memctl.probes.optimal import squares
from memctl.training.batches import generator

Array = NDArray[np.float32]


def passes(n_train: int, n_heldout: int, timesteps: int, how: Probe) -> int:
    """Forward passes of one example that a probe takes: what its `advance` adds up to."""
    return 2 * min(n_train, n_heldout, how.examples) * min(how.bins, timesteps) * how.draws


def probe(
    network: nn.Module,
    scheduler: DDPMScheduler,
    train: Array,
    heldout: Array,
    how: Probe,
    *,
    device: torch.device | None = None,
    clip: float | None = None,
    flip: bool = False,
    batch: int = 128,
    advance: Callable[[int], None] = lambda n: None,
) -> list[dict[str, float]]:
    """What the network knows of its training examples, by t.

    Cost: `passes` forward passes, and as many weighted means over the training examples, and half
    as many over held-out ones.

    Args:
        network: Predicts the scheduler's target from x_t and indices t - 1; on the device. It is in
            eval mode meanwhile.
        scheduler: The forward process, with the kind of prediction.
        train, heldout: All examples of either side, shape (N, channels, *dims), at least two each.
        how: How many of them are shown, as many a side, and at what t.
        device: Of the network, by default the CPU.
        clip: Bound of the predicted x_0, as in `reverse_process`.
        flip: The network was trained on mirrored examples too (last axis), so they are among those
            it may know by heart.
        batch: Examples a forward pass.
        advance: Called with the number of examples after each forward pass.

    Returns:
        Of each bin, t rising: t_low and t_high (the steps it covers, both included), n, draws; all
            of `loss.compare`; and the distances above.

    Raises:
        ValueError: a side has fewer than two examples.
    """
    sides = sides_shown(train, heldout, how, flip, device or torch.device("cpu"))
    was, rows = network.training, []
    network.eval()
    try:
        for k, span in enumerate(bins(scheduler.config.num_train_timesteps, how.bins)):
            pairs = [
                corruption(span, draw, sides[0].x0, generator(how.seed, 1, k, draw))
                for draw in range(how.draws)
            ]
            measures = [
                measure_side(network, scheduler, side, pairs, clip, batch, advance)
                for side in sides
            ]
            row = {"t_low": span.low, "t_high": span.high, "n": len(sides[0].x0)}
            rows.append({**row, "draws": how.draws, **bin_row(*measures)})
    finally:
        network.train(was)
    return rows


class Side(NamedTuple):
    """The examples of a side that are shown, and sets of examples over whose empirical-optimal
    denoiser the answers are compared.
    """

    x0: Tensor
    sets: Mapping[str, Tensor]


def sides_shown(
    train: Array, heldout: Array, how: Probe, flip: bool, device: torch.device
) -> tuple[Side, Side]:
    """Both sides with as many examples, of the larger a random subset. Raises: ValueError."""
    n = min(len(train), len(heldout), how.examples)
    if n < 2:
        raise ValueError(
            f"a probe needs at least two examples a side: train has {len(train)}, held-out"
            f" {len(heldout)}, examples={how.examples}"
        )
    take = lambda side, k, key: torch.from_numpy(subset(side, k, generator(how.seed, 0, key))).to(
        device
    )
    optimal = {"optimal": with_mirror_images(take(train, len(train), 2), flip)}
    control = {}
    if len(heldout) >= len(train):
        control = {"control": with_mirror_images(take(heldout, len(train), 3), flip)}
    return Side(take(train, n, 0), {**optimal, **control}), Side(take(heldout, n, 1), optimal)


class SideMeasures(NamedTuple):
    """The mean loss of each example of a side, shape (n,), and the roots of `squares`."""

    losses: Floats
    distances: dict[str, float]


def subset(examples: Array, n: int, g: torch.Generator) -> Array:
    """The examples, or n of them at random, in their order."""
    return (
        examples
        if n == len(examples)
        else examples[torch.randperm(len(examples), generator=g)[:n].sort().values.numpy()]
    )


def with_mirror_images(examples: Tensor, flip: bool) -> Tensor:
    return torch.cat([examples, examples.flip(-1)]) if flip else examples


def corruption(span: Bin, draw: int, like: Tensor, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """The steps t in 1..T, shape (n,), and the noise, shape of `like`, of n examples: one step and
    one noise a group.

    Groups take the bin's steps in turn, and each takes the next at the next draw.
    """
    group = torch.from_numpy(groups(len(like)))
    eps = torch.randn(int(group[-1]) + 1, *like.shape[1:], generator=g)[group]
    return torch.tensor(span.steps)[(group + draw) % len(span.steps)].to(like.device), eps.to(
        like.device
    )


@torch.inference_mode()
def measure_side(
    network: nn.Module,
    scheduler: DDPMScheduler,
    side: Side,
    corruptions: Sequence[tuple[Tensor, Tensor]],
    clip: float | None,
    batch: int,
    advance: Callable[[int], None],
) -> SideMeasures:
    """Show the network a side's examples under each of the corruptions (t, eps)."""
    losses, distances = [], []
    for t, eps in corruptions:
        seen = predict(network, scheduler, side.x0, eps, t, batch, advance)
        losses.append(seen.losses)
        distances.append(squares(seen.prediction, seen.x_t, side.x0, scheduler, t, side.sets, clip))
    return SideMeasures(
        np.mean(losses, axis=0),
        {
            name: float(np.sqrt(np.mean([each[name] for each in distances])))
            for name in distances[0]
        },
    )


def bin_row(train: SideMeasures, heldout: SideMeasures) -> dict[str, float]:
    """A bin's row of both sides' readings."""
    distances = {
        f"{ours}_{side}": read.distances[theirs]
        for ours, theirs in (
            ("to_truth", "truth"),
            ("to_optimal", "optimal"),
            ("optimal_to_truth", "optimal_truth"),
        )
        for side, read in (("train", train), ("heldout", heldout))
    }
    nan = float("nan")
    control = {
        "to_control": train.distances.get("control", nan),
        "control_to_truth": train.distances.get("control_truth", nan),
    }
    return {
        **compare(train.losses, heldout.losses, groups(len(train.losses))),
        **distances,
        **control,
    }
