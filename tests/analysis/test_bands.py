"""Made-up sweeps in which one band of t is known to carry copying."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.bands import bands, has_bands, sentence, uniform_probe
from memctl.analysis.sweep_answer import answer_table
from memctl.analysis.sweep_results import read
from memctl.metrics.measure import binomial
from memctl.reporting.sections.bands import BANDS
from tests import sweeps
from tests.conftest import BLANK

M, N = 400, 60  # samples, and examples a side
SAME = ("name", "low", "high", "f_mem", "own_change", "probe_gap", "probe_auc")
FRESH = {"value": 0.0, "low": 0.0, "high": 0.01}


def neighbours(copies: int, rng: np.random.Generator) -> pd.DataFrame:
    """Those of samples of which the first have a training example to themselves."""
    near = pd.DataFrame(
        {
            "d1": rng.uniform(0.8, 1, M),
            "d2": rng.uniform(1.0, 1.1, M),
            "d_heldout": rng.uniform(0.8, 1, M),
            "d2_heldout": rng.uniform(1.0, 1.1, M),
            "nearest_train": np.arange(M) % N,
            "nearest_heldout": np.arange(M) % N,
        }
    )
    near.loc[: copies - 1, "d1"] = 0.1
    return near


def put(
    folder: Path, name: str, sampler: dict[str, Any], copies: int, seed: int = 0, **other: Any
) -> None:
    """A finished run, with other settings, of which so many samples are copies."""
    place = {"name": f"{name}_s{seed}", "low": None, "high": None, "location": 500.0}
    f_mem = binomial(copies, M)._asdict()
    metrics = {"f_mem": f_mem, "energy_heldout": {"value": 0.005, "low": None, "high": None}}
    known = sweeps.record(place, metrics, FRESH)
    known["science"] |= {"sampler": sampler, "seed": seed, "diffusion": {"timesteps": 1000}}
    known["science"] |= {"control": {"steps": 2000}, **other}
    known["split"] = {"hash": "h", "n_train": N, "n_heldout": N}
    known["sampler"] |= sampler
    known["seed"] = seed
    ends = dict.fromkeys(("gap_low", "auc_low", "gap_high", "auc_high"), 0.5)
    if sampler["name"] == "uniform":
        known["probe"] = [
            {"t_low": t + 1, "t_high": t + 50, "loss_heldout": 0.5, "gap": 0.1 if t < 100 else 0.05,
             "auc": 0.7 if 250 <= t < 300 else 0.6, **ends}
            for t in range(0, 1000, 50)
        ]  # fmt: skip
    run = sweeps.put(folder, json.loads(json.dumps(known)))
    neighbours(copies, np.random.default_rng(seed)).to_csv(run / "neighbours.csv", index=False)


def made(folder: Path, uniform: int = 120, carrier: int = 200, seeds: int = 1) -> Path:
    """Left out, the band from `carrier` takes 80 copies away; drawn twice it adds 40."""
    for seed in range(seeds):
        put(folder, "uniform", {"name": "uniform"}, uniform, seed)
        for multiplier, change in ((0.0, -80), (2.0, 40)):
            for low in range(0, 1000, 100):
                band = {"name": "band", "low": low, "high": low + 100, "multiplier": multiplier}
                copies = uniform + (change if low == carrier and uniform else 0)
                put(folder, f"band{low}_{multiplier:.0f}", band, copies, seed)
    return folder


def test_the_band_that_carries_copying_is_found(tmp_path: Path) -> None:
    table = bands(read(made(tmp_path)))
    assert len(table) == 21
    assert table.iloc[0].multiplier == 1
    assert table.iloc[0].f_mem == 120 / M
    assert table[["low", "high"]].iloc[0].tolist() == [0, 1000]
    for multiplier, change in ((0, -80 / M), (2, 40 / M)):
        rows = table[(table.multiplier == multiplier) & table.own_change.notna()].set_index("low")
        assert rows.index.tolist() == list(range(0, 1000, 100))
        assert rows.own_change[200] == pytest.approx(change)
        assert rows.own_change_p[200] < 0.01
        assert (rows.own_change.drop(200) == 0).all()
        assert (rows.own_change_p.drop(200) == 1).all()
        assert (rows.own_change_low <= rows.own_change).all()
    said = sentence(table)
    assert "in points against uniform t's 30 %: left out" in said
    assert "left out, (200, 300] -20 [-2" in said
    assert "drawn 2 times as often, (200, 300] +10 [+" in said
    assert "] (energy 0.005)" in said


def test_the_probe_stands_beside_it_by_band(tmp_path: Path) -> None:
    """Means over the two bins of the uniform run's probe in each band."""
    sweep = read(made(tmp_path))
    table = bands(sweep).iloc[1:11].set_index("low")
    assert table.probe_auc[200] == pytest.approx((0.6 + 0.7) / 2)
    assert table.probe_auc.drop(200).tolist() == pytest.approx([0.6] * 9)
    assert table.probe_gap.tolist() == pytest.approx([0.2, *[0.1] * 9])
    assert len(uniform_probe(sweep)) == 20
    assert "examples best in (200, 300], AUC 0.65" in sentence(bands(sweep))


def test_uniform_runs_with_other_settings_are_rivals(tmp_path: Path) -> None:
    sweep = made(tmp_path)
    table = bands(read(sweep))
    for steps in (250, 500):
        put(sweep, f"steps{steps}", {"name": "uniform"}, 0, control={"steps": steps})
    beside = bands(read(sweep))
    assert (beside.f_mem.iloc[0], beside.seeds.iloc[0]) == (120 / M, 1)
    pd.testing.assert_frame_equal(beside[list(SAME)], table[list(SAME)])
    rows = answer_table(read(sweep)).set_index("name")
    assert rows.kind[["uniform_s0", "steps250_s0"]].tolist() == ["uniform", "rival"]
    assert rows.label[["uniform_s0", "steps250_s0"]].tolist() == [
        "uniform",
        "training time 250 steps",
    ]


def test_seeds_are_averaged(tmp_path: Path) -> None:
    table = bands(read(made(tmp_path, seeds=2)))
    assert len(table) == 21
    assert set(table.seeds) == {2}


def test_what_is_chance_is_called_none(tmp_path: Path) -> None:
    said = sentence(bands(read(made(tmp_path, carrier=-1))))
    assert said.count("no band is seen to change it") == 2
    assert "(none by more than" in said


def test_a_uniform_run_without_copies_carries_nothing(tmp_path: Path) -> None:
    said = sentence(bands(read(made(tmp_path, uniform=0))))
    assert "the uniform run copies next to nothing (f_mem 0.000, at most 0.009)" in said


def test_other_sweeps_have_no_such_section(tmp_path: Path) -> None:
    put(tmp_path, "uniform", {"name": "uniform"}, 3)
    assert not has_bands(read(tmp_path))
    put(tmp_path, "alone", {"name": "band", "low": 0, "high": 9, "multiplier": None}, 3)
    assert not has_bands(read(tmp_path))
    assert BANDS.fill(read(tmp_path)) is None


@BLANK
def test_the_section_is_filled(tmp_path: Path) -> None:
    part = BANDS.fill(read(made(tmp_path)))
    assert len(part.figure.axes) == 5
    lines = part.figure.axes[0].containers
    assert [c.get_label() for c in lines] == ["band left out", "band drawn 2 times as often"]
