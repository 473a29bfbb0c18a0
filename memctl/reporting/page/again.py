"""The command that makes a run again, from the config that it left."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from memctl import data, models, registry, samplers
from memctl.config import Config
from memctl.paths import config_root

# Groups in the order in which a setting may refer to another's; and what no number depends on.
GROUPS = ("data", "model", "sampler", "start", "diffusion", "weighting", "generate", "metrics")
ORDER = ("data", "ci", "base", "control")
COMPUTED = ("task", "start", "paths", "trainer", "logger", "theory")
REFERENCE = re.compile(r"\$\{([\w.]+)\}")
SIMPLE = re.compile(r"[A-Za-z0-9_./-]+")


def command(saved: Mapping[str, Any]) -> str:
    """What makes a run anew in the folder where it is typed, to be pasted into a shell.

    Args:
        saved: The run's config.yaml, as `RunFolder.settings` reads it, as a mapping.
    """
    return shlex.join(["python", "-m", "memctl.train", *overrides(saved)])


def overrides(saved: Mapping[str, Any]) -> list[str]:
    """The choices of files in conf/ and the settings in which the run differs from them."""
    chosen = {group: choice(group, saved) for group in GROUPS}
    usual = usual_choices()
    out = [f"{group}={name}" for group, name in chosen.items() if name != usual.get(group)]
    known = {**composed(chosen), "paths": saved.get("paths", {})}
    parts = [*ORDER, *(part for part in saved if part not in (*ORDER, *COMPUTED))]
    for part in parts:
        for path, value in leaves(saved.get(part), part):
            if resolved(look_up(known, path), known) != value:
                out.append(f"{path}={text(value)}")
            known = merged(known, nested(path, value))
    return out


def leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every setting by its path; a list is one."""
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}")
    else:
        yield path, node


def look_up(config: Mapping[str, Any], path: str) -> Any:
    """A setting by its path; None where there is none."""
    node: Any = config
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def resolved(value: Any, config: Mapping[str, Any]) -> Any:
    """A value with what it refers to in a config."""
    if isinstance(value, list):
        return [resolved(part, config) for part in value]
    if isinstance(value, Mapping):
        return {key: resolved(part, config) for key, part in value.items()}
    if not isinstance(value, str):
        return value
    follow = lambda path: resolved(look_up(config, path), config)
    if whole := REFERENCE.fullmatch(value):
        return follow(whole[1])
    return REFERENCE.sub(lambda found: str(follow(found[1])), value)


def nested(path: str, value: Any) -> dict[str, Any]:
    """A config with one setting."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def merged(config: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A config with another's settings in it."""
    out = dict(config)
    for key, value in other.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = merged(out[key], value) if both else value
    return out


def text(value: Any) -> str:
    """A value in Hydra's grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{text(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(text, value)) + "]"
    if isinstance(value, int | float):
        return str(value)
    if SIMPLE.fullmatch(value) and not looks_otherwise(value):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def looks_otherwise(word: str) -> bool:
    """Whether Hydra would read a text as a number, null or a truth value."""
    if word.lower() in ("null", "true", "false", "nan", "inf"):
        return True
    try:
        float(word.replace("_", ""))
    except ValueError:
        return False
    return True


def usual_choices() -> dict[str, str]:
    """The files that conf/config.yaml chooses, by group."""
    entries = plain(config_root() / "conf" / "config.yaml")["defaults"]
    return {k: v for entry in entries if isinstance(entry, dict) for k, v in entry.items()}


def choice(group: str, saved: Mapping[str, Any]) -> str:
    """The file in conf/GROUP of the same object that a run's settings differ least from."""
    part = saved.get(group) or {}
    if group == "start":
        return str(part or "base")
    named = {"diffusion": "schedule", "generate": "method", "metrics": ""}.get(group, "name")

    def differing(path: Path) -> tuple[int, int, bool]:
        own = {k: v for k, v in content(path).items() if k != "name"}
        wrong = sum(resolved(v, saved) != part.get(k) for k, v in own.items())
        return wrong, -len(own), path.stem != usual_choices().get(group)

    files = sorted((config_root() / "conf" / group).glob("*.yaml"))
    fitting = [f for f in files if not named or content(f).get(named) == part.get(named)]
    if fitting:
        return min(fitting, key=differing).stem
    return str(part.get(named) or usual_choices()[group])  # a user's own, or one without a file


def content(path: Path) -> dict[str, Any]:
    """A file's settings, with the name of the schema that it is of."""
    found = dict(plain(path))
    schemas = [str(e).removeprefix("schema/") for e in found.pop("defaults", []) if "schema/" in e]
    return {**({"name": schemas[0]} if schemas else {}), **found}


def composed(chosen: Mapping[str, str]) -> dict[str, Any]:
    """The config of these files, its references unresolved."""
    root = config_root() / "conf"
    tables: dict[str, Mapping[str, type[Any]]] = {
        "data": data.SOURCES,
        "model": models.MODELS,
        "sampler": samplers.all_samplers(),
    }
    main = {k: v for k, v in plain(root / "config.yaml").items() if k not in ("defaults", "hydra")}
    out = merged(asdict(Config()), main)
    for group, name in chosen.items():
        path = root / group / f"{name}.yaml"
        own = content(path) if path.is_file() else {"name": name}
        if group == "start":
            out = merged(out, own)
            continue
        if (kind := tables.get(group, {}).get(str(own.get("name")))) is not None:
            use = samplers.USE if group == "sampler" else {}
            own = {**registry.defaults(group, kind, samplers.GIVEN), **use, **own}
        out = merged(out, {group: own})
    return out


@cache
def plain(path: Path) -> dict[str, Any]:
    """A config file as it stands; not to be changed."""
    return dict(OmegaConf.to_container(OmegaConf.load(path), resolve=False))  # type: ignore[arg-type]
