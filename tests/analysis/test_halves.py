"""Two models on disjoint halves, from the same noise."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.halves import halves
from memctl.analysis.sweep_results import SweepResults

M, D = 200, 24


def sweep(folder: Path, samples: dict[str, np.ndarray], **sciences: dict) -> SweepResults:
    """Runs with their samples; `sciences` say what they differ in."""
    records = {}
    for name, values in samples.items():
        (folder / name).mkdir()
        np.save(folder / name / "samples.npy", values.reshape(M, 1, D).astype(np.float32))
        records[name] = {
            "science": sciences[name],
            "split": {"n_train": 60},
            "metrics": {"corr_train": {"value": 0.9, "low": 0.8, "high": 1.0}},
            "yardsticks": {"floor": {"corr_train": {"value": 0.7, "low": 0.6, "high": 0.75}}},
        }
    return SweepResults(folder, pd.DataFrame(), records, {})


def science(swap: bool, **more: object) -> dict:
    return {"data": {"name": "d", "swap": swap}, "seed": 0, **more}


def test_models_that_make_the_same_and_models_that_do_not(tmp_path: Path):
    rng = np.random.default_rng(0)
    of_noise, other = rng.normal(size=(M, D)), rng.normal(size=(M, D))
    samples = {
        "a": of_noise,
        "b": 2 * of_noise + 0.1 * rng.normal(size=(M, D)),
        "c": of_noise,
        "d": other,
    }
    sciences = {
        "b": science(True),
        "a": science(False),
        "c": science(False, seed=1),
        "d": science(True, seed=1),
    }
    table = halves(sweep(tmp_path, samples, **sciences)).set_index("a")
    assert table.b.to_dict() == {"a": "b", "c": "d"}
    assert table.s_ab["a"] > 0.99
    # 200 correlations of 24 values, standard deviation 1/sqrt(23): their mean has the standard
    # error 0.015; 4 of it
    assert abs(table.s_ab["c"]) < 0.06
    assert abs(table.unrelated["a"]) < 0.06
    assert (table.s_ab_low <= table.s_ab).all()
    assert (table.s_ab <= table.s_ab_high).all()
    assert table.loc["a", ["n_train", "m_a", "m_b", "fresh_low", "fresh_high"]].tolist() == [
        60,
        0.9,
        0.9,
        0.6,
        0.75,
    ]
    expected = np.mean(
        [np.corrcoef(x, y)[0, 1] for x, y in zip(of_noise, samples["b"], strict=True)]
    )
    assert table.s_ab["a"] == pytest.approx(expected, abs=1e-5)


def test_runs_that_differ_in_more_are_no_pair(tmp_path: Path):
    rng = np.random.default_rng(0)
    samples = {name: rng.normal(size=(M, D)) for name in "ab"}
    assert halves(sweep(tmp_path, samples, a=science(False), b=science(True, seed=1))).empty
