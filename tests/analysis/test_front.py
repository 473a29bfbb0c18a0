"""Copying against quality on sweeps whose numbers are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from memctl.analysis import front
from memctl.analysis.controls import Setting
from memctl.analysis.front_lines import lines
from memctl.analysis.joined import joined, of_one_source
from memctl.analysis.readings import Reading, Readings, Spread, own_sides
from tests.rivals import FLOOR, UNIFORM, all_runs, interval, record, written

HIGH = stats.beta.ppf(0.975, 1, 1000)  # Clopper-Pearson of 0 of 1,000


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Settings of one seed."""
    return front.points(written(tmp_path_factory.mktemp("one") / "s", all_runs(1)))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Settings of three seeds."""
    return front.points(written(tmp_path_factory.mktemp("three") / "s", all_runs(3)))


def by_setting(rows):
    return rows.set_index("setting")


def test_one_seed_has_each_metrics_own_interval_or_its_floors_width(rows):
    cell = by_setting(rows).loc["[700, 1000]"]
    assert (rows.over == "samples").all()
    assert (cell.f_mem, cell.f_mem_low, cell.f_mem_high) == pytest.approx((0, 0, HIGH))
    below, above = (FLOOR["energy_heldout"][k] - FLOOR["energy_heldout"][0] for k in (1, 2))
    assert cell.energy_heldout_low == pytest.approx(0.0063 + below)
    assert cell.energy_heldout_high == pytest.approx(0.0063 + above)
    assert cell.energy_heldout_lost == pytest.approx(0.0063 - 0.0047)
    assert cell.energy_heldout_lost_high == pytest.approx(0.0016 + np.hypot(below, above))
    assert cell.recall_lost == pytest.approx(0.88 - 0.78)  # lost is worse, also where less is


def test_a_mean_of_runs_is_surer_by_the_root_of_their_number():
    runs = np.array([[0.5, 0.4, 0.7]] * 4)
    assert own_sides(runs, Reading(0, 0, 0)) == pytest.approx((0.05, 0.1))


def test_the_spread_between_seeds_is_pooled_over_settings():
    groups = [np.array([1.0, 2, 3]), np.array([10.0, 12]), np.array([5.0])]
    spread = Spread.pooled(groups)
    assert spread == pytest.approx((np.sqrt((2 + 2) / 3), 3))
    assert spread.half(4) == pytest.approx(stats.t.ppf(0.975, 3) * np.sqrt(4 / 3) / 2)
    assert Spread.pooled([groups[2]]).degrees == 0


def test_seeds_give_every_setting_an_interval_and_copies_keep_their_exact_one(tmp_path, seeds):
    sweep = written(tmp_path / "s", all_runs(3))
    cell = by_setting(seeds).loc["[300, 1000]"]
    assert (seeds.over == "seeds").all()
    values = sweep.table.set_index("name")["metrics/energy_heldout"]
    own = values[values.index.str.startswith("cl300_ch1000")]
    assert cell.energy_heldout == pytest.approx(own.mean())
    # 6 % of 0.0053 over three seeds, t of 24 degrees
    half = 2.06 * 0.06 * 0.0053 / np.sqrt(3)
    width = cell.energy_heldout_high - cell.energy_heldout_low
    assert width == pytest.approx(2 * half, rel=0.3)
    none = by_setting(seeds).loc["[700, 1000]"]
    assert none.f_mem_low == 0
    assert none.f_mem_high == pytest.approx(HIGH / np.sqrt(3), rel=1e-3)


def test_intervals_over_seeds_hold_the_truth():
    """Of 11 settings' energies, 6 % between seeds, in 15 sweeps of two seeds."""
    truth = np.geomspace(0.004, 0.04, 11)
    held, rng = [], np.random.default_rng(0)
    for _ in range(15):
        names = [[f"{k} {seed}" for seed in range(2)] for k in range(11)]
        drawn = truth[:, None] * (1 + 0.06 * rng.standard_normal((11, 2)))
        records = {
            name: record(name, 0, {}, (0.1, 0.9, value, 0.02, 0.9))
            for name, value in zip(np.ravel(names), drawn.ravel(), strict=True)
        }
        settings = [Setting("c", "s", dict(enumerate(own))) for own in names]
        readings = Readings(SimpleNamespace(records=records), settings, "energy_heldout")
        own = np.array([readings.reading(k) for k in range(11)])
        held += [*((own[:, 1] <= truth) & (truth <= own[:, 2]))]
    # 95 %, of 165
    assert 0.9 <= np.mean(held) <= 0.99


