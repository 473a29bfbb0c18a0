"""The ranges of single settings; what depends on several is checked where it is used."""

from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig, OmegaConf

from memctl.config.learning import WEIGHTINGS
from memctl.config.running import COMPUTING
from memctl.errors import UserError

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
    ("base.weight_decay", lambda v: v >= 0, "at least 0"),
    ("control.weight_decay", lambda v: v >= 0, "at least 0"),
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
    ("generate.guidance", lambda v: v >= 0, "at least 0"),
    (
        "generate.guidance_threshold",
        lambda v: v is None or -2 <= v < 0,
        "in [-2, 0), or null for what the training examples themselves have",
    ),
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
    ("along.points", lambda v: v == 0 or v >= 3, "0 (no checkpoints) or at least 3"),
    ("along.samples", lambda v: v >= 8, "at least 8"),
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
