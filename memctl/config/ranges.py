"""The ranges of single settings; what depends on several is checked where it is used."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from operator import attrgetter
from typing import Any

from memctl.config.learning import WEIGHTINGS
from memctl.config.running import BESIDE_SWEEPS, COMPUTING, Logger, Sweep
from memctl.errors import UserError

LARGEST = 2**62  # a seed and the number of a sample fit 64 bits together
LONGEST_NAME = 240  # bytes; file systems take 255, and a part being written is longer by some
THREADS = 1024  # so many more than cores are no gain, and a million end the process
STEPS, BATCH, SAMPLES = 10**9, 10**6, 10**7
INF = float("inf")
Range = tuple[Callable[[Any], bool], str]


def whole(low: int, high: int, *others: int | None, note: str = "") -> Range:
    """A whole number from `low` to `high`, beyond which it asks for more than any machine has; or
    one of some others, of which the note tells.
    """
    text = f"at least {low} and at most {high:,}{note}"
    return lambda v: v in others or (v is not None and low <= v <= high), text


POSITIVE: Range = (lambda v: 0 < v < INF, "positive")
NOT_NEGATIVE: Range = (lambda v: 0 <= v < INF, "at least 0")
SHARE: Range = (lambda v: 0 <= v < 1, "in [0, 1)")
SEED: Range = (lambda v: 0 <= v < LARGEST, "at least 0 and below 2^62")

RANGES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("task", lambda v: v in ("run", "theory"), "run or theory"),
    ("start", lambda v: v in ("base", "scratch"), "base or scratch"),
    ("theory.points", *whole(4, 10_000)),
    ("theory.examples", *whole(3, BATCH)),
    ("base.epochs", *whole(1, STEPS)),
    (
        "control.epochs",
        *whole(1, STEPS, note=" (sampler=none evaluates the base without control)"),
    ),
    ("base.steps", *whole(1, STEPS, None, note=", or null for base.epochs")),
    ("control.steps", *whole(1, STEPS, None, note=", or null for control.epochs")),
    *((key, *SEED) for key in ("seed", "base.seed", "metrics.seed", "generate.seed")),
    *((key, *SEED) for key in ("control.seed", "probe.seed", "theory.seed")),
    *((f"{stage}.batch_size", *whole(1, BATCH)) for stage in ("base", "control", "generate")),
    *((f"{stage}.warmup", *whole(0, STEPS)) for stage in ("base", "control")),
    *((f"{stage}.lr", *POSITIVE) for stage in ("base", "control")),
    *((f"{stage}.weight_decay", *NOT_NEGATIVE) for stage in ("base", "control")),
    *((f"{stage}.ema", *SHARE) for stage in ("base", "control")),
    ("diffusion.timesteps", *whole(1, 100_000)),
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
    ("weighting.gamma", *POSITIVE),
    ("weighting.k", *POSITIVE),
    ("generate.method", lambda v: v in ("ddim", "ddpm"), "ddim or ddpm"),
    ("generate.samples", *whole(8, SAMPLES)),
    ("generate.guidance", *NOT_NEGATIVE),
    (
        "generate.guidance_threshold",
        lambda v: v is None or -2 <= v < 0,
        "in [-2, 0), or null for what the training examples themselves have",
    ),
    ("metrics.reduce", lambda v: v in ("rms", "mse", "norm"), "rms, mse or norm"),
    ("metrics.per_example", lambda v: v in ("none", "zscore"), "none or zscore"),
    ("metrics.range", lambda v: v in ("own", "01", "m11"), "own, 01 or m11"),
    ("metrics.quantize", *whole(2, 2**24, 0, note=" levels, or 0 (off)")),
    ("metrics.components", *whole(1, 1000)),
    ("metrics.bins", *whole(3, 10_000)),
    (
        "metrics.amplitude_js",
        lambda v: v in ("pooled", "pairwise_hist", "pairwise_pmf"),
        "pooled, pairwise_hist or pairwise_pmf",
    ),
    ("metrics.threshold", lambda v: 0 < v < 1, "in (0, 1)"),
    ("metrics.repeats", *whole(20, 100_000)),
    ("probe.examples", *whole(8, BATCH, 0, note=", or 0 (no probe)")),
    ("probe.bins", *whole(1, 1000)),
    ("probe.draws", *whole(1, 10_000)),
    ("along.points", *whole(3, 1000, 0, note=", or 0 (no checkpoints)")),
    ("along.samples", *whole(8, SAMPLES)),
    ("trainer.threads", *whole(1, THREADS)),
    ("trainer.base_threads", *whole(1, THREADS)),
    ("trainer.checkpoint_seconds", *POSITIVE),
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
        lambda v: v in ("auto", "online", "offline", "disabled", "trackio"),
        "auto, online, offline, disabled or trackio",
    ),
)


def check_ranges(config: Any, group: str = "") -> None:
    """Raises: UserError for a value of the config (or of a node with its keys) that is out of its
    range; `group`, such as `metrics.`, is all that is looked at.
    """
    for key, valid, text in RANGES:
        if key.startswith(group) and not valid(value := attrgetter(key)(config)):
            raise UserError(f"{key}={value} must be {text}")


def check_names(sweep: Sweep, run: str) -> None:
    """Raises: UserError for a sweep whose results would lie elsewhere than in a folder of its own,
    or for a run whose name is no folder's.
    """
    fault = name_fault(sweep.name)
    if sweep.name in BESIDE_SWEEPS:
        fault = f"names a folder that memctl keeps for itself, as {', '.join(BESIDE_SWEEPS)}"
    if fault:
        raise UserError(
            f"sweep.name={sweep.name} {fault}; give the name of one folder, such as sweep.name=mine"
            " (paths.runs=DIR chooses the folder that it lies in)"
        )
    if fault := name_fault(run):
        setting = f"sweep.tag={sweep.tag} " if sweep.tag else ""
        raise UserError(f"{setting}calls a run {run}, which {fault}; give a shorter, plain tag")


def check_logger(logger: Logger) -> None:
    """Raises: UserError where what is to log is not installed."""
    if logger.mode == "trackio" and find_spec("trackio") is None:
        raise UserError("logger=trackio needs Trackio: pip install 'memctl[trackio]'")


def name_fault(name: str) -> str | None:
    """Why this cannot be the name of one folder beside others, or None."""
    if not name.strip():
        return "is empty"
    if name.startswith(".") or re.search(r"[/\\]", name) or not name.isprintable():
        return "is no name of a folder (no slash, no dot at its start)"
    too_long = len(name.encode()) > LONGEST_NAME
    return f"has more than {LONGEST_NAME} bytes" if too_long else None
