"""Principal axes against scikit-learn's."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from memctl.metrics import axes
from memctl.metrics.axes import PrincipalAxes


@pytest.mark.parametrize("shape", [(150, 40), (40, 150)])
@pytest.mark.parametrize("large", [1000, 10])
def test_axes_and_scores_are_scikit_learns(
    shape: tuple[int, int], large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways, of more examples than values and of fewer; scores of others too."""
    monkeypatch.setattr(axes, "LARGE", large)
    monkeypatch.setattr(axes, "BLOCK", 64)
    rng = np.random.default_rng(0)
    draw = lambda: 5 + rng.normal(size=shape) * np.geomspace(3, 0.1, shape[1])
    train, others = draw(), draw()
    found, expected = PrincipalAxes.fit(train, 4), PCA(4, svd_solver="full").fit(train)
    np.testing.assert_allclose(found.axes, expected.components_, atol=1e-9)
    np.testing.assert_allclose(found.transform(others), expected.transform(others), atol=1e-9)
