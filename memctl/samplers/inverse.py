"""Draws through the inverse cdf, on any device, without synchronisation."""

from functools import cached_property

import torch
from torch import Tensor

from memctl.samplers.base import Floats

BITS = 20


class InverseCdf:
    """The inverse of a cdf over indices 0..T-1 (float64, shape (T,), ending in 1)."""

    def __init__(self, cdf: Floats) -> None:
        self.cdf = torch.from_numpy(cdf.copy())
        self._cdf: dict[torch.device, Tensor] = {}
        self._table: dict[torch.device | str | None, Tensor] = {}

    def table(self, n: int, generator: torch.Generator | None, device: torch.device | str | None) -> Tensor:
        """Independent draws: a table of the inverse at (k + 1/2) / 2^20, indexed by random k, costs half of a search of the cdf."""
        if generator is not None:
            device = generator.device
        table = self._table.get(device)
        if table is None:
            table = self._table[device] = self._inverses.to(device)
        return table.index_select(0, torch.randint(1 << BITS, (n,), generator=generator, device=device))

    @cached_property
    def _inverses(self) -> Tensor:
        below = torch.ceil(self.cdf * (1 << BITS) - 0.5).long()  # midpoints below each value of the cdf
        return torch.repeat_interleave(torch.diff(below, prepend=below.new_zeros(1)))

    def stratified(self, n: int, generator: torch.Generator | None, device: torch.device | str | None) -> Tensor:
        """One draw from each n-th of the probability, in random order."""
        where = generator.device if generator is not None else torch.device(device or "cpu")
        u = torch.rand(n, dtype=torch.float64, generator=generator, device=where)
        u = (u + torch.randperm(n, generator=generator, device=where)) / max(n, 1)
        return self.search(u)

    def independent(self, n: int, generator: torch.Generator | None, device: torch.device | str | None) -> Tensor:
        """Independent draws by search: for a cdf that changes too often for a table."""
        where = generator.device if generator is not None else torch.device(device or "cpu")
        return self.search(torch.rand(n, dtype=torch.float64, generator=generator, device=where))

    def search(self, u: Tensor) -> Tensor:
        """The index whose share of [0, 1) holds u."""
        if u.device not in self._cdf:
            self._cdf[u.device] = self.cdf.to(u.device)
        # (i + v) / n can round up to 1
        return torch.searchsorted(self._cdf[u.device], u.clamp_(max=1 - 2.0**-53), right=True)
