"""Counter-based batches: everything random in step k comes from (seed, k), so a resumed run is the
same run.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


def generator(*key: int) -> torch.Generator:
    """A CPU generator seeded by the numbers of `key`, well mixed."""
    seed = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed))


@dataclass(frozen=True)
class Batches:
    """The training records on the device, served in an order that reshuffles every epoch.

    Attributes:
        records: shape (n, channels, *dims).
        size: Records a batch; an epoch's last batch may hold fewer.
        flip: Mirror each record (its last axis) half of the time.
    """

    records: Tensor
    size: int
    seed: int
    flip: bool = False

    @property
    def per_epoch(self) -> int:
        return -(-len(self.records) // self.size)

    def __call__(self, step: int) -> tuple[Tensor, torch.Generator]:
        """The records of a step, and the generator of its t and noise."""
        epoch, position = divmod(step, self.per_epoch)
        order = torch.randperm(len(self.records), generator=generator(self.seed, 0, epoch))
        chosen = order[position * self.size : (position + 1) * self.size]
        records = self.records[chosen.to(self.records.device)]
        if self.flip:
            mirrored = torch.rand(len(records), generator=generator(self.seed, 2, step)) < 0.5
            shape = (-1, *[1] * (records.ndim - 1))
            records = torch.where(
                mirrored.to(records.device).view(shape), records.flip(-1), records
            )
        return records, generator(self.seed, 1, step)

    def __deepcopy__(self, memo: object) -> "Batches":
        return self  # weight averaging copies the module; its data need not be copied with it
