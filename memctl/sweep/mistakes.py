"""Mistakes in settings, said in one line; Hydra and OmegaConf answer with half a page."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    OmegaConfBaseException,
)

from memctl.config import RENAMED, Config
from memctl.errors import UserError
from memctl.paths import TEMPLATES, template_names
from memctl.registry import closest

# What OmegaConf and Hydra say of a value or a text, and what of it a user needs.
TYPES = {"Float": "a number", "Integer": "a whole number", "bool": "true or false"}
QUOTED = "a value with spaces or with any of ( ) [ ] { } , : = goes in two pairs of quotes"
UNREADABLE = re.compile(
    r"Lexer|no viable alternative|mismatched input|extraneous input|token recognition"
)
BROUGHT = ("hydra", "env")  # what Hydra itself adds to a config, and to its own part
ASIDE = re.compile(r"\s*(To append to|See https?:|Config search path|Search path|full_key:)")


@contextmanager
def composing(name: str, overrides: Sequence[str]) -> Iterator[None]:
    """Files that are no YAML, and keys that a list has not, become a UserError.

    Args:
        name: Of the config that is composed.
    """
    try:
        yield
    except (yaml.YAMLError, ValueError) as error:
        found = re.search(r"invalid literal for int\(\).*'(.*)'", str(error))
        typed = [o for o in overrides if found and o.partition("=")[0].endswith(f".{found[1]}")]
        if not typed and isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            raise
        override = f"-cn {name}" if isinstance(error, UnicodeError) else "".join(typed[:1])
        raise UserError(explain(error, override)) from None


def explain(error: Exception, override: str = "") -> str:
    """What is wrong, from an exception of Hydra or OmegaConf.

    Args:
        override: The `key=value` that it answers, where the exception does not name it.
    """
    file = re.match(r"In '(.*)': \w+ raised while composing", str(error))
    if file and isinstance(error.__context__, OmegaConfBaseException):
        return f"{file[1]}.yaml: {explain(error.__context__, setting_of(error.__context__))}"
    if isinstance(error, yaml.YAMLError | UnicodeDecodeError):
        return no_yaml(error, override)
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and cause.full_key:
        return unknown_key(cause.full_key, cause.parent_node)
    if isinstance(cause, InterpolationKeyError):
        return unknown_reference(cause)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return unknown_config(error.missing_cfg_file, list(error.options or []))
    if isinstance(error, OverrideParseException):
        override = error.override
    several = re.match(r"Ambiguous value for argument '(.*)'", str(error))
    if several:
        key, _, values = several[1].partition("=")
        return (
            f"{key} has several values, {values}; add -m to sweep over them, or write"
            f" '{key}=[{values}]' for a list"
        )
    merging = re.match(r"Error merging override (.*)", str(error))
    override = override or (merging[1] if merging else "")
    if UNREADABLE.search(str(error)):
        return unreadable(override)
    if wrong := wrong_value(override, f"{error} {cause}"):
        return wrong
    parts = [override, gist(error), gist(cause) if cause is not error else ""]
    return ": ".join(dict.fromkeys(part for part in parts if part))


def setting_of(error: OmegaConfBaseException) -> str:
    """The `key=value` of a file that OmegaConf refuses, as far as its exception says."""
    kind = re.search(r"is not a subclass of (\w+)|to a config of (\w+)", str(error))
    parts = [f.name for f in fields(Config) if kind and getattr(f.type, "__name__", "") == kind[1]]
    key = error.full_key or " or ".join(parts)
    ends = r"'? of type |'? for field |'?, expected |' is not |$"
    said = re.search(rf"value:? '?(?!assigned)(.*?)({ends})", str(error), re.I | re.M)
    value = "null" if "is not Optional" in str(error) else said[1] if said else ""
    value = "null" if value == "None" else value
    return f"{key}={value}" if value else key


def no_yaml(error: yaml.YAMLError | UnicodeDecodeError, name: str) -> str:
    """That a config file cannot be read, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}, cannot be read as YAML: {error.problem}"
    return f"{name or 'a config file'} cannot be read as YAML: {' '.join(str(error).split())}"


def unreadable(override: str) -> str:
    """That Hydra's grammar has no such override."""
    key, given, value = override.partition("=")
    if not given or not re.fullmatch(r"[+~]*\w+([./]\w+)*", key):
        return f"{override} cannot be read; a setting is KEY=VALUE, such as ci.low=700"
    if re.search(r",[\w.]+=", value):
        return f"{override} cannot be read; settings stand apart: {override.replace(',', ' ')}"
    return f"{override} cannot be read; {QUOTED}: '{key}=\"{value}\"'"


