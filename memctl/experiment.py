"""A run as a value: its typed config, the objects built from it, its keys and its folder.

Free of torch.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from memctl import data, models, samplers
from memctl.config import WEIGHTINGS, Config, Stage
from memctl.config.ranges import check_ranges
from memctl.data import DataSource
from memctl.errors import UserError
from memctl.files import contents, path_of
from memctl.keys import as_settings, digest, keys
from memctl.metrics.catalogue import versions
from memctl.models.base import ModelConfig
from memctl.models.pretrained import Pretrained
from memctl.runs.folder import RunFolder
from memctl.samplers import NoiseSchedule, ScheduleSampler, TimestepSampler


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
    def of(cls, cfg: DictConfig | Config) -> "Experiment":
        """Build from a composed config. Raises: UserError for a value that is out of its range."""
        config = cfg if isinstance(cfg, Config) else OmegaConf.to_object(cfg)
        assert isinstance(config, Config)
        check_ranges(config)
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

    @property
    def goes_along(self) -> bool:
        """Whether checkpoints along control are measured."""
        return self.schedule_sampler is not None and self.config.along.points > 0

    @cached_property
    def science(self) -> dict[str, Any]:
        """Every setting that decides the run's numbers, as JSON: not paths, device, logger, threads
        or the batch size of generation.
        """
        apart = ("path", "url", "hub", "base_epochs", "cache")
        source = {k: v for k, v in as_settings(self.data).items() if k not in apart}
        generate = as_settings(self.config.generate)
        del generate["batch_size"]
        if not self.config.generate.guidance:
            generate.pop("guidance_threshold", None)
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
            **({"along": as_settings(self.config.along)} if self.goes_along else {}),
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
        files = self.pretrained.files() if self.pretrained else [path_of(path)]
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
        return path_of(self.config.paths.runs)

    @property
    def sweep_directory(self) -> Path:
        return self.runs / self.config.sweep.name

    @cached_property
    def folder(self) -> RunFolder:
        return RunFolder(self.sweep_directory / self.name)

    @cached_property
    def base_folder(self) -> RunFolder:
        return RunFolder(self.runs / "bases" / self.keys["base"])

    @property
    def lacks_base(self) -> bool:
        """Whether a base is still to be trained for what is left of the run."""
        if self.from_scratch or self.config.base.path:
            return False
        made = self.folder.has(self.folder.samples, self.keys["generate"])
        base = self.base_folder
        return not made and not base.has(base.checkpoint, self.keys["base"])

    @property
    def base_place(self) -> str:
        """The folder of the base that the run waits for and starts from; empty from scratch."""
        return "" if self.from_scratch else str(self.base_folder.path)

    def stage(self) -> Stage:
        """The control's settings with the run's seed."""
        control = self.config.control
        return Stage(**{**asdict(control), "seed": self.config.seed})
