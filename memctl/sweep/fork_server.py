"""The fork server: it imports once what every run needs, and their processes start from it."""

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing import forkserver
from typing import Any

from memctl.exits import block_sigint
from memctl.sweep.temporary import own_temporary_folder


def start_fork_server(preload: Sequence[str]) -> Any:
    """Start it, and give multiprocessing's context of it; nobody waits for its imports.

    Raises: UserError where there is no room for its socket.
    """
    # Asking for GPUs must not start CUDA in it.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    own_temporary_folder()
    with block_sigint():
        forkserver.ensure_running()
    return context
