"""What Hydra calls for a run. Light to import: the stages behind it take seconds."""

import sys
from typing import Any

from memctl.errors import UserError


def task(cfg: Any) -> None:
    """One run.

    A user's mistake ends a single run with its message alone, and is an exception to a sweep's
    launcher.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf.errors import OmegaConfBaseException

    from memctl.sweep.mistakes import explain
    from memctl.sweep.temporary import own_temporary_folder

    single = HydraConfig.get().mode is RunMode.RUN
    try:
        if single and cfg.logger.mode != "disabled":
            own_temporary_folder()  # wandb makes a folder at its import; a sweep's runs have one
        if cfg.task == "theory":
            from memctl.theory import probe

            text = probe.task(cfg)
        else:
            from memctl.stages import finish, run

            text = finish.summary(run.task(cfg))
    except (UserError, OmegaConfBaseException) as raised:
        error = raised if isinstance(raised, UserError) else UserError(explain(raised))
        if single:  # Hydra would put the overrides before it
            sys.exit(f"memctl: {error}")
        raise error from None
    print(text, flush=True)
