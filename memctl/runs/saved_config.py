"""A run's config.yaml, read as data: it may come from a stranger."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from memctl.config import Config
from memctl.errors import UserError
from memctl.runs import former

FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


LONGEST = 1_000_000  # bytes; a run's is of a few thousand
DEEPEST = 30  # levels; a run's are five


def content(path: Path) -> bytes:
    """The file, unless it would become a tree without end.

    Raises: OSError, ValueError or yaml.YAMLError.
    """
    if path.stat().st_size > LONGEST:
        raise ValueError(f"it is longer than {LONGEST:,} bytes")
    found, depth = path.read_bytes(), 0
    for event in yaml.parse(found, FAST):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it repeats parts of itself, and a run's settings are values")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} times")
    return found


def load(path: Path) -> DictConfig:
    """The config that a run was made by. Nothing in it is looked up, in the environment or
    elsewhere, and no address of its own is asked for the data.

    Raises: UserError where it is damaged, or holds what would be looked up.
    """
    try:
        read = OmegaConf.load(StringIO(content(path).decode()))
        saved: Any = OmegaConf.to_container(read, resolve=False)
        if not saved:
            raise ValueError("it is empty")
        for text in texts(saved):
            if "${" in text:
                raise ValueError(f"{text} would be looked up, and a run's settings are values")
        source = saved.get("data")
        if isinstance(source, dict):
            source.pop("url", None)
        merged = OmegaConf.merge(OmegaConf.structured(Config), former.renamed(saved))
    except (OmegaConfBaseException, AttributeError, ValueError, OSError, yaml.YAMLError) as error:
        raise UserError(f"{path} is damaged: {str(error).splitlines()[0]}") from None
    assert isinstance(merged, DictConfig)
    return merged


def plain(path: Path) -> dict[str, Any]:
    """The settings that stand in it, without types and later defaults: in a hundredth of a second,
    for who reads those of hundreds of runs.

    Raises: UserError as `load`.
    """
    try:
        saved = yaml.load(content(path), FAST)
        if not isinstance(saved, dict):
            raise ValueError("it holds no settings")
        if any("${" in text for text in texts(saved)):
            raise ValueError("something in it would be looked up")
        return dict(former.renamed(saved))
    except (AttributeError, ValueError, OSError, yaml.YAMLError) as error:
        raise UserError(f"{path} is damaged: {str(error).splitlines()[0]}") from None


def texts(node: Any) -> Iterator[str]:
    """Every text in a config, keys too."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node
