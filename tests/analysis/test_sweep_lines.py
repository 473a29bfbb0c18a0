"""What made-up sweeps say, and that nothing missing ends in a traceback."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.against_uniform import Hits, against_uniform, read_hits
from memctl.analysis.sweep_answer import answer_table
from memctl.analysis.sweep_lines import lines
from memctl.analysis.sweep_results import read
from memctl.reporting.report import write
from tests.conftest import BLANK
from tests.sweeps import put, record

M, N = 400, 100  # samples; examples a side
CELLS = ((100, 400), (400, 700), (700, 1000))


def neighbours(seed=0, train=0.6, copied=0.0, changed=0.0):
    """neighbours.csv of samples of which a share is nearest to training examples, and a share
    copies one; of a share the nearest is drawn again.
    """
    same, own = np.random.default_rng(0), np.random.default_rng([seed, 1])
    again = own.random(M) < changed
    level = np.where(again, own.random(M), same.random(M))
    nearest = np.where(again, own.integers(N, size=M), same.integers(N, size=M))
    known, copy = level < train, level < copied
    return pd.DataFrame(
        {
            "sample": range(M),
            "d1": np.where(copy, 0.01, np.where(known, 1.0, 1.1)),
            "d2": 1.2,
            "ratio": 0.0,
            "nearest_train": nearest,
            "d_heldout": np.where(known, 1.1, 1.0),
            "nearest_heldout": nearest,
            "d2_heldout": 1.2,
        }
    )


def answer(yes, effect, limit):
    ends = {"effect": effect, "low": effect - 0.02, "high": effect + 0.02, "limit": limit}
    return {"question": "q", "yes": yes, "text": "t", "p": 0.5, "detectable": 0.1, **ends}


def add(folder, name, cell, near, copies=0.0, seed=0, answered=True, **science):
    """A run; `near` is its neighbours.csv."""
    low, high = cell or (None, None)
    placed = {"name": name, "low": low, "high": high, "location": 500.0}
    measure = {"value": 0.5, "low": 0.4, "high": 0.6}
    names = ("distance_to_train", "f_mem", "dcr_share", "energy_heldout", "js_divergence_C1")
    known = record(placed, dict.fromkeys(names, measure), measure)
    known |= {"schema": 3, "seed": seed, "keys": {}}
    known["split"] = {"hash": "h", "n_train": N, "n_heldout": N}
    known["yardsticks"] = {k: dict.fromkeys(names, measure) for k in known["yardsticks"]}
    known["science"] |= {"sampler": [low, high], "seed": seed, **science}
    known["training"] = {}
    if name == "base":
        known["sampler"] = None
    if answered:
        known["answers"] = {
            "copies": answer(copies > 0, copies, max(0.05, copies)),
            "follows": answer(True, 0.2, 0.3),
            "quality": answer(True, 0.0, 0.1),
            "variety": answer(True, 0.1, 0.2),
        }
        word = "COPYING" if copies else "FOLLOWS"
        known["verdict"] = {"word": word, "reason": "r", "also": []}
    run = put(folder, known)
    if near is not None:
        near.to_csv(run / "neighbours.csv", index=False)


@pytest.fixture
def sweep(tmp_path):
    """Three cells, a base and a uniform run that differ by chance alone."""
    for k, (low, high) in enumerate(CELLS):
        add(tmp_path, f"cl{low}_ch{high}_s0", (low, high), neighbours(k + 1, changed=0.2))
    add(tmp_path, "base", None, neighbours(9, changed=0.2))
    add(tmp_path, "uniform_s0", None, neighbours())
    return tmp_path


def said(folder):
    return lines(answer_table(read(folder)))


def test_nothing_changes(sweep):
    copies, following, change, faults = said(sweep)
    assert copies == (
        "No run is seen to copy single training examples: at most 2.0 % of the samples of any could"
        " be such copies, 5.0 % if these are changed by nearly as much as neighbours differ."
    )
    assert following.startswith(
        "All 3 cells follow their training examples as a whole; they go 20 % of the way from fresh"
        " to copies (base 20 %, uniform 20 %)."
    )
    assert change.startswith("Against the uniform run no change in following is seen, and none is")
    assert "Against the uniform run no change in copying is seen, and none is more than" in change
    assert change.endswith("this is of these trained models, not of their settings.")
    assert faults == (
        "Quality: none is off the data; at most 10 % of the samples of any could not be real."
        " Variety: none is collapsed; at most 20 % of the held-out examples are left out by any."
    )


def test_from_scratch_copying_falls(sweep):
    for (low, high), copied in zip(CELLS, (0.5, 0.2, 0.0), strict=True):
        folder = sweep / f"cl{low}_ch{high}_s0"
        neighbours(copied=copied).to_csv(folder / "neighbours.csv", index=False)
        known = json.loads((folder / "record.json").read_text())
        known["answers"]["copies"] = answer(copied > 0, copied, copied)
        known["verdict"]["word"] = "COPYING" if copied else "HEALTHY"
        (folder / "record.json").write_text(json.dumps(known))
    copies, _, change, _ = said(sweep)
    assert copies.startswith(
        "2 of 5 runs copy single training examples: [100, 400], [400, 700]; most of all [100, 400],"
        " in 48 to 52 % of its samples."
    )
    assert "Copying falls from 46 %" in copies
    assert " at [100, 400] to 0 % at [700, 1000], more than chance makes of 3 cells" in copies
    assert "(base 0 %, uniform 0 %)" in copies
    assert "Against the uniform run 2 of 4 change copying: [100, 400] by +46 points" in change


def test_the_same_run_changes_nothing(sweep):
    neighbours().to_csv(sweep / "cl100_ch400_s0" / "neighbours.csv", index=False)
    found = against_uniform(read(sweep), read_hits(read(sweep))).set_index("name")
    one = found.loc["cl100_ch400_s0"]
    assert (one.follows_change, one.near_change, one.own_change) == (0, 0, 0)
    assert (one.follows_change_p, one.near_change_p, one.own_change_p) == (1, 1, 1)
    assert set(found.index) == {"base", *(f"cl{a}_ch{b}_s0" for a, b in CELLS)}


def test_a_change_is_twice_that_of_dcr_share(sweep):
    near = neighbours(3, train=0.7, changed=0.3)
    near.to_csv(sweep / "cl100_ch400_s0" / "neighbours.csv", index=False)
    found = against_uniform(read(sweep), read_hits(read(sweep))).set_index("name")
    share = lambda table: (table.d1 < table.d_heldout).mean()
    expected = 2 * (share(near) - share(neighbours()))
    assert found.follows_change["cl100_ch400_s0"] == pytest.approx(expected)


def test_hits_of_unequal_sides():
    near = pd.DataFrame(
        {
            "d1": [0.1, 1.0, 1.0, 0.5],
            "d2": [1.0, 2.0, 2.0, 1.0],
            "ratio": 0.0,
            "nearest_train": [2, 0, 1, 0],
            "d_heldout": [0.9, 0.2, 1.0, 0.8],
            "nearest_heldout": [0, 1, 1, 0],
            "d2_heldout": [1.0, 0.3, 3.0, 1.0],
        }
    )
    hits = Hits.of(near, 6, 2)
    assert hits.scores["follows"].tolist() == [1, -3, -1, 1]  # the third is a tie: (1 - 3) / 2
    assert hits.scores["near"].tolist() == [1, 0, 0, 0]  # 0.2 / 0.3 and 0.5 / 0.8 are above 0.6
    assert hits.scores["own"].tolist() == [1, 0, 0, 0]
    assert hits.counts["follows"].tolist() == [1, 1, 1, 0, 0, 0, 0, 1]
    assert hits.counts["own"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]


def test_seeds_of_a_cell_are_averaged(sweep):
    add(sweep, "uniform_s1", None, neighbours(), seed=1)
    near = neighbours(7, train=0.7, changed=0.3)
    add(sweep, "cl100_ch400_s1", (100, 400), near, seed=1)
    found = against_uniform(read(sweep), read_hits(read(sweep))).set_index("name")
    one, two = (found.loc[f"cl100_ch400_s{s}"] for s in (0, 1))
    assert (one.seeds, one.of) == (2, two.of)
    assert one.follows_change == two.follows_change
    assert one.follows_change_sd > 0
    change = said(sweep)[2]
    assert "Changes are means over up to 2 seeds, between which that of following" in change


def test_uniform_runs_of_other_settings_are_no_partners(sweep):
    add(sweep, "cl100_ch400_s0_b", (100, 400), neighbours(), control={"lr": 1})
    add(sweep, "uniform_s0_b", None, neighbours(5, changed=0.5), control={"lr": 2})
    known = json.loads((sweep / "uniform_s0" / "record.json").read_text())
    known["science"]["control"] = {"lr": 3}
    (sweep / "uniform_s0" / "record.json").write_text(json.dumps(known))
    found = set(against_uniform(read(sweep), read_hits(read(sweep))).name)
    assert "cl100_ch400_s0_b" not in found
    assert "There is no uniform run of the seed and settings of cl100_ch400_s0_b." in said(sweep)[2]


def test_another_control_is_compared_with_the_sweeps_uniform_run(tmp_path):
    """Two of them share its settings, so that it is the reference; the third run trains less."""
    uniform = {"name": "uniform", "timesteps": 1000}
    long, short = {"steps": 6000}, {"steps": 1000}
    for name, seed, changed, control in (
        ("uniform_s0", 0, 0.0, long),
        ("uniform_s1", 1, 0.0, long),
        ("uniform_s0_short", 0, 0.5, short),
        ("uniform_s2_short", 2, 0.5, short),
    ):
        near = neighbours(seed, copied=0.0 if control is short else 0.4, changed=changed)
        add(tmp_path, name, None, near, seed=seed, sampler=uniform, control=control)
    found = against_uniform(read(tmp_path), read_hits(read(tmp_path))).set_index("name")
    assert [*found.index] == ["uniform_s0_short"]  # there is no uniform run of seed 2
    assert found.own_change["uniform_s0_short"] == pytest.approx(-0.4, abs=4 * (0.24 / M) ** 0.5)
    assert found.own_change_p["uniform_s0_short"] < 0.01


def test_what_is_missing_is_said_in_a_sentence(sweep):
    (sweep / "cl100_ch400_s0" / "record.json").unlink()
    assert said(sweep)[-1] == "1 of 5 runs is not finished."
    for name in ("base", "cl400_ch700_s0", "cl700_ch1000_s0"):
        (sweep / name / "neighbours.csv").unlink()
    assert "No run could be paired with a uniform run" in said(sweep)[2]
    (sweep / "uniform_s0" / "record.json").unlink()
    assert said(sweep)[2] == "Among these is no uniform run to compare with."


def test_uniform_runs_alone_are_compared_with_nothing(tmp_path):
    for seed in (0, 1):
        add(tmp_path, f"uniform_s{seed}", None, neighbours(seed), seed=seed)
    assert "uniform" not in said(tmp_path)[2]


def test_one_run(tmp_path):
    add(tmp_path, "cl100_ch400_s0", (100, 400), neighbours())
    copies, following, change, _ = said(tmp_path)
    assert copies.startswith("The run is not seen to copy")
    assert following.startswith("The cell follows its training examples")
    assert change == "Among these is no uniform run to compare with."


def test_runs_from_before_there_were_answers(tmp_path):
    add(tmp_path, "cl100_ch400_s0", (100, 400), None, answered=False)
    add(tmp_path, "uniform_s0", None, None, answered=False)
    assert said(tmp_path) == [
        "All 2 runs were measured before there were answers: `memctl evaluate` of the sweep's"
        " folder measures anew, without training."
    ]


@BLANK
def test_last_in_the_terminal_and_first_on_the_page(sweep):
    out = io.StringIO()
    write(sweep, out)
    expected = said(sweep)
    assert out.getvalue().rstrip().endswith("\n\n" + "\n".join(expected))
    page = (sweep / "report" / "index.html").read_text()
    assert page.index(f'<p class="answer">{expected[0][:40]}') < page.index('id="map"')
    assert len(pd.read_csv(sweep / "report" / "answer.csv")) == 5
