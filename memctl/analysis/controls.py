"""What each run of a sweep does against copying: its control, named by what it changes.

A sweep has a reference: the uniform run, with data, network, budget and all else as most runs have
them. A run's control is the name of what its settings differ in from the reference's: `interval`,
`training time`, `dropout`, and `interval + training time` of a run that changes both. Runs that
differ in nothing but their seed or their split are one setting.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memctl.analysis.sweep_results import SweepResults

UNIFORM = "uniform"
# What is changed by a setting, or by any whose path begins so; the longest that fits names it.
NAMES = {
    "base": "base",
    "base.start": "start",
    "control.batch_size": "batch size",
    "control.cosine": "learning rate",
    "control.ema": "EMA",
    "control.epochs": "training time",
    "control.lr": "learning rate",
    "control.steps": "training time",
    "control.warmup": "learning rate",
    "control.weight_decay": "weight decay",
    "data.n_train": "data size",
    "diffusion": "forward process",
    "diffusion.prediction": "prediction",
    "generate": "generation",
    "generate.guidance": "guidance",
    "model": "network size",
    "model.dropout": "dropout",
    "model.name": "network",
    "sampler": "sampler",
    "use": "use",
    "weighting": "weighting",
}
# In which runs of one setting may differ: repetitions, and how they are measured.
REPEATED = ("seed", "data.split_seed", "data.swap")
MEASURED = ("along", "probe", "metrics")
WORDS = {"epochs": "{:,} epochs", "steps": "{:,} steps", "n_train": "n = {:,}"}


@dataclass(frozen=True)
class Setting:
    """A setting of a sweep.

    Attributes:
        control: What it changes against the reference; `uniform` of that itself.
        label: Its own values, such as `[700, 1000]` or `3,500 steps`.
        runs: Name of each run by its repetition (seed and split).
    """

    control: str
    label: str
    runs: dict[str, str]


def in_words(control: str, label: str) -> str:
    """A setting with its control, where its label does not begin with it, as `dropout 0.1` does."""
    return label if label.startswith(control) else f"{control} {label}"


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its path, such as `control.lr`; a list is one."""
    if not isinstance(node, Mapping):
        yield path, node
        return
    for key, value in node.items():
        yield from leaves(value, f"{path}.{key}" if path else key)