def test_the_front_and_how_often_a_setting_is_on_it(rows):
    best = front.front(rows, "f_mem", "energy_heldout")
    assert [*best.setting] == ["[700, 1000]", "[300, 600]", "dropout 0.1", "[300, 1000]", "uniform"]
    share = by_setting(rows).front_f_mem_energy_heldout
    assert share["[700, 1000]"] == 1
    assert share["[100, 400]"] == share["dropout 0.3"] == 0
    assert 0.2 < share["[100, 600]"] < 0.6  # copies more, and may be as good as any


def test_hypervolume_of_each_control_in_the_box_of_the_uniform_run(rows):
    table = front.hypervolumes(rows)
    assert len(table) == 9 * 4
    own = table[(table.copying == "f_mem") & (table.quality == "energy_heldout")]
    own = own.set_index("control")
    assert (own.copying_at == 0.214).all()
    np.testing.assert_allclose(own.loss_at, 3 * 0.0047)
    at = lambda copies, energy: (1 - copies / 0.214, 1 - energy / 0.0141)
    (x, y), (x2, y2) = at(0.12, 0.0058), at(0.03, 0.0092)
    assert own.seen["dropout"] == pytest.approx(x * y + (x2 - x) * y2)
    assert own.seen["all"] >= own.seen.max()
    assert ((own.low <= own.hypervolume) & (own.hypervolume <= own.high)).all()
    assert own.settings.to_dict() == {"all": 11, "interval": 6, "training time": 3, "dropout": 2}


def test_a_control_that_gains_nothing_has_no_hypervolume(tmp_path):
    runs = [record("uniform_s0", 0, {}, UNIFORM)]
    worse = (0.3, 0.99, 0.02, 0.2, 0.5)
    runs += [record("c", 0, interval(100, 400), worse)]
    table = front.hypervolumes(front.points(written(tmp_path / "s", runs)))
    assert len(table) == 18
    np.testing.assert_array_equal(table[["hypervolume", "low", "high", "seen"]], 0)


def test_hypervolumes_of_many_alike_settings_do_not_read_too_well():
    """Ten settings at the middle of the box: 1/4 is gained, and the best of them seems to gain
    more.
    """
    rng, found, seen = np.random.default_rng(0), [], []
    for _ in range(12):
        values = {"f_mem": 0.1, "energy_heldout": 0.5}
        table = pd.DataFrame({"control": ["uniform", *["x"] * 10]})
        for name, value in values.items():
            own = value * (1 + 0.1 * rng.standard_normal(11))
            own[0] = {"f_mem": 0.2, "energy_heldout": 1 / 3}[name]
            table[name], side = own, 1.96 * 0.1 * value
            table[f"{name}_low"], table[f"{name}_high"] = own - side, own + side
        table["energy_heldout_floor"] = 0.01
        row = front.hypervolumes(table, [("f_mem", "energy_heldout")]).iloc[-1]
        found.append(row.hypervolume)
        seen.append(row.seen)
    assert np.mean(seen) > 0.29
    assert abs(np.mean(found) - 0.25) < 0.7 * (np.mean(seen) - 0.25)


def test_the_sentence_names_the_control_and_the_next_best(rows):
    first, second = lines(rows)
    assert first.startswith(
        "Least copying at least loss: interval [700, 1000] copies 0 % (at most 0.4 %) where uniform"
        " copies 21 %, at an energy of 0.0063 (uniform 0.0047; +0.0016 ["
    )
    assert "outside the noise floor" in first
    assert "Next best: training time 2,000 steps copies 0 % (at most 0.4 %), energy 0.01" in first
    assert "none; nearest is training time 2,000 steps, which loses in energy" in second
    assert "one seed" in second


