"""What Hydra calls for a run. Light to import: the pipeline behind it takes seconds."""

import sys
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode

from memctl.errors import UserError


def task(cfg: Any) -> None:
    """One run.

    A user's mistake ends a single run with its message alone, and is an exception to a sweep's
    launcher.
    """
    try:
        if cfg.task == "theory":
            from memctl.theory import probe

            text = probe.task(cfg)
        else:
            from memctl import pipeline

            text = pipeline.summary(pipeline.task(cfg))
    except UserError as error:
        if HydraConfig.get().mode is RunMode.RUN:
            sys.exit(f"memctl: {error}")
        raise CompactHydraException(f"memctl: {error}") from None
    print(text, flush=True)
