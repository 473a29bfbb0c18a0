"""The typed configuration: Hydra checks keys and types against `Config` before anything runs.

`data`, `model` and `sampler` are nodes `{name: ..., ...}` whose fields depend on the name; the
package of that name checks them when it builds the object.
"""

from dataclasses import dataclass, field
from typing import Any, Optional

from hydra.core.config_store import ConfigStore

# weightings of the loss by t, with the constants that each uses
WEIGHTINGS = {
    "none": (),
    "min_snr": ("gamma",),
    "soft_min_snr": ("gamma",),
    "p2": ("gamma", "k"),
    "snr": (),
    "debiased": (),
}

# how a network may compute, each a setting of `Trainer`
COMPUTING = {
    "precision": ("auto", "fp32", "bf16"),
    "memory_format": ("auto", "channels_last", "contiguous"),
    "compile": ("auto", "true", "false"),
}


@dataclass
class Interval:
    """The cell: c_l, c_h and the probability of [c_l, c_h] under the normal distribution."""

    low: Optional[float] = None
    high: Optional[float] = None
    coverage: float = 0.5
    allow_degenerate: bool = False


@dataclass
class Diffusion:
    """The forward process (diffusers' DDPMScheduler): T steps, betas from start to end, and what
    the model predicts.

    Attributes:
        schedule: linear, scaled_linear, squaredcos_cap_v2 (which has no start and end) or sigmoid.
        zero_terminal_snr: Rescale the betas so that x_T is noise alone; not for prediction=epsilon.
        prediction: epsilon, sample or v_prediction.
    """

    timesteps: int = 1000
    schedule: str = "linear"
    beta_start: float = 1e-4
    beta_end: float = 0.02
    zero_terminal_snr: bool = False
    prediction: str = "epsilon"


@dataclass
class Weighting:
    """Weights of the control's loss by t (see memctl.diffusion.weighting); the base is trained
    without.

    Attributes:
        name: none, min_snr, soft_min_snr, p2, snr or debiased.
        gamma: Of min_snr, soft_min_snr and p2. k: Of p2.
    """

    name: str = "none"
    gamma: float = 5.0
    k: float = 1.0


@dataclass
class Stage:
    """One training: the base, or the control.

    Attributes:
        steps: How many steps to train instead of `epochs` epochs: the same for training sets of all
            sizes.
        warmup: Steps over which the learning rate rises from 0.
        cosine: Let the learning rate fall to 0 along a cosine; otherwise it stays.
        ema: Decay of the exponential moving average of the weights, which is what is kept; 0 keeps
            the raw weights.
        ema_warmup: Let the decay rise with the steps n as (1 + n) / (10 + n), up to `ema`. Without
            it the average still holds a share ema^n of the first weights: 4 % after 3,200 steps of
            0.999.
        path: (base only) a checkpoint made elsewhere, used instead of training one: memctl's, or a
            folder of diffusers or a name on the Hugging Face hub.
        saw_heldout: (base only) go on with a checkpoint that may have been trained on the held-out
            examples; the report says so.
    """

    epochs: int = 30
    steps: Optional[int] = None
    lr: float = 1e-4
    batch_size: int = 32
    warmup: int = 0
    cosine: bool = False
    ema: float = 0.99
    ema_warmup: bool = False
    seed: int = 0
    path: Optional[str] = None
    saw_heldout: bool = False

    def steps_on(self, n: int) -> int:
        """The number of steps on n examples."""
        return self.steps or self.epochs * -(-n // self.batch_size)

    def shown_on(self, n: int) -> int:
        """About how many examples are shown in these steps."""
        return round(self.steps_on(n) * n / -(-n // self.batch_size))


@dataclass
class Generate:
    """The reverse process. Sample j starts from the noise of seed `seed + j`, the same in every
    run.

    Attributes:
        method: ddim (Song et al. 2021, eta = 0) or ddpm (Ho et al. 2020, ancestral).
        steps: Steps of the reverse process, evenly spaced from T down.
    """

    method: str = "ddim"
    steps: int = 50
    samples: int = 1000
    batch_size: int = 100
    seed: int = 0


@dataclass
class Metrics:
    """Switches of the metrics; the defaults are those of the paper where it tells.

    Attributes:
        reduce: Distance between two examples: rms, mse or norm.
        per_example: none, or zscore to standardise each example first.
        range: own, or 01 or m11 to map the training data's range to [0, 1] or [-1, 1] first.
        quantize: Levels to which both sides are rounded over the training data's range (256: an
            8-bit round trip); 0 is off.
        bins: Histogram bins of the Jensen-Shannon divergences.
        amplitude_js: pooled, pairwise_hist or pairwise_pmf: what "JS distance of a signal to the
            training set" means.
        threshold: f_mem counts samples with d1/d2 below it.
        repeats: Resamplings behind every noise floor and interval.
        full: Whether to take the metrics beyond the paper's and the main ones too.
    """

    reduce: str = "rms"
    per_example: str = "none"
    range: str = "own"
    quantize: int = 0
    components: int = 2
    bins: int = 50
    amplitude_js: str = "pooled"
    threshold: float = 1 / 3
    repeats: int = 200
    seed: int = 0
    full: bool = True


@dataclass
class Probe:
    """The probe of a run's weights by t (memctl.probes): losses on train and held-out, membership
    AUC, distance to the optimal denoiser.

    Attributes:
        examples: Most examples a side, such as 128; 0 leaves the probe out.
        bins: Of t.
        draws: Times that each example is shown in each bin.
    """

    examples: int = 128
    bins: int = 20
    draws: int = 1
    seed: int = 0


@dataclass
class Trainer:
    """How to compute, not what: nothing here enters a fingerprint.

    Attributes:
        accelerator: auto, cpu, gpu or another of Lightning's.
        precision: auto (bf16 on a GPU that has it, else fp32), fp32 or bf16 (layers in bfloat16,
            weights and losses in float32).
        memory_format: auto (the network's own), channels_last or contiguous.
        compile: auto (networks above 10 million parameters, on CUDA), true or false: torch.compile.
        threads: CPU threads of a run.
        base_threads: CPU threads of the base, which runs alone.
        checkpoint_seconds: A run that is killed loses at most this much.
        keep_checkpoint: Whether a finished run keeps its weights; 45 cells of unet2d_64 are 20 GB.
    """

    accelerator: str = "auto"
    precision: str = "auto"
    memory_format: str = "auto"
    compile: str = "auto"
    threads: int = 1
    base_threads: int = 1
    checkpoint_seconds: float = 20.0
    keep_checkpoint: bool = True


@dataclass
class Logger:
    """Weights & Biases. mode: auto (online with a key and a server, else offline), online, offline
    or disabled.
    """

    mode: str = "auto"
    project: str = "memctl"
    entity: Optional[str] = None


@dataclass
class Paths:
    """Where results and bases go, and where data sets are looked for."""

    runs: str = "runs"
    data: str = "data"


@dataclass
class Sweep:
    """A sweep is the folder `runs/NAME`.

    A run in it has the name of its sampler and seed, and the tag.
    """

    name: str = "sweep"
    tag: str = ""


@dataclass
class Theory:
    """experiment=theory: the gradients of the base, by t.

    Attributes:
        points: About how many steps t.
        examples: Training examples, one gradient each at every step; so many gradients are held at
            once.
        intervals: Pairs [c_l, c_h] whose predicted and measured learning are compared, beside
            uniform.
        tail: Of these intervals.
    """

    points: int = 40
    examples: int = 64
    intervals: list[Any] = field(default_factory=list)
    tail: str = "mixture"
    seed: int = 0


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
