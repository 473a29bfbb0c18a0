"""Work for a cluster, frozen: what a folder's job does is written into the folder when it is
submitted, as values with nothing left to be looked up, so that later edits of configs do not reach
it. Free of torch.
"""

import os
from dataclasses import replace
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from memctl.config import Config
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import atomic, path_of
from memctl.plugins import VARIABLE

NAME = "job.yaml"


def absolute(config: Config) -> Config:
    """The config with absolute folders: a job may begin elsewhere."""
    paths = {key: str(path_of(value).absolute()) for key, value in vars(config.paths).items()}
    return replace(config, paths=replace(config.paths, **paths))


def freeze(experiment: Experiment, folder: Path) -> None:
    """Write what a job needs to do the run or, where it is the base's folder, the base.

    Other paths stay as they are, and are read from where the command was given.
    """
    with atomic(folder / NAME) as file:
        text = OmegaConf.to_yaml(
            {
                "fingerprint": experiment.fingerprint,
                "where": str(Path.cwd()),
                "plugins": os.environ.get(VARIABLE, ""),
                "config": OmegaConf.structured(experiment.config),
            },
            resolve=True,
        )
        file.write(text.encode())


def thaw(folder: Path) -> Experiment:
    """What `freeze` wrote, to be done in this process.

    Raises: UserError where it is not there, or would now give other numbers.
    """
    try:
        known = OmegaConf.load(folder / NAME)
        os.chdir(known.where)
        if known.plugins:
            os.environ[VARIABLE] = known.plugins
        config = OmegaConf.merge(OmegaConf.structured(Config), known.config)
        fingerprint = known.fingerprint
    except (OSError, OmegaConfBaseException, ValueError) as error:
        raise UserError(f"{folder / NAME} cannot be read: {str(error).splitlines()[0]}") from None
    experiment = Experiment.of(config)  # type: ignore[arg-type]
    if experiment.fingerprint != fingerprint:
        raise UserError(
            f"{folder.name} was submitted for other numbers than it would make now: files that it"
            " reads, or the code, were changed since. Give the sweep's command again"
        )
    return experiment
