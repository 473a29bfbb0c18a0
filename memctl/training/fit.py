"""One training, resumable at any step: Lightning's loop, EMA and the timestep-sampler callback
around a module.
"""

import logging
import signal
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.fabric.plugins.environments import LightningEnvironment  # type: ignore[attr-defined]
from lightning.pytorch.loggers import Logger
from torch import nn
from torch.utils.data import DataLoader

from memctl.config import Diffusion, Stage, Weighting
from memctl.config import Trainer as TrainerConfig
from memctl.data.base import Array
from memctl.diffusion.schedule import forward_process
from memctl.diffusion.weighting import loss_weights
from memctl.errors import UserError
from memctl.exits import answer_stops, restore, stop_handlers
from memctl.samplers import NoiseSchedule, ScheduleSampler
from memctl.training.average import MovingAverage, moving_average
from memctl.training.batches import Batches
from memctl.training.compute import Compute
from memctl.training.logger import JournalLogger
from memctl.training.module import DiffusionModule
from memctl.training.resume import Resume, ResumeIO
from memctl.training.timesteps import TimestepSamplerCallback

ROWS = 1000  # at most about so many rows of a training curve


class Save(Callback):
    """Saves the whole state every `seconds`, so that a killed run goes on from there.

    At a signal to stop, Ctrl-C's or SIGTERM, the step ends and is saved before the signal does what
    it did without; a second one is not kept waiting.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self.path, self.seconds, self.saved = path, seconds, time.monotonic()
        self.stopped_by = 0
        self.handlers = stop_handlers()  # now, since Lightning puts others there

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        answer_stops(self.stop)

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped_by = number
        restore(self.handlers)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        due = self.stopped_by or time.monotonic() - self.saved >= self.seconds
        if due and trainer.global_step < trainer.max_steps:  # else nothing is left to go on with
            trainer.save_checkpoint(self.path)  # by way of ResumeIO
            self.saved = time.monotonic()
        if self.stopped_by:
            number, self.stopped_by = self.stopped_by, 0
            signal.raise_signal(number)
            answer_stops(self.stop)  # where it ends nothing, as submitit's answer to SIGTERM


class Advance(Callback):
    """Reports the number of examples trained on, and stops a training whose loss is no longer a
    number.
    """

    def __init__(self, advance: Callable[[int], None], resume: Resume, stage: str) -> None:
        self.advance, self.resume, self.stage = advance, resume, stage

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.advance(trainer.global_step * pl_module.stage.batch_size)  # type: ignore[union-attr, operator, arg-type]

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any
    ) -> None:
        self.advance(len(outputs["t"]))
        epoch, position = divmod(trainer.global_step, pl_module.batches.per_epoch)  # type: ignore[union-attr, operator]
        if position == 0 and not finite(pl_module.flat.updated):  # type: ignore[union-attr, arg-type]
            # Nobody can go on from what it was before, and other settings may begin in its place.
            self.resume.path.unlink(missing_ok=True)
            raise UserError(
                f"training diverged: the weights are no longer finite after epoch {epoch}; lower"
                f" {self.stage}.lr"
            )


def finite(weights: Iterable[nn.Parameter]) -> bool:
    """Whether all are finite: their sums are, which takes one look at the device."""
    return bool(torch.stack([p.detach().sum() for p in weights]).isfinite().all())


def averaging(stage: Stage, device: torch.device) -> list[Callback]:
    """The moving average of the weights, where there is one."""
    update = moving_average(stage.ema, stage.ema_warmup)
    return [MovingAverage(update, device)] if stage.ema else []


def quiet() -> None:
    """Keep Lightning's banners, tips and hardware notes out of the logs."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in (
        ".*num_workers.*",
        ".*log_every_n_steps.*",
        ".*Checkpoint directory.*",
        ".*LeafSpec.*",
        ".*GPU available.*",
        ".*mid-epoch.*",
        ".*ended before the epoch ended.*",
        "The `srun` command.*",  # on SLURM too a run is one process
    ):
        warnings.filterwarnings("ignore", message=message)


def weights_by_t(weighting: Weighting | None, diffusion: Diffusion) -> torch.Tensor | None:
    """The loss's weights, index t - 1, shape (T,), or None where it has none."""
    if weighting is None or weighting.name == "none":
        return None
    log_snr = NoiseSchedule.from_config(diffusion).log_snr
    return torch.tensor(loss_weights(weighting, diffusion.prediction, log_snr), dtype=torch.float32)


def trainer(
    compute: Compute, steps: int, callbacks: list[Callback], logger: Logger, resume: Resume
) -> Trainer:
    """Lightning's, as a loop alone: progress, checkpoints and processes are memctl's.

    To it all steps are one epoch: a resumed run never meets the end of one, where its counters lose
    count.
    """
    return Trainer(
        max_epochs=1,
        max_steps=steps,
        accelerator="gpu" if compute.device.type == "cuda" else compute.device.type,
        devices=1,
        precision=compute.plugin,
        plugins=[LightningEnvironment(), ResumeIO(resume)],
        callbacks=callbacks,
        logger=logger,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def fit(
    network: nn.Module,
    diffusion: Diffusion,
    schedule_sampler: ScheduleSampler,
    stage: Stage,
    train: Array,
    resume: Resume,
    how: TrainerConfig,
    logger: JournalLogger,
    advance: Callable[[int], None] = lambda n: None,
    weighting: Weighting | None = None,
    flip: bool = False,
    also: Sequence[Callback] = (),
) -> TimestepSamplerCallback:
    """Train `network` in place, from where `resume` begins; it ends with its averaged weights.

    Args:
        resume: Its state, saved on the way and gone on from; its journal is what `logger` writes.
        train: Examples, shape (n, channels, *dims).
        schedule_sampler: How t is drawn and weighted.
        advance: Called with the number of examples of each step.
        weighting: Weights of the loss by t; none without it.
        flip: Show each example mirrored half of the time.
        also: Further callbacks, which find the averaged weights up to date.

    Returns:
        The callback, which knows what was drawn.
    """
    quiet()
    compute = Compute.of(how, network)
    examples = torch.from_numpy(train).to(compute.device)
    batches = Batches(examples, stage.batch_size, stage.seed, flip)
    steps = stage.steps_on(len(train))
    module = DiffusionModule(
        compute.place(network),
        forward_process(diffusion),
        batches,
        stage,
        steps,
        weights_by_t(weighting, diffusion),
    )
    each = batches.per_epoch
    rows = -(-steps // (each * ROWS))
    timesteps = TimestepSamplerCallback(schedule_sampler, steps_per_epoch=each, epochs_per_row=rows)
    save = Save(resume.path, how.checkpoint_seconds)  # last: it saves what the others have done
    average = averaging(stage, compute.device)
    callbacks = [timesteps, Advance(advance, resume, logger.stage), *average, *also, save]
    try:
        trainer(compute, steps, callbacks, logger, resume).fit(
            module,
            DataLoader(range(steps), batch_size=None),  # type: ignore[arg-type]
            ckpt_path=resume.path if resume.begin() else None,
        )
    except SystemExit as error:  # how Lightning answers a stop; what to say of it is the caller's
        raise error.__context__ or error from None
    finally:
        restore(save.handlers)
        module.flat.release()
    network.to(compute.device)
    return timesteps
