"""What a user types, as specs of samplers."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import yaml  # type: ignore[import-untyped]

from memctl.errors import UserError
from memctl.samplers import all_samplers

Spec = dict[str, Any]

# Where a sampler's defaults draw nothing, or nothing of interest: an example of it, at T steps.
EXAMPLES: dict[str, Callable[[int], Spec]] = {
    "interval": lambda n: {"low": _near(0.7 * n), "high": n},
    "band": lambda n: {"low": n // 2, "multiplier": 4},
    "fixed": lambda n: {"t": max(n // 2, 1)},
    "mixture": lambda n: {"parts": [{"name": "laplace"}, {"name": "uniform"}]},
    "switch": lambda n: {
        "parts": [{"name": "uniform"}, {"name": "interval", "low": _near(0.7 * n), "high": n}]
    },
    "mirror": lambda n: {"of": {"name": "interval", "low": _near(0.1 * n), "high": _near(0.2 * n)}},
}


def gallery(timesteps: int) -> list[Spec]:
    """One spec of every sampler, the user's own too, but for `table`, which needs a file.

    Raises: UserError.
    """
    return [
        {"name": name, **EXAMPLES.get(name, lambda n: {})(timesteps)}
        for name in all_samplers()
        if name != "table"
    ]


def parse(text: str) -> tuple[list[Spec], list[str]]:
    """The specs that an argument stands for, and those of its combinations that were dropped
    because they are no interval.

    Args:
        text: `name`, `name:key=value,...` with `|` between the values of a range, or a spec (or a
            list of them) as YAML or JSON.

    Raises:
        UserError: text that is none of these, or of which no interval is left.
    """
    if text.lstrip().startswith(("{", "[")):
        value = from_yaml(text)
        specs = value if isinstance(value, list) else [value]
        for spec in specs:
            if not isinstance(spec, dict) or "name" not in spec:
                raise UserError(f"{text} is no sampler: write {{name: NAME, ...}}")
        return specs, []
    name, _, rest = text.partition(":")
    ranges: dict[str, list[Any]] = {}
    for item in split(rest, ",") if rest else []:
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not key:
            raise UserError(f"{text}: {item!r} is no setting; write {name}:KEY=VALUE,KEY=VALUE")
        if key in ranges or key == "name":
            raise UserError(f"{text}: {key} is given twice")
        ranges[key] = [from_yaml(choice) for choice in split(value, "|")]
    specs = [
        {"name": name, **dict(zip(ranges, values, strict=True))}
        for values in product(*ranges.values())
    ]
    kept = [spec for spec in specs if len(specs) == 1 or not _reversed(spec)]
    dropped = [
        ", ".join(f"{k}={spec[k]}" for k, v in ranges.items() if len(v) > 1)
        for spec in specs
        if spec not in kept
    ]
    if not kept:
        raise UserError(f"{text}: no interval is left, low must be below high")
    return kept, dropped


def from_yaml(text: str) -> Any:
    """A value written as YAML. Raises: UserError."""
    try:
        return _plain(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UserError(
            f"{text} cannot be read as YAML: {getattr(error, 'problem', None) or error}"
        ) from None


def split(text: str, at: str) -> list[str]:
    """`text` cut at a character, but not inside brackets."""
    return list(_pieces(text, at))


def _pieces(text: str, at: str) -> Iterator[str]:
    depth, start = 0, 0
    for i, c in enumerate(text):
        depth += (c in "[{(") - (c in ")}]")
        if c == at and depth <= 0:
            yield text[start:i]
            start = i + 1
    yield text[start:]


def _plain(value: Any) -> Any:
    """A YAML value with 1e-4 read as the number it is (YAML 1.1 takes it for text), and keys that
    are text.
    """
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return (
        float(value)
        if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value)
        else value
    )


def _reversed(spec: Spec) -> bool:
    """Whether a combination is no interval, so that a range drops it; one that is wrong in another
    way is an error.
    """
    low, high = spec.get("low"), spec.get("high")
    if (
        spec["name"] != "interval"
        or not isinstance(low, int | float)
        or not isinstance(high, int | float)
    ):
        return False
    return low > high or (low == high and spec.get("allow_degenerate") is not True)


def _near(value: float) -> float:
    """Without the noise of the last digit, which a label would show."""
    return round(value, 6)
