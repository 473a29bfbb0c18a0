"""Heartbeats: memctl beside denoising-diffusion-pytorch's Trainer1D, at its defaults and at the
nearest to memctl's number of weights. Both as they are: own loss, schedule, batch and average.

Time to quality: seconds of training until the energy distance of samples to held-out beats is
within the noise floor's upper end plus 0.01, of 100 samples. Each learner is looked at after each
half more of its time, and between two looks the logarithm of the energy is taken as linear in that
of the time; the time of looking does not count. The others have 5.5 times as long as memctl needed,
at most 10 minutes. All in seconds of the processor, on one thread;
those of the processes in which Trainer1D loads its batches are left out.
"""

import io
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from memctl import data, models
from memctl.config import Diffusion, Generate, Metrics, Stage
from memctl.diffusion.generate import generate
from memctl.metrics.energy import ENERGY_HELDOUT
from memctl.metrics.generators import GENERATORS
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks
from tests.benchmarks.timing import Rows, Size, compared, found, say
from tests.benchmarks.training import Averaged, preset, train
from tests.examples.alone import torchvision_or_a_stand_in

BATCH, STEPS = 250, 50  # of generation, memctl's defaults
FIRST, GROWTH, LIMIT = 12.0, 1.5, 240.0  # seconds of training until one is looked at
PATIENCE, MOST = 5.5, 600.0  # times what memctl needed, and seconds, that others have
ABOVE = 0.01  # the floor
SIZES = {"its defaults": (64, (1, 2, 4, 8)), "of equal size": (10, (1, 2, 4))}

Sampler = Callable[[int], np.ndarray]


@dataclass
class Learner:
    """One that is to reach the quality.

    Attributes:
        next: At how many seconds of training it is looked at.
        reached: After how many it was good.
    """

    name: str
    spent: float = 0.0
    next: float = FIRST
    reached: float | None = None
    looks: list[tuple[float, float]] = field(default_factory=list)

    def look(self, energy: float, target: float) -> None:
        """Note how good it is now."""
        self.next = self.spent * GROWTH
        self.looks.append((self.spent, energy))
        say(f"{self.name}: {energy:.4f} after {self.spent:.0f} s, wanted {target:.4f}")
        if energy <= target:
            self.reached = crossed(self.looks, target)


def crossed(looks: Sequence[tuple[float, float]], target: float) -> float:
    """When the energy went below the target, between two looks (seconds, energy), of which the
    second is the first below it; the time of that look where there was none before.
    """
    k = next(k for k, (_, energy) in enumerate(looks) if energy <= target)
    if k == 0:
        return looks[0][0]
    (t0, e0), (t1, e1) = looks[k - 1 : k + 1]
    least = target / 10  # by chance the energy may be below 0
    e0, e1 = max(e0, least), max(e1, least)
    share = np.log(e0 / target) / np.log(e0 / e1)
    return float(t0 * (t1 / t0) ** share)


class Rival:
    """denoising-diffusion-pytorch's Trainer1D on these signals, in [0, 1] as it wants them."""

    def __init__(self, name: str, signals: np.ndarray, folder: Path) -> None:
        with torchvision_or_a_stand_in():
            from denoising_diffusion_pytorch import (
                Dataset1D,
                GaussianDiffusion1D,
                Trainer1D,
                Unet1D,
            )
        self.low, self.high = float(signals.min()), float(signals.max())
        self.length, (dim, mults) = signals.shape[-1], SIZES[name]
        self.edge = -self.length % 2 ** (len(mults) - 1)  # it halves as often
        x = np.pad((signals - self.low) / (self.high - self.low), ((0, 0), (0, 0), (0, self.edge)))
        net = Unet1D(dim=dim, dim_mults=mults, channels=x.shape[1])
        self.weights = sum(p.numel() for p in net.parameters())
        self.diffusion = GaussianDiffusion1D(
            net, seq_length=x.shape[-1], timesteps=1000, sampling_timesteps=STEPS
        )
        with quiet():
            self.trainer = Trainer1D(
                self.diffusion,
                Dataset1D(torch.from_numpy(x.astype(np.float32))),
                save_and_sample_every=10**9,
                results_folder=str(folder),
            )

    def train(self, seconds: float) -> float:
        """Train for about so many seconds of the processor; how many it were."""
        began, spent = time.process_time(), 0.0
        with quiet(), torch.enable_grad():
            while spent < seconds:
                self.trainer.train_num_steps = self.trainer.step + 5
                self.trainer.train()
                spent = time.process_time() - began
        return spent

    def sample(self, n: int) -> np.ndarray:
        """So many signals of its averaged weights, in the data's units."""
        ema = self.trainer.ema.ema_model.eval()
        with quiet(), torch.no_grad():
            parts = [ema.sample(batch_size=min(BATCH, n - i)) for i in range(0, n, BATCH)]
        x = torch.cat(parts).numpy()[..., : self.length]
        return np.asarray(x * (self.high - self.low) + self.low)