def own_settings(science: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by which runs are told apart, by path."""
    parts = {part: value for part, value in science.items() if part not in MEASURED}
    return {path: value for path, value in leaves(parts) if path not in REPEATED}


def repetition(science: Mapping[str, Any]) -> str:
    """Seed and split, which runs that are compared in pairs share."""
    known = dict(leaves(science))
    return json.dumps([known.get(path) for path in REPEATED])


def name(path: str) -> str:
    """What is changed by the setting of this path."""
    fitting = [start for start in NAMES if path.startswith(start)]
    own = path.rpartition(".")[2].replace("_", " ")
    return NAMES[max(fitting, key=len)] if fitting else own


def changed(own: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The paths in which settings differ, the sampler's first. From scratch and after a base are
    two protocols, whose trainings are not compared setting by setting.
    """
    paths = [p for p in dict.fromkeys([*own, *other]) if own.get(p) != other.get(p)]
    if "base.start" in paths:
        paths = [p for p in paths if p == "base.start" or not p.startswith(("base.", "control."))]
    return sorted(paths, key=lambda path: not path.startswith("sampler"))


def control(own: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The name of all that differs between settings, such as `interval + training time`."""
    names = dict.fromkeys(name(path) for path in changed(own, other))
    if own.get("sampler.name") == "interval":
        names = {("interval" if n == "sampler" else n): None for n in names}
    return " + ".join(names)


def sampler_text(science: Mapping[str, Any]) -> str:
    """A sampler by its name, an interval by its ends."""
    placed = science["name"] == "interval"
    return f"[{science['low']:g}, {science['high']:g}]" if placed else str(science["name"])


def value(path: str, content: Any) -> str:
    """A setting in words."""
    key = path.rpartition(".")[2]
    if path == "base.start":
        return "from scratch" if content else "after a base"
    if isinstance(content, bool) or content is None:
        return f"{'' if content else 'no '}{key.replace('_', ' ')}"
    if isinstance(content, list) and all(isinstance(part, Mapping) for part in content):
        return " / ".join(map(sampler_text, content))
    if isinstance(content, list):
        text = "-".join(map(str, content))
    else:
        text = f"{content:g}" if isinstance(content, float) else str(content)
    if key == "name":
        return text
    fits = key in WORDS and isinstance(content, int)
    return WORDS[key].format(content) if fits else f"{key.replace('_', ' ')} {text}"


def label(own: Mapping[str, Any], other: Mapping[str, Any], alike: list[dict[str, Any]]) -> str:
    """The values that a setting is told by.

    Args:
        own, other: Its settings, and the reference's.
        alike: Settings with the same sampler, of whose parameters those are named that differ
            among them.
    """
    parts, told = [], {"sampler.timesteps"}
    differing = changed(own, other)
    if "sampler.name" in differing:
        parts.append(sampler_text({p.removeprefix("sampler."): v for p, v in own.items()}))
        placed = own["sampler.name"] == "interval"
        told |= {"sampler.name", *(("sampler.low", "sampler.high") if placed else ())}
    for path in differing:
        if path in told or (path not in own and path != "base.start"):
            continue
        varies = len({json.dumps(s.get(path)) for s in alike}) > 1
        if varies or not ("sampler.name" in told and path.startswith("sampler.")):
            parts.append(value(path, own.get(path)))
    return ", ".join(parts) or "default"  # a setting that is left out there


def reference(found: Mapping[str, dict[str, Any]], copies: Mapping[str, list[float]]) -> str | None:
    """The key of the uniform setting from which the runs differ in the least number of ways, all
    taken together; of several the one with the most runs, then with the fewest settings besides the
    defaults, then that copies most, as what is to be controlled. None without any.

    Args:
        found: Settings by key.
        copies: f_mem of each one's runs.
    """
    uniform = [key for key, own in found.items() if own.get("sampler.name") == UNIFORM]
    ways = lambda key: sum(
        len(copies[k]) * len({name(path) for path in changed(own, found[key])})
        for k, own in found.items()
    )
    order = lambda key: (ways(key), -len(copies[key]), len(found[key]), -max(copies[key]))
    return min(uniform, key=order, default=None)


def settings(sweep: SweepResults) -> list[Setting]:
    """The settings of a sweep's controlled runs, the reference first; none where the sweep has no
    uniform run.
    """
    found: dict[str, dict[str, Any]] = {}
    runs: dict[str, dict[str, str]] = {}
    copies: dict[str, list[float]] = {}
    for run, record in sweep.records.items():
        science = record["science"]
        if science.get("sampler"):
            own = own_settings(science)
            key = json.dumps(own, sort_keys=True)
            found[key] = own
            runs.setdefault(key, {}).setdefault(repetition(science), run)
            f_mem = (record["metrics"].get("f_mem") or {}).get("value")
            copies.setdefault(key, []).append(f_mem or 0.0)
    chosen = reference(found, copies)
    if chosen is None:
        return []
    others = []
    for key, own in found.items():
        if key != chosen:
            alike = [s for s in found.values() if s["sampler.name"] == own["sampler.name"]]
            text = label(own, found[chosen], alike)
            others.append(Setting(control(own, found[chosen]), text, runs[key]))
    return [Setting(UNIFORM, UNIFORM, runs[chosen]), *others]


def references(sweep: SweepResults) -> dict[str, list[str]]:
    """Names of the runs that others are told by: those of the reference, `uniform`, and the `base`.
    A uniform run that differs from the reference in anything else is a setting like others.
    """
    uniform = next(([*setting.runs.values()] for setting in settings(sweep)), [])
    return {UNIFORM: uniform, "base": [*sweep.table.name[sweep.table.kind == "base"]]}
