"""memctl: does where a diffusion model learns along its denoising trajectory decide whether it
copies its training data?
"""

# What `signal` imports takes 10 ms, in which Ctrl-C would show a traceback.
import _signal  # type: ignore[import-not-found]
import os
import sys


def end_at_once(number: int, frame: object) -> None:
    """Ctrl-C while a command is still imported: one line, and the shell's exit code."""
    os.write(2, b"\nstopped\n")
    os._exit(128 + number)


# A command runs no code of the folder where one happens to stand, whose `yaml.py` or
# `hydra_plugins/` Python would take for the library: `python -m` looks there first, and so do the
# processes that a command starts. Without pathlib, which would come from there too.
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
if (sys.argv or [""])[0].rpartition(os.sep)[2] in ("-m", "memctl"):
    os.environ["PYTHONSAFEPATH"] = "1"
    if sys.path[0] == os.getcwd() != _ROOT:  # noqa: PTH109
        del sys.path[0]
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end_at_once)  # until `memctl.exits.plain_exit` answers it

__version__ = "0.1.0"
