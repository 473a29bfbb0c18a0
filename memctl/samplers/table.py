"""Any distribution at all, from a file of numbers."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from memctl.errors import UserError
from memctl.files import path_of
from memctl.samplers.base import Floats, TimestepSampler


@dataclass(frozen=True)
class TableSampler(TimestepSampler):
    """p(t) proportional to the T numbers of a file, in the order t = 1..T.

    Attributes:
        path: Text (numbers separated by commas, spaces or line breaks) or .npy.
        sha256: Of the file; found if not given, else the file must have it, so that a stored spec
            means the same distribution.

    Raises:
        UserError: no such file, another file than it was, or not T numbers of at least 0 that are
            not all 0.
    """

    name = "table"
    path: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path is None:
            raise UserError(
                "sampler.path is not given: sampler=table reads p(1)..p(T) from a file of numbers"
            )
        try:
            digest = hashlib.sha256(path_of(self.path).read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f"sampler.path={self.path} cannot be read: {error.strerror}") from None
        if self.sha256 not in (None, digest):
            raise UserError(
                f"{self.path} is not the file it was: its sha256 is {digest}, not {self.sha256}"
            )
        object.__setattr__(self, "sha256", digest)
        _ = self.values

    @cached_property
    def values(self) -> Floats:
        """The numbers of the file."""
        path = path_of(str(self.path))
        try:
            if path.suffix == ".npy":
                with path.open("rb") as file:  # numpy leaves a torn one open
                    values = np.load(file)
            else:
                values = np.array(path.read_text().replace(",", " ").split(), dtype=np.float64)
            # Not of complex numbers or text.
            values = np.asarray(values).astype(np.float64, casting="same_kind")
        except Exception as error:  # numpy's errors of torn and foreign files have no common class
            raise UserError(f"{path} is not a file of numbers: {error}") from None
        if values.shape != (self.timesteps,):
            raise UserError(
                f"{path} holds numbers of shape {values.shape}; a distribution over the diffusion's"
                f" steps has ({self.timesteps},)"
            )
        if not np.isfinite(values).all() or (values < 0).any() or not values.any():
            raise UserError(f"{path}: the numbers must be finite, at least 0, and not all 0")
        return values

    def probabilities(self) -> Floats:
        return self.values / self.values.max()

    @property
    def label(self) -> str:
        return f"table_{str(self.sha256)[:8]}"

    def science(self) -> dict[str, Any]:
        return {k: v for k, v in super().science().items() if k != "path"}