def test_as_good_is_not_shown_to_lose_or_as_fresh_samples(tmp_path):
    values = {
        "as good": (0.0, 0.7, 0.0048, 0.021, 0.88),
        "as fresh": (0.0, 0.7, 0.0013, 0.02, 0.97),
        "energy": (0.0, 0.7, 0.0080, 0.02, 0.88),
        "recall": (0.0, 0.7, 0.0047, 0.02, 0.70),
    }
    uniform = (0.2, 0.9, 0.0047, 0.020, 0.88)
    runs = [record("uniform_s0", 0, {}, uniform)]
    runs += [
        record(str(k), 0, {"model": {"dropout": k / 10}}, v)
        for k, v in enumerate(values.values(), 1)
    ]
    found = front.points(written(tmp_path / "s", runs))
    good = found[[f"{m}_as_good" for m in front.QUALITY]][1:].to_numpy().tolist()
    assert good == [[True] * 3, [True] * 3, [False, True, True], [True, True, False]]
    assert "as good as uniform: dropout dropout" not in lines(found)[1]
    assert "as good as uniform: dropout 0.2 (energy -0.0034 [" in lines(found)[1]
    assert "dropout 0.1 (energy +0.0001 [" in lines(found)[1]


def test_seeds_that_move_together_show_a_small_loss(tmp_path):
    """The energies of seeds differ by far more than a setting's from its uniform run's."""
    runs = []
    for k in range(4):
        base = 0.0047 + 0.001 * k
        runs.append(record(f"u_s{k}", k, {}, (0.2, 0.9, base, 0.02, 0.88)))
        values = (0.0, 0.7, base + 0.0004 + 0.00002 * (-1) ** k, 0.02, 0.88)
        runs.append(record(f"c_s{k}", k, interval(700, 1000), values))
    cell = front.points(written(tmp_path / "s", runs)).iloc[1]
    assert cell.energy_heldout_lost == pytest.approx(0.0004)
    assert 0.0002 < cell.energy_heldout_lost_low < 0.0004 < cell.energy_heldout_lost_high < 0.0006
    assert not cell.energy_heldout_as_good
    assert cell.energy_heldout_high - cell.energy_heldout_low > 0.001


def test_where_uniform_hardly_copies_there_is_a_caution_and_no_front(tmp_path):
    for hits, enough in ((3, False), (4, True)):  # upper bounds 0.87 and 1.02 %
        runs = all_runs(1, uniform=(hits / 1000, *UNIFORM[1:]))
        found = front.points(written(tmp_path / str(hits), runs))
        assert front.comparable(found) is enough
        assert bool(len(front.hypervolumes(found))) is enough
        assert ("front_f_mem_kid" in found) is enough
        assert lines(found)[0].startswith("CAUTION") is not enough
    assert (
        "more steps or fewer examples (control.steps, data.n_train)"
        in lines(front.points(written(tmp_path / "0", all_runs(1, uniform=(0.0, *UNIFORM[1:])))))[0]
    )


def test_nothing_that_hardly_copies(tmp_path):
    runs = [r for r in all_runs(1) if r["metrics"]["f_mem"]["value"] > 0.02]
    (said,) = lines(front.points(written(tmp_path / "s", runs)))
    assert said == (
        "No setting is shown to copy less than 1 %: nearest is dropout 0.3, 3.0 % (at most 4.3 %),"
        " where uniform copies 21 %."
    )


def test_only_uniform_runs_are_compared_with_the_one_that_copies_most(tmp_path):
    steps = {3000: 0.05, 6000: 0.2, 4000: 0.1}
    runs = [
        record(f"u{n}", 0, {"control": {"steps": n}}, (share, *UNIFORM[1:]))
        for n, share in steps.items()
    ]
    found = front.points(written(tmp_path / "s", runs))
    assert [*found.setting] == ["uniform", "3,000 steps", "4,000 steps"]
    assert found.run[0] == "u6000"
    assert "nearest is training time 3,000 steps, 5.0 % (at most" in lines(found)[0]
    more = record("cell", 0, interval(100, 400), (0.3, *UNIFORM[1:]))
    found = front.points(written(tmp_path / "t", [runs[1], more]))
    assert lines(found) == ["Nothing here copies less than uniform, 20 % (at most 23 %)."]


def test_sweeps_of_one_data_set_are_one_plane_and_equal_runs_count_once(tmp_path):
    runs = all_runs(1)
    first = written(tmp_path / "a", runs[:7])
    again = written(tmp_path / "b" / "c", [runs[0], *runs[7:]])
    both = joined([first, again])
    assert of_one_source([first, again])
    assert both.directory == tmp_path
    assert len(both.table) == len(both.records) == len(runs)
    assert [*both.records][:1] == ["a/uniform_s0"]
    assert "b/c/uniform_s0" not in both.records
    whole = front.points(written(tmp_path / "d", runs)).drop(columns="run")
    pd.testing.assert_frame_equal(front.points(both).drop(columns="run"), whole)
