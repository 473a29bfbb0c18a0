"""Hydra's compositions, each made once in a process: a sixth of the tests' time went into composing
the same groups again for other values.

Of a composition, only the two parts that follow from the chosen groups are kept: the list of
defaults, and the config before values are set. Files of a user's own are read each time.
"""

from collections.abc import Iterator
from copy import copy, deepcopy
from typing import Any

from hydra._internal import config_loader_impl, defaults_list
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_store import ConfigNode, ConfigStore
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf

from memctl.paths import config_root

KEPT = ("pkg://", "structured://", f"file://{config_root()}/", f"templates://{config_root()}")
lists: dict[Any, Any] = {}
configs: dict[Any, DictConfig] = {}


def keep() -> None:
    """From now on, in this process."""
    find = defaults_list.create_defaults_list
    merge = ConfigLoaderImpl._compose_config_from_defaults_list

    def found(
        repo: Any, config_name: Any, overrides_list: list[Override], **how: bool
    ) -> defaults_list.DefaultsList:
        where = place(repo)
        if where is None:
            return find(repo, config_name, overrides_list, **how)
        chosen = [o for o in overrides_list if not o.is_sweep_override()]
        values = [o for o in chosen if is_value(o, repo)]
        groups = [o for o in chosen if o not in values]
        key = (where, config_name, tuple(o.input_line for o in groups), *sorted(how.items()))
        if key not in lists:
            lists[key] = find(repo, config_name, groups, **how)
        made = copy(lists[key])
        made.overrides = deepcopy(made.overrides)
        made.overrides.config_overrides = [
            o for o in chosen if o in values or o in made.config_overrides
        ]
        made.config_overrides = made.overrides.config_overrides
        return made

    def merged(self: ConfigLoaderImpl, defaults: list[Any], repo: Any) -> DictConfig:
        where = place(repo)
        if where is None:
            return merge(self, defaults, repo)
        key = (where, tuple((d.config_path, d.package, d.primary) for d in defaults))
        if key not in configs:
            configs[key] = merge(self, defaults, repo)
        return deepcopy(configs[key])

    config_loader_impl.create_defaults_list = found
    ConfigLoaderImpl._compose_config_from_defaults_list = merged  # type: ignore[method-assign]


def is_value(override: Override, repo: Any) -> bool:
    """Whether it sets a key of one config, and has no say in what that is composed of."""
    return override.type is OverrideType.CHANGE and not repo.group_exists(override.key_or_group)


def place(repo: Any) -> Any:
    """What compositions are read from: None where that may change."""
    sources = tuple((s.provider, s.full_path()) for s in repo.get_sources())
    if not all(path.startswith(KEPT) for _, path in sources):
        return None
    return sources, tuple(stored(ConfigStore.instance().repo))


def stored(tree: dict[str, Any], path: str = "") -> Iterator[tuple[Any, ...]]:
    """The leaves of Hydra's store: samplers of a user's own are among them."""
    for name, node in tree.items():
        if isinstance(node, ConfigNode):
            yield path, name, node.package, OmegaConf.get_type(node.node)
        else:
            yield from stored(node, f"{path}/{name}")
