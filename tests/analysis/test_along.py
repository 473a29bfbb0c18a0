"""Times along a training, on curves whose times are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from memctl.analysis.along import Curve, Onset, generation_onset, memorization_onset, times
from memctl.analysis.along_lines import lines
from memctl.analysis.sweep_results import SweepResults, read
from memctl.metrics.measure import binomial
from memctl.reporting.sections import ALONG
from tests.sweeps import put, record

STEPS = [100, 200, 400, 800, 1600]
FRESH = {"value": 0.0, "low": 0.0, "high": 0.0}


def shares(hits: list[int], n: int = 500) -> Curve:
    measures = np.array([binomial(k, n) for k in hits], dtype=float).T
    return Curve(np.array(STEPS, dtype=float), *measures)


def test_memorization_sets_in_where_f_mem_passes_between_checkpoints() -> None:
    """0 at 200, 2 % at 400 whose interval holds 1 %, 10 % at 800: 1 % is passed half way between
    200 and 400 in log(step).
    """
    onset = memorization_onset(shares([0, 0, 10, 50, 100]), 0.01)
    assert onset == pytest.approx(Onset(200 * 2**0.5, 200, 800))


def test_what_chance_may_have_made_is_not_an_onset() -> None:
    onset = memorization_onset(shares([0, 6, 0, 0, 100]), 0.01)
    assert onset == pytest.approx(Onset(800 * 2**0.05, 800, 1600))


@pytest.mark.parametrize(
    ("hits", "low"),
    [([0] * 5, 1600), ([0, 0, 0, 0, 8], 800), ([3] * 5, 0)],
    ids=["none", "too few to be seen", "never surely below"],
)
def test_an_onset_that_is_not_seen_has_a_lower_end_alone(hits: list[int], low: float) -> None:
    onset = memorization_onset(shares(hits), 0.01)
    assert np.isnan([onset.step, onset.high]).all()
    assert onset.low == low


def test_one_before_the_first_checkpoint_is_at_most_there() -> None:
    assert memorization_onset(shares([50] * 5), 0.01) == Onset(100, 0, 100)


def test_generation_is_good_where_the_distance_comes_down() -> None:
    values, nan = np.array([1.0, 0.5, 0.3, 0.1, 0.2]), np.full(5, np.nan)
    curve = Curve(np.array(STEPS, dtype=float), values, nan, nan)
    assert generation_onset(curve, 0.2) == pytest.approx(Onset(400 * 2**0.5, 400, 800))
    assert generation_onset(curve, 2.0) == Onset(100, 0, 100)
    assert generation_onset(curve, 0.05).low == 1600


def test_a_ratio_lies_between_those_of_the_ends() -> None:
    nan = float("nan")
    assert Onset(300, 200, 400).over(Onset(600, 400, 800)) == Onset(0.5, 0.25, 1.0)
    unseen = Onset(nan, 1600, nan).over(Onset(600, 400, 800))
    assert (unseen.low, np.isnan(unseen.step)) == (2.0, True)
    assert Onset(300, 200, 400).over(Onset(nan, 1600, nan)).high == 0.25
    assert np.isnan(Onset(300, 200, 400).over(Onset(600, 0, 800)).high)


def run(name: str, cell: tuple[float, float] | None, hits: list[int], seed: int = 0) -> dict:
    """A run's record; its energy distance falls as 1 / steps."""
    low, high = cell or (None, None)
    row = {"name": f"{name}_s{seed}", "low": low, "high": high, "location": 500.0}
    known = record(row, {}, FRESH)
    known["seed"] = seed
    known["yardsticks"]["floor"] = {"f_mem": FRESH, "energy_heldout": FRESH}
    known["science"]["sampler"] = {"name": name}
    known["along"] = [
        {
            "step": step,
            "metrics": {
                "f_mem": binomial(k, 500)._asdict(),
                "dcr_share": {"value": 0.6, "low": 0.5, "high": 0.7},
                "energy_heldout": {"value": 16.0 / step, "low": None, "high": None},
            },
        }
        for step, k in zip(STEPS, hits, strict=True)
    ]
    return json.loads(json.dumps(known))


