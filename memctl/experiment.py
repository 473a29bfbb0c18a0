"""A run as a value: its typed config, the objects built from it, its keys and its folder.

Free of torch.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from memctl import data, models, samplers
from memctl.config import COMPUTING, WEIGHTINGS, Config, Stage
from memctl.data import DataSource
from memctl.errors import UserError
from memctl.files import contents
from memctl.keys import as_settings, digest, keys
from memctl.metrics.catalogue import versions
from memctl.models.base import ModelConfig
from memctl.models.pretrained import Pretrained
from memctl.runs.folder import RunFolder
from memctl.samplers import NoiseSchedule, ScheduleSampler, TimestepSampler

RANGES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("task", lambda v: v in ("run", "theory"), "run or theory"),
    ("start", lambda v: v in ("base", "scratch"), "base or scratch"),
    ("theory.points", lambda v: v >= 4, "at least 4"),
    ("theory.examples", lambda v: v >= 3, "at least 3"),
    ("theory.seed", lambda v: v >= 0, "at least 0"),
    ("base.epochs", lambda v: v >= 1, "at least 1"),
    (
        "control.epochs",
        lambda v: v >= 1,
        "at least 1 (sampler=none evaluates the base without control)",
    ),
    ("base.steps", lambda v: v is None or v >= 1, "at least 1, or null for base.epochs"),
    ("control.steps", lambda v: v is None or v >= 1, "at least 1, or null for control.epochs"),
    ("base.batch_size", lambda v: v >= 1, "at least 1"),
    ("seed", lambda v: v >= 0, "at least 0"),
    ("base.seed", lambda v: v >= 0, "at least 0"),
    ("metrics.seed", lambda v: v >= 0, "at least 0"),
    ("generate.seed", lambda v: 0 <= v < 2**62, "at least 0 and below 2^62"),
    ("base.warmup", lambda v: v >= 0, "at least 0"),
    ("control.warmup", lambda v: v >= 0, "at least 0"),
    ("control.batch_size", lambda v: v >= 1, "at least 1"),
    ("base.lr", lambda v: v > 0, "positive"),
    ("control.lr", lambda v: v > 0, "positive"),
    ("base.ema", lambda v: 0 <= v < 1, "in [0, 1)"),
    ("control.ema", lambda v: 0 <= v < 1, "in [0, 1)"),
    (
        "diffusion.prediction",
        lambda v: v in ("epsilon", "sample", "v_prediction"),
        "epsilon, sample or v_prediction",
    ),
    (
        "weighting.name",
        lambda v: v in WEIGHTINGS,
        "none, min_snr, soft_min_snr, p2, snr or debiased",
    ),
    ("weighting.gamma", lambda v: v > 0, "positive"),
    ("weighting.k", lambda v: v > 0, "positive"),
    ("generate.method", lambda v: v in ("ddim", "ddpm"), "ddim or ddpm"),
    ("generate.samples", lambda v: v >= 8, "at least 8"),
    ("generate.batch_size", lambda v: v >= 1, "at least 1"),
    ("metrics.reduce", lambda v: v in ("rms", "mse", "norm"), "rms, mse or norm"),
    ("metrics.per_example", lambda v: v in ("none", "zscore"), "none or zscore"),
    ("metrics.range", lambda v: v in ("own", "01", "m11"), "own, 01 or m11"),
    ("metrics.quantize", lambda v: v == 0 or v >= 2, "0 (off) or at least 2 levels"),
    ("metrics.components", lambda v: v >= 1, "at least 1"),
    ("metrics.bins", lambda v: v >= 3, "at least 3"),
    (
        "metrics.amplitude_js",
        lambda v: v in ("pooled", "pairwise_hist", "pairwise_pmf"),
        "pooled, pairwise_hist or pairwise_pmf",
    ),
    ("metrics.threshold", lambda v: 0 < v < 1, "in (0, 1)"),
    ("metrics.repeats", lambda v: v >= 20, "at least 20"),
    ("probe.examples", lambda v: v == 0 or v >= 8, "0 (no probe) or at least 8"),
    ("probe.bins", lambda v: v >= 1, "at least 1"),
    ("probe.draws", lambda v: v >= 1, "at least 1"),
    ("probe.seed", lambda v: v >= 0, "at least 0"),
    ("trainer.threads", lambda v: v >= 1, "at least 1"),
    ("trainer.base_threads", lambda v: v >= 1, "at least 1"),
    ("trainer.checkpoint_seconds", lambda v: v > 0, "positive"),
    *(  # in small letters: compile=true comes as True
        (
            f"trainer.{key}",
            lambda v, known=known: str(v).lower() in known,
            f"{', '.join(known[:-1])} or {known[-1]}",
        )
        for key, known in COMPUTING.items()
    ),
    (
        "logger.mode",
        lambda v: v in ("auto", "online", "offline", "disabled"),
        "auto, online, offline or disabled",
    ),
)


def check_ranges(cfg: DictConfig, group: str = "") -> None:
    """Raises: UserError for a value of the config that is out of its range; `group`, such as
    `metrics.`, is all that is looked at.
    """
    for key, valid, text in RANGES:
        if key.startswith(group) and not valid(value := OmegaConf.select(cfg, key)):
            raise UserError(f"{key}={value} must be {text}")


def check_scratch(config: Config) -> None:
    """Raises: UserError for a run from scratch that asks for a base."""
    if config.task == "theory" or config.sampler.get("name") == "none":
        what = "task=theory" if config.task == "theory" else "sampler=none"
        raise UserError(f"{what} looks at the base, and start=scratch has none; set start=base")
    if config.base.path:
        raise UserError(
            f"base.path={config.base.path} is not used with start=scratch; leave one of them out"
        )


@dataclass(frozen=True)
class Experiment:
    """One run, before it runs. `schedule_sampler` is None for the reference run that evaluates the
    base without control.
    """

    config: Config
    data: DataSource
    model: ModelConfig
    schedule_sampler: ScheduleSampler | None

    @classmethod
    def of(cls, cfg: DictConfig) -> "Experiment":
        """Build from a composed config. Raises: UserError for a value that is out of its range."""
        config = OmegaConf.to_object(cfg)
        assert isinstance(config, Config)
        check_ranges(cfg)
        schedule = NoiseSchedule.from_config(config.diffusion)
        if config.generate.steps not in range(1, config.diffusion.timesteps + 1):
            raise UserError(
                f"generate.steps={config.generate.steps} must be in"
                f" 1..{config.diffusion.timesteps}, the diffusion's steps"
            )
        if schedule.zero_terminal_snr and config.diffusion.prediction == "epsilon":
            raise UserError(
                "diffusion.zero_terminal_snr=true leaves no signal at t = T, from which x_0 cannot"
                " be found by predicting the noise; set diffusion.prediction=v_prediction (or"
                " sample)"
            )
        if config.start == "scratch":
            check_scratch(config)
        schedule_sampler = (
            None
            if config.sampler.get("name") == "none"
            else samplers.build_schedule_sampler(config.sampler, schedule)
        )
        if (
            schedule_sampler is not None
            and schedule_sampler.sampler.timesteps != config.diffusion.timesteps
        ):
            raise UserError(
                f"sampler.timesteps={schedule_sampler.sampler.timesteps} is not"
                f" diffusion.timesteps={schedule.timesteps}; set the latter alone"
            )
        return cls(config, data.build(config.data), models.build(config.model), schedule_sampler)

    @cached_property
    def schedule(self) -> NoiseSchedule:
        """The noise schedule of the forward process."""
        return NoiseSchedule.from_config(self.config.diffusion)

    @property
    def sampler(self) -> TimestepSampler | None:
        """The distribution over t that control draws from or weights by."""
        return self.schedule_sampler.sampler if self.schedule_sampler else None

    @property
    def from_scratch(self) -> bool:
        """Whether control starts from random weights."""
        return self.config.start == "scratch"

    @cached_property
    def science(self) -> dict[str, Any]:
        """Every setting that decides the run's numbers, as JSON: not paths, device, logger, threads
        or the batch size of generation.
        """
        apart = ("path", "url", "hub", "base_epochs", "cache")
        source = {k: v for k, v in as_settings(self.data).items() if k not in apart}
        generate = as_settings(self.config.generate)
        del generate["batch_size"]
        return {
            "data": {"name": self.data.name, "digest": self.data.digest(), **source},
            "model": {"name": self.model.name, **as_settings(self.model)},
            "diffusion": as_settings(self.config.diffusion),
            "base": self._base(),
            **self._control(),
            "generate": generate,
            "metrics": {
                **as_settings(self.config.metrics),
                "versions": versions(self.config.metrics),
            },
            "probe": as_settings(self.config.probe),
        }

    def _control(self) -> dict[str, Any]:
        if self.schedule_sampler is None:
            return {"sampler": None}
        stage, weighting = as_settings(self.config.control), self.config.weighting
        del stage["path"], stage["seed"], stage["saw_heldout"]
        constants = {k: getattr(weighting, k) for k in WEIGHTINGS[weighting.name]}
        return {
            "sampler": self.schedule_sampler.sampler.science(),
            "use": self.schedule_sampler.use,
            "weighting": {"name": weighting.name, **constants},
            "control": stage,
            "seed": self.config.seed,
        }

    def _base(self) -> dict[str, Any]:
        """Where the weights that control starts from come from. Raises: UserError for a checkpoint
        that cannot be had.
        """
        if self.from_scratch:
            return {"start": "scratch"}
        path = self.config.base.path
        if not path:
            return {
                k: v
                for k, v in as_settings(self.config.base).items()
                if k not in ("path", "saw_heldout")
            }
        files = self.pretrained.files() if self.pretrained else [Path(path)]
        return {
            "sha256": contents(files),
            **({"saw_heldout": True} if self.config.base.saw_heldout else {}),
        }

    @cached_property
    def pretrained(self) -> Pretrained | None:
        """The base's checkpoint, where it is one of diffusers'."""
        return Pretrained.find(self.config.base.path) if self.config.base.path else None

    @cached_property
    def keys(self) -> dict[str, str]:
        """Stage -> key."""
        return keys(self.science)

    @cached_property
    def fingerprint(self) -> str:
        """The run's identity: of all that decides its numbers."""
        return digest(self.keys)

    @property
    def name(self) -> str:
        """The run's folder in the sweep: `cl700_ch1000_s0`, `uniform_s0`, `base`."""
        name = (
            "base"
            if self.schedule_sampler is None
            else f"{self.schedule_sampler.label}_s{self.config.seed}"
        )
        return f"{name}_{self.config.sweep.tag}" if self.config.sweep.tag else name

    @property
    def runs(self) -> Path:
        return Path(self.config.paths.runs)

    @property
    def sweep_directory(self) -> Path:
        return self.runs / self.config.sweep.name

    @cached_property
    def folder(self) -> RunFolder:
        return RunFolder(self.sweep_directory / self.name)

    @cached_property
    def base_folder(self) -> RunFolder:
        return RunFolder(self.runs / "bases" / self.keys["base"])

    def stage(self) -> Stage:
        """The control's settings with the run's seed."""
        control = self.config.control
        return Stage(**{**asdict(control), "seed": self.config.seed})
