"""Where the configuration lies: beside the package in a checkout, inside it in a wheel."""

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
TEMPLATES = "multirun_templates"


def config_root() -> Path:
    """The folder that holds `conf` and `multirun_templates`.

    The packaged copy is looked for first, so that another project's `conf` in site-packages is
    never picked up.
    """
    return PACKAGE if (PACKAGE / "conf" / "config.yaml").is_file() else PACKAGE.parent


def template_names() -> list[str]:
    """The sweep templates, by the name that follows `-cn multirun_templates/`."""
    return sorted(path.stem for path in (config_root() / TEMPLATES).glob("*.yaml"))


def python_path() -> str:
    """PYTHONPATH for a process that is to find the same memctl, also where that is a checkout."""
    own = [] if PACKAGE.is_relative_to(sys.prefix) else [str(PACKAGE.parent)]
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(dict.fromkeys(filter(None, [*own, *given])))
