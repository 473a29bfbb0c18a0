"""Settings of what is generated and measured."""

from dataclasses import dataclass, field
from typing import Any, Optional

from memctl.keys import later


@dataclass
class Generate:
    """The reverse process. Sample j starts from the noise of seed `seed + j`, the same in every
    run.

    Attributes:
        method: ddim (Song et al. 2021, eta = 0) or ddpm (Ho et al. 2020, ancestral).
        steps: Steps of the reverse process, evenly spaced from T down.
        guidance: Scale of the guidance away from training examples (memctl.diffusion.guidance); 0
            is off, and costs nothing.
        guidance_threshold: Similarity to the nearest training example above which it guides, from
            -2 (as far as others) to 0 (a copy); null: what 95 % of the training examples do not
            exceed among the others.
    """

    method: str = "ddim"
    steps: int = 50
    samples: int = 1000
    batch_size: int = 250
    seed: int = 0
    guidance: float = later(0.0)
    guidance_threshold: Optional[float] = later(None)


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
class Along:
    """Checkpoints along a run's training, each of which generates samples that are measured
    (memctl.stages.along): when does generation become good, and when does memorization set in?

    Attributes:
        points: How many, the last at the end of the training; 0 leaves them out.
        samples: Of each, by the run's own settings and from the same noise as its samples. No hit
            among 368 or more says that f_mem is below 1 %; fewer can't.
    """

    points: int = 0
    samples: int = 500

    def steps(self, total: int) -> list[int]:
        """After which of so many steps: total (k / points)^2, rounded up, for k = 1..points.

        Even in the square root: what happens early is fast, and evenly spaced checkpoints would
        miss it; geometric ones would have few where memorization sets in, which is late.
        """
        points = range(1, self.points + 1)
        return sorted({-(-total * k * k // self.points**2) for k in points})


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
