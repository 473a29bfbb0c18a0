"""What made-up splices say."""

import numpy as np
import pandas as pd
import pytest

from memctl.metrics.measure import binomial
from memctl.splice.cuts import cuts
from memctl.splice.sentence import crossings, sentence

M = 500


def table(carries: dict[int, float], floor: float = 0.0, bands: int = 5) -> pd.DataFrame:
    """f_mem of cuts where each step t that carries copies brings its share of the samples."""
    rows = []
    for cut in cuts(1000, bands):
        f_mem = floor + sum(share for t, share in carries.items() if cut.steps[t - 1])
        value, low, high = binomial(round(M * f_mem), M)
        found = {"f_mem": value, "f_mem_low": low, "f_mem_high": high}
        rows.append({"kind": cut.kind, "low": cut.low, "high": cut.high, **found})
    return pd.DataFrame(rows)


def test_the_band_that_carries_all_is_named() -> None:
    said = sentence(table({300: 0.4}, floor=0.02))
    assert said.startswith("f_mem 0.420 [0.376, 0.465] against 0.020 [")
    assert "most of it in (200, 400], where they alone have f_mem 0.420" in said
    assert said.count("(100 % of ") == 2
    assert "without which f_mem is 0.020" in said
    assert "from T down to t = 300, or from t = 300 down to 1" in said


def test_bands_that_share_it_are_weighed() -> None:
    said = sentence(table({100: 0.1, 500: 0.3}, bands=10))
    assert "in (400, 500], where they alone have f_mem 0.300" in said
    assert "(75 % of the difference)" in said
    assert "(75 % of it gone)" in said


@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_runs_that_copy_alike_have_no_band(floor: float) -> None:
    said = sentence(table({300: 0.005}, floor=floor))
    assert "not seen to copy more" in said
    assert "no band can be said" in said


def test_crossings_of_a_line() -> None:
    x = np.array([0.0, 100.0, 200.0, 300.0])
    np.testing.assert_allclose(crossings(x, np.array([1.0, -1.0, -1.0, 3.0])), [50, 225])