@contextmanager
def quiet() -> Iterator[None]:
    """Without its bars and its advice on memory of GPUs."""
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def of_memctl(network: nn.Module, shape: tuple[int, ...], clip: float | None) -> Sampler:
    """memctl's generation, in its batches."""
    device, how = torch.device("cpu"), Generate(steps=STEPS)

    def sample(n: int) -> np.ndarray:
        seeds = [range(i, min(i + BATCH, n)) for i in range(0, n, BATCH)]
        parts = [generate(network, Diffusion(), how, s, shape, device, clip) for s in seeds]
        return torch.cat(parts).numpy()

    return sample


def signals(size: Size) -> Rows:
    """Time to quality, and of 1,000 samples."""
    split = data.load(data.build({"name": "mitdb208"}))
    looked, limit = (20, 2.0) if size.quick else (100, LIMIT)
    suite = Suite.of(split, Metrics())
    suite = replace(suite, metrics=(ENERGY_HELDOUT,))
    only = {"heldout": GENERATORS["heldout"]}
    floor = yardsticks(suite, split, looked, only)["floor"]["energy_heldout"].high
    assert floor is not None
    target = floor + ABOVE
    energy = lambda sample: suite.evaluate(sample(looked))["energy_heldout"].value
    torch.manual_seed(0)
    network = models.build(preset("unet1d")).network(split.train.shape[1:])
    with tempfile.TemporaryDirectory() as place:
        try:
            rivals = {name: Rival(name, split.train, Path(place) / name[:3]) for name in SIZES}
        except ImportError as error:
            print(f"left out: denoising-diffusion-pytorch ({error})", file=sys.stderr)
            rivals = {}
        learners = race(network, split, rivals, energy, target, limit)
        own = sum(p.numel() for p in network.parameters())
        names = {"memctl": f"memctl ({own:,} weights)"}
        names |= {name: f"Trainer1D, {name} ({r.weights:,} weights)" for name, r in rivals.items()}
        rows = to_target(learners, names, target) + to_the_same(learners, names, target)
        n = 10 if size.quick else BATCH
        samplers = {"memctl": of_memctl(network.eval(), split.train.shape[1:], split.bound)}
        samplers |= {name: rival.sample for name, rival in rivals.items()}
        works = {names[name]: lambda s=s: s(n) for name, s in samplers.items()}
        made = compared(f"{n} samples, {STEPS} steps", works, size.times(0.25))
    return rows + made


def race(
    network: nn.Module,
    split: Any,
    rivals: dict[str, Rival],
    energy: Callable[[Sampler], float],
    target: float,
    limit: float,
) -> list[Learner]:
    """All learn in turn, until each is good or has had its time."""
    shape, clip = split.train.shape[1:], split.bound
    own, others = Learner("memctl"), {name: Learner(name) for name in rivals}
    for learner in (own, *others.values()):
        learner.next = min(FIRST, limit)

    def given() -> float:
        return max(limit, min(PATIENCE * (own.reached or 0.0), MOST))

    def turn() -> None:
        for name, learner in others.items():
            if learner.reached is None and learner.spent < given():
                learner.spent += rivals[name].train(min(learner.next, given()) - learner.spent)
                learner.look(energy(rivals[name].sample), target)

    def between(seconds: float, copy: Averaged) -> bool:
        own.spent += seconds
        if own.spent < min(own.next, limit):
            return True
        own.look(energy(of_memctl(copy().eval(), shape, clip)), target)
        turn()
        return own.reached is None and own.spent < limit

    stage = Stage(epochs=10**6)
    train(network, stage, split.train, between, "fp32")
    while any(one.reached is None and one.spent < given() for one in others.values()):
        turn()
    return [own, *others.values()]


def to_target(learners: Sequence[Learner], names: dict[str, str], target: float) -> Rows:
    """The time of each, or `at_least` what it had, which was not enough."""
    of, rows = f"training to an energy distance of {target:.4f}", []
    for one in learners:
        if one.reached is None:
            ended = f"{names[one.name]}: not yet, at {one.looks[-1][1]:.4f}"
            rows.append({**found(of, ended, one.spent, "s"), "at_least": True})
        else:
            rows.append(found(of, names[one.name], one.reached, "s"))
    first = learners[0].reached
    return [{**row, "ratio": row["value"] / first} for row in rows] if first else rows


def to_the_same(learners: Sequence[Learner], names: dict[str, str], target: float) -> Rows:
    """The time of each until the least energy that all came to, where one missed the target."""
    level = max(min(energy for _, energy in one.looks) for one in learners)
    if level <= target:
        return []
    of = f"training to {level:.4f}, which all reached"
    spent = [crossed(one.looks, level) for one in learners]
    pairs = zip(learners, spent, strict=True)
    return [
        {**found(of, names[one.name], each, "s"), "ratio": each / spent[0]} for one, each in pairs
    ]
