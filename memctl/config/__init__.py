"""The typed configuration: Hydra checks keys and types against `Config` before anything runs.

`data`, `model` and `sampler` are nodes `{name: ..., ...}` whose fields depend on the name; the
package of that name checks them when it builds the object.
"""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore

from memctl.config.learning import WEIGHTINGS, Diffusion, Interval, Stage, Weighting
from memctl.config.reading import Along, Generate, Metrics, Probe, Theory
from memctl.config.running import COMPUTING, Logger, Paths, Sweep, Trainer

__all__ = [
    "COMPUTING",
    "WEIGHTINGS",
    "Along",
    "Config",
    "Diffusion",
    "Generate",
    "Interval",
    "Logger",
    "Metrics",
    "Paths",
    "Probe",
    "Stage",
    "Sweep",
    "Theory",
    "Trainer",
    "Weighting",
]


@dataclass
class Config:
    """Everything a run is made from.

    Attributes:
        task: run, or theory: what `python -m memctl.train` does with it.
        start: What control starts from: base, the checkpoint of `base`, or scratch, random weights
            drawn with the run's seed. From scratch control is the whole training, and the settings
            of `base` are no more than its defaults (conf/start/scratch.yaml).
        seed: Of control: its batches, t and noise and, from scratch, the weights.
    """

    task: str = "run"
    start: str = "base"
    data: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    sampler: dict[str, Any] = field(default_factory=dict)
    ci: Interval = field(default_factory=Interval)
    diffusion: Diffusion = field(default_factory=Diffusion)
    weighting: Weighting = field(default_factory=Weighting)
    base: Stage = field(
        default_factory=lambda: Stage(epochs=50, lr=1e-3, ema=0.999, ema_warmup=True)
    )
    control: Stage = field(default_factory=Stage)
    generate: Generate = field(default_factory=Generate)
    metrics: Metrics = field(default_factory=Metrics)
    probe: Probe = field(default_factory=Probe)
    along: Along = field(default_factory=Along)
    trainer: Trainer = field(default_factory=Trainer)
    logger: Logger = field(default_factory=Logger)
    paths: Paths = field(default_factory=Paths)
    sweep: Sweep = field(default_factory=Sweep)
    seed: int = 0
    theory: Theory = field(default_factory=Theory)


# Former names of settings, so that whoever uses one is told the new.
RENAMED = {
    "probe.records": "probe.examples",
    "theory.records": "theory.examples",
    "metrics.per_record": "metrics.per_example",
}


def register() -> None:
    """Make the schema known to Hydra as `schema`, the first of the defaults in conf/config.yaml."""
    ConfigStore.instance().store(name="schema", node=Config, provider="memctl")
