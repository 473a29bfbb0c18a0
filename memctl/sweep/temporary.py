"""A sweep's own temporary folder.

Its processes (the fork server with its socket, libraries at their import) remove what they have
there when they end, but not when they are killed. The whole folder goes with the sweep's command
and, where that is killed too, with the next one.
"""

import os
import shutil
import tempfile
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from memctl.errors import UserError
from memctl.files import hold

PREFIX = "memctl-"
LONGEST = 70  # characters, for the address of a socket in it: 103, less 33 of multiprocessing


@cache
def own_temporary_folder() -> Path:
    """Make the folder, for this process and those that it starts from now on.

    What torch has compiled stays where it was, for the next sweep. Where the folder's name would be
    too long for a socket in it, the present one is used as it is.

    Raises: UserError where there is no room for one.
    """
    try:
        place = Path(tempfile.gettempdir())
        remove_abandoned(place)
        if len(str(place)) + len(f"/{PREFIX}12345678") > LONGEST:
            return place
        folder = new_folder(place)
    except OSError as error:
        raise UserError(
            f"cannot make a temporary folder: {error.strerror or error}. Free some space there, or"
            " name another place with TMPDIR=DIR before the command"
        ) from None
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(place / f"torchinductor_{os.getuid()}"))
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    # After multiprocessing's own, whose priority is -100, and whose folder is in it.
    Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=-200)
    return folder


def new_folder(place: Path) -> Path:
    """A new folder that this process holds as long as it lives."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        try:
            descriptor = os.open(folder, os.O_RDONLY)  # never closed
        except FileNotFoundError:
            continue
        if hold(descriptor, waits=True) is not False and folder.exists():
            return folder
        os.close(descriptor)  # somebody found it before it was held, and removed it


def remove_abandoned(place: Path) -> None:
    """Remove the folders of dead sweeps; those of other users cannot even be opened."""
    for folder in place.glob(f"{PREFIX}????????"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        if hold(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
