"""Settings of what is learnt: the cell, the forward process, the loss, a training."""

from dataclasses import dataclass
from typing import Optional

from memctl.keys import later

# weightings of the loss by t, with the constants that each uses
WEIGHTINGS = {
    "none": (),
    "min_snr": ("gamma",),
    "soft_min_snr": ("gamma",),
    "p2": ("gamma", "k"),
    "snr": (),
    "debiased": (),
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
        weight_decay: Above 0, each step also shrinks every weight by the share lr * weight_decay
            (AdamW, Loshchilov and Hutter 2019); 0 is Adam.
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
    weight_decay: float = later(0.0)

    def steps_on(self, n: int) -> int:
        """The number of steps on n examples."""
        return self.steps or self.epochs * -(-n // self.batch_size)

    def shown_on(self, n: int) -> int:
        """About how many examples are shown in these steps."""
        return round(self.steps_on(n) * n / -(-n // self.batch_size))
