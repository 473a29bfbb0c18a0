"""python -m memctl.train: one run, or with -m (or a template, -cn multirun_templates/NAME) a sweep."""

import sys

import hydra

from memctl.errors import UserError
from memctl.paths import config_root
from memctl.sweep.plugins import install
from memctl.task import task


def main() -> None:
    """Run Hydra on the command line. Ctrl-C stops a single run, which then goes on from where it was."""
    try:
        install()
        hydra.main(version_base="1.3", config_path=str(config_root() / "conf"), config_name="config")(task)()
    except UserError as error:  # a user's own sampler that cannot be imported
        sys.exit(f"memctl: {error}")
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
