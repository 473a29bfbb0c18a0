"""A Hydra app of milliseconds, to try the launcher with."""

from pathlib import Path

import hydra

from memctl.sweep.plugins import install
from tests.tiny_task import task

if __name__ == "__main__":
    install()
    hydra.main(
        version_base="1.3",
        config_path=str(Path(__file__).parent / "tiny_conf"),
        config_name="config",
    )(task)()
