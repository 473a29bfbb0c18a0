"""What decides a run's numbers, as a chain of keys: each stage's is the digest of the key before
it, its own settings and its own format.

So a changed setting changes the keys of its stage and of those after it, and of no other; what is
kept under a key can't be stale.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, field, fields
from typing import Any, NamedTuple


class Stage(NamedTuple):
    """A stage of a run.

    Attributes:
        before: The stage whose result it starts from.
        settings: Names of the settings that decide its numbers, besides that result.
        format: Raised whenever the same settings would give other numbers.
        optional: Whether a run without its settings has no such stage, and no key of it.
    """

    before: str | None
    settings: tuple[str, ...]
    format: int
    optional: bool = False


STAGES = {
    "base": Stage(None, ("data", "model", "diffusion", "base"), 4),
    "control": Stage("base", ("sampler", "use", "weighting", "control", "seed"), 4),
    "generate": Stage("control", ("generate",), 4),
    "along": Stage("generate", ("along",), 1, optional=True),
    "probe": Stage("control", ("probe",), 4),
    "measure": Stage("generate", ("metrics",), 6),
}
ANEW = ("along", "probe", "measure")  # stages that are done anew where their key is another


def later(default: Any) -> Any:
    """The dataclass field of a setting that runs were made without: at its default it is no part of
    what decides a run's numbers, so that their keys hold.
    """
    return field(default=default, metadata={"later": True})


def as_settings(config: Any) -> dict[str, Any]:
    """A dataclass as JSON, without the `later` fields that are at their defaults."""
    absent = {
        f.name
        for f in fields(config)
        if f.metadata.get("later") and getattr(config, f.name) == f.default
    }
    return {k: v for k, v in asdict(config).items() if k not in absent}


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def settings(science: Mapping[str, Any], *stages: str) -> dict[str, Any]:
    """The settings of these stages alone."""
    names = [name for stage in stages for name in STAGES[stage].settings]
    return {name: science[name] for name in names if name in science}


def made_by(science: Mapping[str, Any]) -> dict[str, Any]:
    """The settings whose change would need other weights or samples."""
    return {k: v for k, v in science.items() if k not in settings(science, *ANEW)}


def keys(science: Mapping[str, Any], stages: Mapping[str, Stage] = STAGES) -> dict[str, str]:
    """Stage -> key, of the stages that a run of these settings has.

    Args:
        science: Every setting that decides a number, as JSON; what is left out counts as absent.
        stages: In an order in which each comes after the one before it.
    """
    out: dict[str, str] = {}
    for name, stage in stages.items():
        own = {key: science[key] for key in stage.settings if key in science}
        if stage.optional and not own:
            continue
        out[name] = digest([out[stage.before] if stage.before else None, name, stage.format, own])
    return out


def yardsticks_key(science: Mapping[str, Any]) -> str:
    """The key of what the yardsticks read: it depends on the data, the metrics and the number of
    samples, not on any model.
    """
    own = {"data": science["data"], "metrics": science["metrics"]}
    return digest([own, science["generate"]["samples"], STAGES["measure"].format])


def differences(old: Any, new: Any, prefix: str = "") -> list[str]:
    """`key: old -> new` for each leaf in which two settings differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [*old, *(k for k in new if k not in old)]
        return [
            line for k in names for line in differences(old.get(k), new.get(k), f"{prefix}{k}.")
        ]
    return [] if old == new else [f"{prefix[:-1]}: {old} -> {new}"]
