"""A config file runs no code: it may come from a stranger.

Hydra calls and imports what a config names: targets, logging factories, modules to preload,
packages to search; a launcher hands text to a shell. A file may choose among memctl's own, Hydra's
and the installed plugins'; more is taken from the command line alone, which its user has typed.
Neither does a config read the environment, but for variables that are meant for it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigLoadError
from omegaconf import DictConfig, OmegaConf

from memctl.config import Config
from memctl.errors import UserError
from memctl.sweep.compose import in_home
from memctl.sweep.mistakes import check_known, composing

OURS = "MEMCTL_"  # how variables of the environment begin that a config may read
CALLBACKS = [
    f"hydra.experimental.callbacks.{name}"
    for name in ("LogJobReturnCallback", "PickleJobInfoCallback")
]
# text of a launcher that stays what it says; other text is for a shell, or names code
PLAIN = (
    "account", "constraint", "devices", "mem", "partition", "per_device", "qos", "time",
)  # fmt: skip


def install() -> None:
    """Have Hydra refuse, wherever it composes, what of a file would run code."""
    OmegaConf.register_new_resolver("oc.env", read_environment, replace=True)
    compose: Any = ConfigLoaderImpl.load_configuration
    if hasattr(compose, "__wrapped__"):
        return

    @wraps(compose)
    def checked(self: Any, config_name: str | None, overrides: list[str], **more: Any) -> Any:
        typed = OverridesParser.create().parse_overrides(overrides)
        with composing(config_name or "", overrides):
            file = self.repository.load_config(config_name) if config_name else None
            if file and not isinstance(file.config, DictConfig):
                raise UserError(f"-cn {config_name} holds no settings, NAME: VALUE")
            refuse(searched(file.config if file else {}), typed)  # the search imports packages
            config = compose(self, config_name, overrides, **more)
        refuse(named_code(config), typed)
        if config_name and not issubclass(OmegaConf.get_type(config) or dict, Config):
            raise UserError(
                f"-cn {config_name} lacks memctl's settings; begin the file with"
                " `defaults: [/config, _self_]`"
            )
        check_known(config)
        return in_home(config)

    ConfigLoaderImpl.load_configuration = checked  # type: ignore[method-assign, assignment]


def read_environment(key: str, default: Any = "") -> str | None:
    """`${oc.env:KEY,DEFAULT}`: a variable of the environment, if it is one of memctl's.

    A config from a stranger would else carry keys and tokens into names, records and addresses.

    Raises: UserError.
    """
    if not key.startswith(OURS):
        raise UserError(
            f"a config reads no {key} from the environment, only variables {OURS}...; let the shell"
            f" put it in, such as paths.runs=${key}"
        )
    return os.environ.get(key, None if default is None else str(default))


def refuse(found: Iterable[tuple[str, Any]], typed: Sequence[Override]) -> None:
    """Raises: UserError for a setting that names code and was not typed.

    Args:
        found: The full name and value of each setting that names code.
    """
    for key, value in found:
        if not any(is_of(override, key) for override in typed):
            raise UserError(
                f"{key}={value} would run code, and a config file may come from a stranger; if you"
                f" trust it, type {key.removesuffix('.()')}=... on the command line"
            )


def is_of(override: Override, key: str) -> bool:
    """Whether an override sets this key, what holds it, or a part of it.

    The choice of a group, but for a logging, sets no more than its own key: what it holds is of a
    file.
    """
    own = override.key_or_group.replace("/", ".")
    whole = "/" not in override.key_or_group or own.endswith("_logging")
    return own == key or own.startswith(f"{key}.") or (whole and key.startswith(f"{own}."))


def searched(primary: Any) -> Iterator[tuple[str, Any]]:
    """What a template would have searched that is no folder."""
    paths = OmegaConf.select(OmegaConf.create(primary), "hydra.searchpath")
    for path in paths or []:
        if "://" in str(path) and not str(path).startswith("file://"):
            yield "hydra.searchpath", path


def named_code(config: DictConfig) -> Iterator[tuple[str, Any]]:
    """What of a composed config would run code that is neither memctl's nor Hydra's.

    Yields: full name and value.
    """
    tree: Any = OmegaConf.to_container(config.hydra, resolve=False)
    job = tree["job"]
    variables = job["env_set"] if isinstance(job, dict) else job
    # their values unsaid: env_copy has Hydra put the user's own there
    yield from ((key, "...") for key, _ in leaves(variables, "hydra.job.env_set"))
    for name in ("job_logging", "hydra_logging"):
        known = [leaf for config in stock(name) for leaf in leaves(config, f"hydra.{name}")]
        yield from (leaf for leaf in leaves(tree[name], f"hydra.{name}") if leaf not in known)
    for name in ("callbacks", "launcher", "sweeper"):
        known = list(leaves(defaults(name, config), f"hydra.{name}"))
        for key, value in leaves(tree[name], f"hydra.{name}"):
            if (key, value) not in known and isinstance(value, str) and calls(key, value):
                yield key, value


def calls(key: str, value: str) -> bool:
    """Whether this text of a callback, the launcher or the sweeper names code, or is for a shell.
    What is looked up elsewhere could be anything.
    """
    _, section, name, *_ = [*key.split("."), ""]
    if key.endswith("_target_"):
        return value not in CALLBACKS
    if value.startswith("${") and value.endswith("}"):
        return True
    return section == "launcher" and (name not in PLAIN or "\n" in value)


@cache
def stock(logging: str) -> list[Any]:
    """Hydra's own configs of a logging."""
    folder = Path(hydra.__file__).parent / "conf" / "hydra" / logging
    return [OmegaConf.to_container(OmegaConf.load(path)) for path in folder.glob("*.yaml")]


def defaults(name: str, config: DictConfig) -> Any:
    """What the chosen plugin brings as its settings."""
    choice = config.hydra.runtime.choices.get(f"hydra/{name}")
    try:
        node = ConfigStore.instance().load(f"hydra/{name}/{choice}.yaml").node
    except ConfigLoadError:
        return {}
    return OmegaConf.to_container(node, resolve=False)


def leaves(node: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Every value below a node with its full name; an item of a list has the list's."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, f"{key}.{name}")
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, key)
    else:
        yield key, node
