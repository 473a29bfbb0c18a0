"""What the tests of clusters share."""

from typing import Any

import pytest

from tests.clusters.sweep import Command, numbers


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What this machine's own launcher makes of the sweep: every other one gives the same, to the
    last bit.
    """
    runs = tmp_path_factory.mktemp("here")
    code, out = Command(runs).end()
    assert code == 0, out
    return numbers(runs)
