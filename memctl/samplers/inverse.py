"""Draws through the inverse cdf, on any device, without synchronisation."""

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from memctl.samplers.base import Floats

BITS = 20
SIZE = 1 << BITS
CPU = torch.device("cpu")
# A batch is drawn in microseconds: looking names up and passing defaults count.
randint = torch.randint


def uniform(n: int, generator: torch.Generator | None, device: torch.device | str | None) -> Tensor:
    """N numbers in [0, 1) of 53 random bits, on the generator's device, else on `device`."""
    where = generator.device if generator is not None else torch.device(device or "cpu")
    return torch.rand(n, dtype=torch.float64, generator=generator, device=where)


class InverseCdf:
    """The inverse of a cdf over indices 0..T-1 (float64, shape (T,), ending in 1)."""

    def __init__(self, cdf: Floats) -> None:
        self.cdf = torch.from_numpy(cdf.copy())
        self._cdf: dict[torch.device, Tensor] = {}
        self._tables: dict[torch.device | str | None, Callable[[int, Tensor], Tensor]] = {}

    def table(
        self, n: int, generator: torch.Generator | None, device: torch.device | str | None
    ) -> Tensor:
        """Independent draws: a table of the inverse at (k + 1/2) / 2^20, indexed by random k, costs
        half of a search of the cdf.
        """
        if generator is None:
            look_up = self._tables.get(device) or self._look_up(device)
            indices = randint(SIZE, (n,)) if device is None else randint(SIZE, (n,), device=device)
        else:
            where = generator.device
            look_up = self._tables.get(where) or self._look_up(where)
            indices = (
                randint(SIZE, (n,), generator=generator)
                if where == CPU
                else randint(SIZE, (n,), generator=generator, device=where)
            )
        return look_up(0, indices)

    def _look_up(self, device: torch.device | str | None) -> Callable[[int, Tensor], Tensor]:
        self._tables[device] = self._inverses.to(
            torch.get_default_device() if device is None else device
        ).index_select
        return self._tables[device]

    @cached_property
    def _inverses(self) -> Tensor:
        below = torch.ceil(self.cdf * SIZE - 0.5).long()  # midpoints below each value of the cdf
        return torch.repeat_interleave(torch.diff(below, prepend=below.new_zeros(1)))

    def stratified(
        self, n: int, generator: torch.Generator | None, device: torch.device | str | None
    ) -> Tensor:
        """One draw from each n-th of the probability, in random order."""
        u = uniform(n, generator, device)
        return self.search(
            (u + torch.randperm(n, generator=generator, device=u.device)) / max(n, 1)
        )

    def independent(
        self, n: int, generator: torch.Generator | None, device: torch.device | str | None
    ) -> Tensor:
        """Independent draws by search."""
        return self.search(uniform(n, generator, device))

    def search(self, u: Tensor) -> Tensor:
        """The index whose share of [0, 1) holds u."""
        if u.device not in self._cdf:
            self._cdf[u.device] = self.cdf.to(u.device)
        # (i + v) / n can round up to 1
        return torch.searchsorted(self._cdf[u.device], u.clamp_(max=1 - 2.0**-53), right=True)
