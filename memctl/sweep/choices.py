"""What a config chooses by name: each listed data set, model and sampler is a choice with all its
fields, whether conf/ has a file for it or not. Free of Hydra.
"""

from collections.abc import Mapping
from typing import Any

from memctl import data, models, registry, samplers


def tables() -> dict[str, Mapping[str, type[Any]]]:
    """The classes of each group by name. Raises: UserError, for a wrong sampler of the user's."""
    return {"data": data.SOURCES, "model": models.MODELS, "sampler": samplers.all_samplers()}


def nodes(group: str) -> dict[str, dict[str, Any]]:
    """The config of each class of a group: its name, and its fields with their defaults.

    Raises: UserError, for a field without one.
    """
    use = samplers.USE if group == "sampler" else {}
    return {
        name: registry.defaults(group, kind, samplers.GIVEN) | use
        for name, kind in tables()[group].items()
    }
