"""memctl: does where a diffusion model learns along its denoising trajectory decide whether it
copies its training data?
"""

import os
import sys

# A command runs no code of the folder where one happens to stand, whose `yaml.py` or
# `hydra_plugins/` Python would take for the library: `python -m` looks there first, and so do the
# processes that a command starts. Without pathlib, which would come from there too.
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
if (sys.argv or [""])[0].rpartition(os.sep)[2] in ("-m", "memctl"):
    os.environ["PYTHONSAFEPATH"] = "1"
    if sys.path[0] == os.getcwd() != _ROOT:  # noqa: PTH109
        del sys.path[0]

__version__ = "0.1.0"
