"""Data sets, one file each, and the one split of them all."""

from collections.abc import Mapping
from typing import Any

from memctl import registry
from memctl.data.base import DataSource
from memctl.data.ecg5000 import Ecg5000
from memctl.data.images.digits import Digits
from memctl.data.images.flowers102 import Flowers102
from memctl.data.images.folder import Images
from memctl.data.images.hub import HuggingFace
from memctl.data.images.pokemon import Pokemon
from memctl.data.mitdb208 import Mitdb208
from memctl.data.signals import Signals
from memctl.data.split import Split, split

SOURCES: dict[str, type[DataSource]] = {
    s.name: s
    for s in (Mitdb208, Ecg5000, Signals, Digits, Flowers102, Pokemon, Images, HuggingFace)
}


def build(spec: Mapping[str, Any]) -> DataSource:
    """The data set that `spec` describes. Raises: UserError."""
    return registry.build("data", SOURCES, spec)


def load(source: DataSource) -> Split:
    """Read, remove duplicates, split. Raises: UserError."""
    made = split(source.read(), source.n_train, source.n_heldout, source.split_seed)
    return made.swap_sides() if source.swap else made


__all__ = ["SOURCES", "DataSource", "Split", "build", "load"]
