"""Files of public data sets, fetched once by pooch: whole and checked, or not at all."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from memctl.errors import UserError
from memctl.files import REFUSED, may_fetch

TIMEOUT = 20  # seconds without an answer


def fetch(url: str, path: Path, known_hash: str | None = None) -> Path:
    """Download a file to `path`.

    Args:
        known_hash: `sha256:...` or `md5:...`; None takes any contents.

    Raises:
        OSError: no network, no such file or no room. ValueError: an address that is none, or other
            contents.
    """
    assert may_fetch(), url
    import pooch  # here alone, with requests: both are needed where something is missing
    import requests

    logging.getLogger("pooch").setLevel(logging.WARNING)
    web = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=False)
    try:
        pooch.retrieve(url, known_hash, fname=path.name, path=path.parent, downloader=web)
    except (requests.ConnectionError, requests.Timeout):  # whose text is a chain of objects
        raise OSError(f"no answer from {urlsplit(url).netloc}") from None
    return path


@contextmanager
def downloading(what: str, folder: Path, by_hand: str) -> Iterator[Path]:
    """A temporary folder in `folder` for what is fetched and unpacked, until it is moved beside it.

    Raises: UserError saying what is missing, in which folder, why, and how to get it `by_hand`;
    also where nothing may be fetched.
    """
    if not may_fetch():
        raise UserError(f"{what} is not in {folder.resolve()}, and {REFUSED}. {by_hand}")
    from tarfile import TarError
    from zipfile import BadZipFile
    from zlib import error as BadStream

    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as temporary:
            yield Path(temporary)
    except (OSError, ValueError, KeyError, TarError, BadZipFile, BadStream) as error:
        if new:
            with suppress(OSError):
                folder.rmdir()
        why = " ".join(str(error).split())
        raise UserError(
            f"{what} is not in {folder.resolve()} and could not be downloaded ({why}). {by_hand}"
        ) from None