def wrong_value(override: str, said: str) -> str:
    """That a setting takes no such value, and which it takes; empty for any other fault.

    Args:
        said: The exceptions' messages.
    """
    key = override.partition("=")[0]
    if "missing EQUAL" in said:
        return f"{key} has no value; write {key}=VALUE"
    if "Config group override must be" in said:
        return "a group, such as sampler, is chosen by a name: sampler=uniform"
    if "is not a ListConfig" in said or "invalid literal for int()" in said:
        key = key.rpartition(".")[0] if "int()" in said else key
        return f"{override or key}: {key} is a list; write {key}=[A,B]"
    if again := re.search(r"Multiple values for (\S+)\.", said):
        return f"{again[1]} is chosen already; write {again[1]}=NAME, without +"
    if "not a subclass of" in said or "not a valid config" in said:
        return f"{override}: {key} holds several settings; give one of them, {key}.NAME=VALUE"
    if gone := re.search(r"does not support deletion|Could not delete from config. '(.*?)'", said):
        name = gone[1] or key.lstrip("~")
        return f"~{name}: no setting can be taken out; give it a value, {name}=VALUE"
    if "is not Optional" in said or "Incompatible value 'None'" in said:
        return f"{override}: it takes no null; leave it out for its default"
    if "to string" in said:
        return f"{override} is no text; {QUOTED}"
    kind = re.search(r"could not be converted to (\w+)|is not a valid (\w+)", said)
    word = TYPES.get(kind[1] or kind[2], "") if kind else ""
    return f"{override} is not {word}" if word and override else ""


def gist(error: BaseException | None) -> str:
    """The first lines of a message, up to where it tells of other things."""
    lines = []
    for line in str(error or "").splitlines():
        if ASIDE.match(line):
            break
        lines.append(line.strip())
    text = " ".join(lines).removeprefix("Error merging override ")
    return text.removeprefix("UserError raised while resolving interpolation: ").strip()


def check_known(node: DictConfig, name: str = "") -> None:
    """Raises: UserError for a setting that its part of the config has not: after `+`, with which
    Hydra adds any.
    """
    kind = OmegaConf.get_type(node)
    known = [*BROUGHT, *(f.name for f in fields(kind))] if is_dataclass(kind) else list(node)
    for key in map(str, node):
        if key not in known:
            raise UserError(unknown_key(f"{name}{key}", OmegaConf.masked_copy(node, known)))
        below = None if OmegaConf.is_missing(node, key) else node._get_node(key)
        if isinstance(below, DictConfig) and not below._is_none():
            check_known(below, f"{name}{key}.")


def unknown_key(key: str, parent: Any) -> str:
    """That no setting has this name, and which may be meant.

    Args:
        key: Its full name, `ci.lo`.
        parent: The config node that lacks it.
    """
    if key in RENAMED:
        return f"{key} is now called {RENAMED[key]}"
    group, _, last = key.rpartition(".")
    names = sorted(str(k) for k in parent) if isinstance(parent, DictConfig) else []
    near = closest(last, names) or closest(last.lower(), names)
    if near and group:
        near = near.replace("mean ", f"mean {group}.")
    if not near and not group:
        deeper = [name for name in leaves(parent) if name.rpartition(".")[2] == last]
        near = f" (did you mean {' or '.join(deeper[:3])}?)" if deeper else ""
    has = f"{group or 'a config'} {'has ' + ', '.join(names) if names else 'is a value'}"
    return f"{key} is no setting{near}; {has}"


def unknown_reference(error: InterpolationKeyError) -> str:
    """That `${NAME}` refers to no setting, and how a variable of the environment is written."""
    found = re.search(r"Interpolation key '(.*?)' not found", str(error))
    name = found[1] if found else ""
    refers = f"{error.full_key} refers to ${{{name}}}, and {name} is no setting"
    if name in os.environ:
        return (
            f"{refers}; the shell puts the variable of the environment in where it is not in single"
            " quotes"
        )
    return f"{refers}; write the value itself"


def leaves(node: Any, prefix: str = "") -> list[str]:
    """The full names of all settings below a config node, `hydra` left out."""
    if not (isinstance(node, DictConfig) and not node._is_none()):
        return []
    names = []
    for key in map(str, node):
        if key != "hydra":
            below = leaves(node._get_node(key), f"{prefix}{key}.")
            names += below or [f"{prefix}{key}"]
    return names


def unknown_config(name: str, options: list[str]) -> str:
    """That there is no config of this name, `group/choice` or `multirun_templates/NAME`."""
    group, _, choice = name.removesuffix(".yaml").rpartition("/")
    if not options:
        options = template_names()
        near = closest(choice, options).replace("mean ", f"mean {TEMPLATES}/")
        return f"-cn {name} is unknown{near}; templates are {', '.join(options)}"
    return (
        f"{group}={choice} is unknown{closest(choice, options)}; choose one of {', '.join(options)}"
    )
