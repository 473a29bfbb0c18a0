"""Counter-based batches: everything random in step k comes from (seed, k), so a resumed run is the
same run.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


def mixed(*key: int) -> int:
    """A seed from the numbers of `key`."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])


def generator(*key: int) -> torch.Generator:
    """A CPU generator seeded by the numbers of `key`, well mixed."""
    return torch.Generator().manual_seed(mixed(*key))


@lru_cache(maxsize=1)
def order(n: int, seed: int, epoch: int) -> Tensor:
    """In which an epoch shows its examples, shape (n,): drawn once, not in each of its steps."""
    return torch.randperm(n, generator=generator(seed, 0, epoch))


def sent(x: Tensor, device: torch.device) -> Tensor:
    """The tensor on the device, without waiting for it: CUDA's driver may let a copy from memory
    that can be paged out wait for all that the device has to do before, so it is pinned.
    """
    pages = x.device.type == "cpu" and device.type == "cuda"
    return (x.pin_memory() if pages else x).to(device, non_blocking=True)


@contextmanager
def layers_seeded(device: torch.device, *key: int) -> Iterator[None]:
    """What layers on `device` draw in here, such as the masks of dropout, is of `key` alone: they
    take no generator, so torch's global ones are seeded, and after it are as they were before.
    """
    more = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(more, device_type=device.type):
        # Not torch.manual_seed: it seeds every device, and takes long where one is not started.
        torch.default_generator.manual_seed(mixed(*key))
        if more:
            torch.get_device_module(device).manual_seed(mixed(*key))
        yield


@dataclass(frozen=True)
class Batches:
    """The training examples on the device, served in an order that reshuffles every epoch.

    Attributes:
        examples: shape (n, channels, *dims).
        size: Examples a batch; an epoch's last batch may hold fewer.
        flip: Mirror each example (its last axis) half of the time.
    """

    examples: Tensor
    size: int
    seed: int
    flip: bool = False

    @property
    def per_epoch(self) -> int:
        return -(-len(self.examples) // self.size)

    def __call__(self, step: int) -> tuple[Tensor, torch.Generator]:
        """The examples of a step, and the generator of its t and noise."""
        epoch, position = divmod(step, self.per_epoch)
        shown = order(len(self.examples), self.seed, epoch)
        chosen = shown[position * self.size : (position + 1) * self.size]
        device = self.examples.device
        examples = self.examples[sent(chosen, device)]
        if self.flip:
            mirrored = torch.rand(len(examples), generator=generator(self.seed, 2, step)) < 0.5
            shape = (-1, *[1] * (examples.ndim - 1))
            mirrored = sent(mirrored, device).view(shape)
            examples = torch.where(mirrored, examples.flip(-1), examples)
        return examples, generator(self.seed, 1, step)

    def layers_seeded(self, step: int) -> AbstractContextManager[None]:
        """In it the network draws what is random in its layers in that step."""
        return layers_seeded(self.examples.device, self.seed, 3, step)

    def __deepcopy__(self, memo: object) -> "Batches":
        return self  # weight averaging copies the module; its data need not be copied with it
