"""What every model's config has."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import nn


@dataclass
class ModelConfig(ABC):
    """Sizes of a network. A subclass is a dataclass with a `name`; torch is imported in `network`
    alone, for a sweep's controller builds configs without it.
    """

    name: ClassVar[str]

    @abstractmethod
    def network(self, shape: Sequence[int]) -> "nn.Module":
        """A freshly initialised network for examples of shape (channels, *dims); torch's global
        seed decides its weights.

        Raises:
            UserError: examples that the model is not made for.
        """
