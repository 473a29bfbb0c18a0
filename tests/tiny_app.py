"""A Hydra app of milliseconds, to try the launcher with.

It hears SIGINT, or ignores it as a shell's background jobs do, as TINY_SIGINT says.
"""

import os
import signal
from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore

from memctl.exits import plain_exit
from memctl.sweep import devices, launcher
from memctl.sweep.launcher import LocalLauncher, LocalLauncherConfig
from memctl.sweep.plugins import register
from tests.tiny_task import task

if __name__ == "__main__":
    hears = os.environ["TINY_SIGINT"] != "ignored"
    signal.signal(signal.SIGINT, signal.default_int_handler if hears else signal.SIG_IGN)
    launcher.POLL = 0.02  # the tests wait for what it sees
    devices.ask = lambda names: tuple(devices.Card(name) for name in names)  # made-up GPUs
    with plain_exit():
        register(LocalLauncher)
        ConfigStore.instance().store("local", LocalLauncherConfig, group="hydra/launcher")
        hydra.main(
            version_base="1.3",
            config_path=str(Path(__file__).parent / "tiny_conf"),
            config_name="config",
        )(task)()