@pytest.fixture
def sweep(tmp_path: Path) -> SweepResults:
    """Two seeds of three cells and of uniform t."""
    for seed in (0, 1):
        for name, cell, hits in (
            ("uniform", None, [0, 0, 0, 50, 100]),
            ("cl100_ch400", (100, 400), [0, 0, 50, 100, 100]),
            ("cl100_ch1000", (100, 1000), [0, 0, 1, 50, 100]),
            ("cl700_ch1000", (700, 1000), [0] * 5),
        ):
            put(tmp_path / "s", run(name, cell, hits, seed))
    return read(tmp_path / "s")


def test_runs_are_held_against_the_uniform_run_of_their_seed(sweep: SweepResults) -> None:
    table = times(sweep).set_index("name")
    early, late = table.loc["cl100_ch400_s1"], table.loc["cl700_ch1000_s1"]
    assert early.tau_mem == pytest.approx(200 * 2**0.1)
    assert early.ratio == pytest.approx(0.5)
    assert (early.ratio_low, early.ratio_high) == (200 / 800, 400 / 400)
    assert np.isnan(late.tau_mem)
    assert late.ratio_low == 1600 / 800
    assert (table.tau_gen_low == 400).all()  # twice the least, 0.02, is reached at 800
    assert (table.tau_gen_high == 800).all()
    assert early.window == pytest.approx(early.tau_mem / early.tau_gen)


def test_a_better_run_raises_the_bar_for_all(tmp_path: Path) -> None:
    good = run("uniform", None, [0] * 5)
    for row in good["along"]:
        row["metrics"]["energy_heldout"]["value"] /= 100
    put(tmp_path / "s", good)
    put(tmp_path / "s", run("cl100_ch400", (100, 400), [0] * 5))
    table = times(read(tmp_path / "s")).set_index("name")
    assert table.tau_gen["uniform_s0"] < 800
    assert np.isnan(table.tau_gen["cl100_ch400_s0"])


def test_the_sentences_say_what_the_interval_shifts(sweep: SweepResults) -> None:
    said = lines(times(sweep))
    assert (
        said[0] == "With uniform t memorization (f_mem above 1 %) sets in at step 429 (400 to 800)."
    )
    assert said[1] == (
        "The interval shifts that from step 214 (200 to 400) at [100, 400] to a step later than"
        " 1,600 at [700, 1000]."
    )
    assert said[2] == (
        "Beside uniform t: [100, 400] earlier; [700, 1000] later; 1 of 3 not told apart."
    )


def test_where_nothing_is_memorized_that_is_said(tmp_path: Path) -> None:
    put(tmp_path / "s", run("cl100_ch400", (100, 400), [0] * 5))
    (first, second) = lines(times(read(tmp_path / "s")))
    assert first.endswith("is not seen within 1,600 steps in any run.")
    assert second.startswith("Generation becomes good at step ")


def test_cells_alike_are_not_told_apart(tmp_path: Path) -> None:
    for name, cell in (("cl100_ch400", (100, 400)), ("cl700_ch1000", (700, 1000))):
        put(tmp_path / "s", run(name, cell, [0, 0, 0, 50, 100]))
    assert lines(times(read(tmp_path / "s")))[0].startswith(
        "No shift by the interval is told apart"
    )


def test_the_figure_has_a_line_a_run(sweep: SweepResults) -> None:
    table = times(sweep)
    figure = ALONG.figure(sweep, table)
    main = figure.axes[0]
    for axis in figure.axes:
        drawn = [line for line in axis.lines if len(line.get_xdata()) == len(STEPS)]
        assert len(drawn) == len(table)
    by_name = dict(zip(table.name, main.lines, strict=False))
    np.testing.assert_allclose(by_name["uniform_s0"].get_ydata(), [0, 0, 0, 0.1, 0.2])
    assert by_name["uniform_s0"].get_color() == "black"
    colours = {by_name[name].get_color() for name in table.name if name.endswith("s0")}
    assert len(colours) == 4
    labels = [text.get_text() for text in main.get_legend().get_texts()]
    assert sorted(labels) == ["[100, 1000]", "[100, 400]", "[700, 1000]", "uniform"]
