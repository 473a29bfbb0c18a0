"""Tables of cells, and a sweep of them on disk."""

from functools import partial

import pytest

from tests import sweeps


@pytest.fixture
def cells():
    return sweeps.triangle


@pytest.fixture
def swept(tmp_path):
    return partial(sweeps.swept, tmp_path)
