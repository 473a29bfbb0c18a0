"""How a distribution over t is used: drawn from, weighted by, or drawn from and corrected for."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from memctl.errors import UserError
from memctl.samplers.base import Floats, TimestepSampler, is_number
from memctl.samplers.uniform import UniformSampler

if TYPE_CHECKING:
    import torch

LARGEST = float(np.finfo(np.float32).max)
DRAWABLE = 2.0**-50  # a step less likely is never drawn: u has 53 random bits
MODES = ("sample", "weight", "correct")


@dataclass(frozen=True)
class ScheduleSampler:
    """Draws t and gives each draw the factor w(t) of its loss: the interface of improved-diffusion
    (Nichol and Dhariwal 2021).

    With p the sampler's distribution, E[w(t) L_t] over the draws is:

        mode      t drawn from   w(t)           expected loss
        sample    p              1              sum_t p(t) L_t
        weight    uniform        T p(t)         sum_t p(t) L_t, at another variance
        correct   p              1 / (T p(t))   (1/T) sum_t L_t, that of uniform training, at
                                                another variance

    Attributes:
        sampler: The distribution.
        mode: sample, weight or correct.
        clip: The largest w(t), positive; null leaves them. It trades variance for bias.
        stratified: Draw one t from each n-th of the probability (see `TimestepSampler.stratified`).

    Raises:
        UserError: an unknown mode, or one that the sampler cannot be used in, or a clip that is
            not positive. `loss_weights` also:
            mode=correct where p(t) is 0 or too small to be drawn at all. Where p(t) is merely
            small, `ess` says how many draws it would take.
    """

    sampler: TimestepSampler
    mode: str = "sample"
    clip: float | None = None
    stratified: bool = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UserError(f"sampler.mode={self.mode} must be sample, weight or correct")
        if self.sampler.scheduled and self.mode != "sample":
            raise UserError(
                f"sampler.mode={self.mode}: {self.sampler.name} changes what is drawn from, and"
                " weights would not follow; set sampler.mode=sample"
            )
        clip = self.clip
        if clip is not None and (not is_number(clip) or clip <= 0):
            raise UserError(
                f"sampler.clip={clip} must be positive, the largest weight of a loss, or null"
            )
        object.__setattr__(self, "clip", None if clip is None else float(clip))
        if not isinstance(self.stratified, bool):
            raise UserError(f"sampler.stratified={self.stratified} must be true or false")

    @cached_property
    def proposal(self) -> TimestepSampler:
        """The distribution that t is drawn from."""
        return UniformSampler(self.sampler.timesteps) if self.mode == "weight" else self.sampler

    @property
    def loss_weights(self) -> Floats:
        """w(t), index t - 1: float64, shape (T,)."""
        p, timesteps = self.sampler.pmf, self.sampler.timesteps
        if self.mode == "sample":
            w = np.ones(timesteps)
        elif self.mode == "weight":
            w = timesteps * p
        elif never := int((p < DRAWABLE).sum()):
            raise UserError(
                f"sampler.mode=correct needs p(t) > 0 at every step, and {self.sampler.label} is 0"
                f" (or below 1e-15, never drawn) at {never} of {timesteps}; mix it with some"
                " uniform (sampler=mixture)"
            )
        else:
            w = 1 / (timesteps * p)
        return w if self.clip is None else np.minimum(w, self.clip)

    @property
    def ess(self) -> float:
        """The effective sample size a draw, (E w)^2 / E w^2 over the draws: in (0, 1], 1 where all
        weights are equal.
        """
        q, w = self.proposal.pmf, self.loss_weights
        return float((q @ w) ** 2 / (q @ w**2))

    def draw(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        """Draw n indices t - 1: int64, shape (n,), on the generator's device, else on `device`."""
        if self.stratified:
            return self.proposal.stratified(n, generator, device)
        if self.mode == "correct":
            # The rarest steps have the largest weights: they must come up as often as p says.
            return self.proposal.exact(n, generator, device)
        return self.proposal.sample(n, generator, device)

    def weight(self, t: "torch.Tensor") -> "torch.Tensor":
        """The w of indices t - 1, shape (n,): float32, shape (n,), on t's device."""
        if self.mode == "sample":
            return self._unit(t.shape, t.device)
        p, table = self._tables.get(t.device, (None, None))
        if table is None or p is not self.sampler.pmf:  # an adaptive sampler has learned
            import torch

            table = torch.tensor(
                np.minimum(self.loss_weights, LARGEST), dtype=torch.float32, device=t.device
            )
            self._tables[t.device] = (self.sampler.pmf, table)
        return table.index_select(0, t)

    def _unit(self, shape: "torch.Size", device: "torch.device") -> "torch.Tensor":
        """The weights of plain draws, made once for a shape: views of one number, so that torch
        refuses to change them in place.
        """
        weights = self._units.get((shape, device))
        if weights is None:
            import torch

            weights = self._units[shape, device] = torch.tensor(
                min(1.0, self.clip or 1.0), device=device
            ).expand(shape)
        return weights

    @cached_property
    def _tables(self) -> "dict[torch.device, tuple[Floats, torch.Tensor]]":
        return {}

    @cached_property
    def _units(self) -> "dict[tuple[torch.Size, torch.device], torch.Tensor]":
        return {}

    def sample(
        self,
        batch_size: int,
        device: "torch.device | str | None" = None,
        generator: "torch.Generator | None" = None,
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """Draw `batch_size` indices t - 1 and their w(t), both of shape (batch_size,); for a batch,
        loss = mean(w L_t).
        """
        t = self.draw(batch_size, generator, device)
        return t, self.weight(t)

    def weights(self) -> Floats:
        """The distribution that t is drawn from, shape (T,): what improved-diffusion calls the
        sampler's weights.
        """
        return self.proposal.pmf

    def update_with_local_losses(
        self, local_ts: "torch.Tensor", local_losses: "torch.Tensor"
    ) -> None:
        """Let an adaptive sampler learn from the unweighted losses, shape (n,), of the drawn
        indices.
        """
        if self.sampler.adaptive:
            self.sampler.update(local_ts, local_losses)

    @property
    def label(self) -> str:
        """The sampler's label, and what of the use is not the default."""
        parts = [
            self.sampler.label,
            self.mode if self.mode != "sample" else "",
            f"clip{self.clip:.12g}" if self.clip is not None else "",
        ]
        return "_".join([*filter(None, parts), *(["stratified"] if self.stratified else [])])

    @property
    def use(self) -> dict[str, Any]:
        """The items of USE."""
        return {key: getattr(self, key) for key in USE}

    def __getstate__(self) -> dict[str, Any]:
        return {"sampler": self.sampler, **self.use}


# What a sampler's config holds besides the distribution.
USE: dict[str, Any] = {f.name: f.default for f in fields(ScheduleSampler) if f.name != "sampler"}
