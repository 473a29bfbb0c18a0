"""Composing many configs that differ in values: Hydra composes once, the rest is set on copies.

Hydra takes 0.1 s to compose a config; a sweep of 47 composes three or four, one for each choice of
groups.
"""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from memctl.config import Config
from memctl.errors import UserError
from memctl.files import path_of
from memctl.sweep.mistakes import explain

LISTED = re.compile(r"\.\d")  # in the name of an item of a list
HYDRA = re.compile(r"(^|[./])hydra\b")


def in_home(config: DictConfig) -> DictConfig:
    """A whole config, in which ~ of the folders is the home folder: Hydra takes it for a name."""
    for key, value in (config.get("paths") or {}).items():
        config.paths[key] = str(path_of(value))
    return config


class Composer:
    """Composes the task config of a job from its overrides."""

    def __init__(self, loader: Any, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create(config_loader=loader)
        self.parsed: dict[str, tuple[Override, bool]] = {}
        self.composed: dict[tuple[str, ...], DictConfig] = {}
        self.made: dict[tuple[tuple[str, ...], ...], tuple[DictConfig, Config, set[str]]] = {}
        self.refers: dict[tuple[str, ...], dict[str, str]] = {}
        self.settings: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}

    def is_value(self, override: Override) -> bool:
        """Whether it only sets a key, and neither chooses a group nor adds or removes anything."""
        key = override.key_or_group
        return (
            override.type is OverrideType.CHANGE
            and not override.package
            and not key.startswith("hydra")
            and not self.loader.repository.group_exists(key)
        )

    def parse(self, text: str) -> tuple[Override, bool]:
        """An override, and whether it is a value. Raises: UserError for one of hydra's settings."""
        if text not in self.parsed:
            (override,) = self.parser.parse_overrides([text])
            # A template's are among them, and would pass for typed.
            if HYDRA.search(override.key_or_group) or HYDRA.search(override.package or ""):
                raise UserError(f"{text}: settings of hydra cannot be swept")
            self.parsed[text] = override, self.is_value(override)
        return self.parsed[text]

    def chosen(self, rest: tuple[str, ...]) -> DictConfig:
        """The config of overrides that are no values, `hydra` left out; not to be changed."""
        if rest not in self.composed:
            cfg = self.loader.load_sweep_config(self.master, list(rest))
            with open_dict(cfg):
                del cfg["hydra"]
            self.composed[rest] = cfg
        return self.composed[rest]

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """The config, with `hydra` left out.

        Raises: UserError for a key or value that the schema refuses.
        """
        cfg = deepcopy(self.chosen(tuple(text for text in overrides if not self.parse(text)[1])))
        for text in overrides:
            if self.parse(text)[1]:
                update(cfg, self.parse(text)[0])
        return cfg

    def typed(self, overrides: Sequence[str]) -> Config:
        """The config as an object, `OmegaConf.to_object` of the above, in a hundredth of its time
        where only values differ from those asked for before: what changed is set, and what refers
        to it. Parts of the objects are shared, and are not to be changed.

        Raises: UserError.
        """
        overrides = self.lasting(overrides)
        if self.nested(overrides):
            return cast(Config, OmegaConf.to_object(self(overrides)))
        rest = tuple(text for text in overrides if not self.parse(text)[1])
        affected = {text: self.affected(rest, text) for text in overrides}
        free = [text for text in overrides if affected[text]]
        known = (
            tuple(text for text in overrides if not affected[text]),
            tuple(self.parse(text)[0].key_or_group for text in free),
        )
        if known not in self.made:
            cfg = self(overrides)
            self.made[known] = cfg, cast(Config, OmegaConf.to_object(cfg)), set(free)
        cfg, config, before = self.made.pop(known)
        changed = [text for text in free if text not in before]
        for text in changed:
            update(cfg, self.parse(text)[0])
        for path in dict.fromkeys(path for text in changed for path in affected[text]):
            value = OmegaConf.select(cfg, self.source(rest, path))
            plain = OmegaConf.to_object(value) if OmegaConf.is_config(value) else value
            config = replaced(config, path.split("."), plain)
        self.made[known] = cfg, config, set(free)
        return config

    def lasting(self, overrides: Sequence[str]) -> list[str]:
        """Without the values of a key that a later one sets."""
        last = {self.parse(text)[0].key_or_group: k for k, text in enumerate(overrides)}
        return [
            text
            for k, text in enumerate(overrides)
            if not self.parse(text)[1] or last[self.parse(text)[0].key_or_group] == k
        ]

    def nested(self, overrides: Sequence[str]) -> bool:
        """Whether one sets a part of what another sets: their order matters then."""
        keys = [self.parse(text)[0].key_or_group for text in overrides if self.parse(text)[1]]
        return any(other.startswith(f"{key}.") for key in keys for other in keys)

    def source(self, rest: tuple[str, ...], name: str) -> str:
        """Where the value of a setting is read: `${ci.low}` at ci.low itself, which spares parsing
        it, where the setting has no type of its own to which the value is converted.
        """
        text = self.refers[rest].get(name, "")
        alone = re.fullmatch(r"\$\{(\w+(\.\w+)+)\}", text)
        return alone[1] if alone and name.startswith(("data.", "model.", "sampler.")) else name

    def affected(self, rest: tuple[str, ...], text: str) -> tuple[str, ...]:
        """The names of the settings that may change with a value; none where it cannot be set
        alone, or is no value.
        """
        override, is_value = self.parse(text)
        key = override.key_or_group
        if not is_value or "$" in text:
            return ()
        if (rest, key) not in self.settings:
            if rest not in self.refers:
                self.refers[rest] = references(self.chosen(rest))
            names = (key, *dependents(key, self.refers[rest]))
            self.settings[rest, key] = () if any(map(LISTED.search, names)) else names
        return self.settings[rest, key]


def update(cfg: DictConfig, override: Override) -> None:
    """Set the key of an override. Raises: UserError."""
    try:
        OmegaConf.update(cfg, override.key_or_group, override.value(), force_add=False)
    except (OmegaConfBaseException, ValueError) as error:
        raise UserError(explain(error, override.input_line or "")) from None


def references(node: Any, name: str = "") -> dict[str, str]:
    """The text of each setting that refers to others, by its full name."""
    if OmegaConf.is_config(node):
        node = OmegaConf.to_container(node, resolve=False)
    if isinstance(node, str) and "${" in node:
        return {name: node}
    if not isinstance(node, dict | list):
        return {}
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found: dict[str, str] = {}
    for key, value in items:
        found |= references(value, f"{name}.{key}" if name else str(key))
    return found


def dependents(key: str, refers: Mapping[str, str]) -> list[str]:
    """The settings that may change with a key: those whose text has a word of its name, and what
    refers to them; rather more than too few.
    """
    found, looked_at = list[str](), [key]
    while looked_at:
        words = set(looked_at.pop().split("."))
        for name, text in refers.items():
            if name not in found and words & set(re.findall(r"\w+", text)):
                found.append(name)
                looked_at.append(name)
    return found


def replaced(node: Any, path: Sequence[str], value: Any) -> Any:
    """A copy of a config object in which the setting of that name has another value."""
    if not path:
        return value
    first, *more = path
    if isinstance(node, dict):
        return {**node, first: replaced(node.get(first), more, value)}
    return replace(node, **{first: replaced(getattr(node, first), more, value)})
