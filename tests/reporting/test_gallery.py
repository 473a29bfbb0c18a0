"""python -m memctl.samplers as a user types it, and mistypes it."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import StepPatch

from memctl import samplers
from memctl.errors import UserError
from memctl.reporting.gallery import specs
from memctl.reporting.gallery.command import main, parser
from memctl.reporting.gallery.draws import Draws, chi2_p
from memctl.reporting.gallery.entry import COLUMNS, Entry, from_spec, with_draws
from memctl.reporting.gallery.figure import PANELS, figure
from memctl.reporting.gallery.scale import axis_height, log_snr_scale, t_scale
from memctl.reporting.gallery.selection import selection
from memctl.samplers import IntervalSampler, NoiseSchedule, ScheduleSampler, UniformSampler

SCHEDULE = NoiseSchedule()
Command = Callable[..., tuple[str, list[dict[str, str]]]]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command in an empty folder: what it printed, and the rows of its table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMCTL_SAMPLERS", raising=False)

    def run(*argv: str, draws: int = 2000) -> tuple[str, list[dict[str, str]]]:
        main([*argv, "--draws", str(draws)])
        with Path("samplers.csv").open() as file:
            return capsys.readouterr().out, list(csv.DictReader(file))

    return run


def shown(*argv: str) -> list[Entry]:
    return selection(parser().parse_args([*argv, "--draws", "2000"]))[0]


def record(name: str, drawing: ScheduleSampler, seed: int = 0, **diffusion: Any) -> dict[str, Any]:
    """What a run leaves of its sampler: the fields that `pipeline.described` writes."""
    schedule = NoiseSchedule(**diffusion)
    counts = np.bincount(
        drawing.draw(1470, torch.Generator().manual_seed(seed)).numpy(), minlength=1000
    )
    edges = np.arange(0, 1001, 50)
    share = np.add.reduceat(counts, edges[:-1]) / 1470
    realised = {
        "draws": 1470, "edges": edges.tolist(), "realised": share.tolist(), "chi2_p": 0.125, "ess": None,
        "nominal": np.add.reduceat(drawing.proposal.pmf, edges[:-1]).tolist(),
    }  # fmt: skip
    statistics = {
        **drawing.sampler.statistics(schedule.log_snr),
        "ess": drawing.ess,
        "mean": 123.0,
    }  # not the computed one
    sampler = {
        **drawing.sampler.spec(),
        **drawing.use,
        "statistics": statistics,
        "realised": realised,
    }
    science = {"diffusion": {"timesteps": 1000, "prediction": "epsilon", **diffusion}}
    return {
        "schema": 1,
        "name": name,
        "seed": seed,
        "sampler": sampler,
        "metrics": {},
        "science": science,
    }


def put(sweep: Path, *records: dict[str, Any]) -> Path:
    for one in records:
        (sweep / one["name"]).mkdir(parents=True)
        (sweep / one["name"] / "record.json").write_text(json.dumps(one))
    return sweep


def cells(bounds: Sequence[int], seeds: Sequence[int] = (0,)) -> list[dict[str, Any]]:
    pairs = [(low, high) for low in bounds for high in bounds if low < high]
    return [
        record(f"cl{low}_ch{high}_s{seed}", ScheduleSampler(IntervalSampler(low=low, high=high)), seed)
        for low, high in pairs for seed in seeds
    ]  # fmt: skip


# The table


def test_the_table_holds_the_samplers_statistics(command: Command) -> None:
    out, rows = command(
        "interval:low=700,high=1000", "laplace:mu=-2", "uniform", "beta:alpha=2,beta=5"
    )
    wanted = [
        samplers.build(spec, SCHEDULE)
        for spec in (
            {"name": "interval", "low": 700, "high": 1000}, {"name": "laplace", "mu": -2}, {"name": "uniform"},
            {"name": "beta", "alpha": 2, "beta": 5},
        )
    ]  # fmt: skip
    for row, sampler in zip(rows, wanted, strict=True):
        found = sampler.statistics(SCHEDULE.log_snr)
        assert (row["sampler"], row["mode"], float(row["ess"])) == (
            sampler.label,
            "sample",
            pytest.approx(1),
        )
        for key in ("mean", "sd", "median", "share_below_100", "kl_to_uniform", "mean_log_snr"):
            assert float(row[key]) == found[key]
        assert (row["lambda"] == "") == (sampler.name != "interval")
        assert sampler.label in out
    assert float(rows[0]["lambda"]) == IntervalSampler(low=700, high=1000).inside
    assert "lambda" in out


def test_the_terminal_shows_no_empty_columns(command: Command) -> None:
    out, _ = command("uniform", "laplace")
    assert "lambda" not in out
    assert "-0.00" not in out
    assert "chi2 p" in out
    out, _ = command("uniform", draws=0)
    assert "chi2 p" not in out
    assert "draws" not in out


def test_draws_are_compared_with_what_they_come_from(command: Command) -> None:
    _, rows = command(
        "interval:low=100,high=300",
        "interval:low=100,high=300,mode=weight",
        "fixed:t=7",
        draws=100_000,
    )
    assert [int(row["draws"]) for row in rows] == [100_000] * 3
    assert all(float(row["tv"]) < 0.01 for row in rows)
    assert all(float(row["chi2_p"]) > 1e-3 for row in rows[:2])
    assert (
        float(rows[1]["ess"])
        == ScheduleSampler(IntervalSampler(low=100, high=300), mode="weight").ess
    )
    assert rows[2]["chi2_p"] == ""  # a single step, nothing to test


def test_a_sampler_that_draws_something_else_is_caught() -> None:
    class Shifted(IntervalSampler):
        def sample(self, n: int, generator: Any = None, device: Any = None) -> torch.Tensor:
            return (super().sample(n, generator, device) - 4).clamp(min=0)

    one = Entry("shifted", ScheduleSampler(Shifted(low=500, high=600)), SCHEDULE)
    assert with_draws(one, 100_000, 32, 0).row["chi2_p"] < 1e-6

    class Outside(UniformSampler):
        def sample(self, n: int, generator: Any = None, device: Any = None) -> torch.Tensor:
            return super().sample(n, generator, device) + 1

    with pytest.raises(UserError, match=r"drew the indices 1 to 1000; they must lie in 0\.\.999"):
        with_draws(Entry("outside", ScheduleSampler(Outside()), SCHEDULE), 100_000, 32, 0)


def test_stratified_draws_agree_better_and_have_no_p(command: Command) -> None:
    _, rows = command(
        "interval:low=100,high=200",
        "interval:low=100,high=200,mode=correct,stratified=true",
        "--batch",
        "500",
        draws=10_000,
    )
    assert rows[1]["sampler"] == "cl100_ch200_correct_stratified"
    assert rows[1]["chi2_p"] == ""
    assert float(rows[1]["tv"]) < float(rows[0]["tv"]) / 2


def test_the_chi_square_test_pools_rare_steps() -> None:
    rng = np.random.default_rng(0)
    p = np.r_[
        np.full(50, 0.0196), np.full(50, 0.0004)
    ]  # of 1000 draws, 0.4 are expected at each of the rare steps
    found = [chi2_p(rng.multinomial(1000, p).astype(float), 1000 * p) for _ in range(400)]
    values = np.array([value for value in found if value is not None])
    assert len(values) == 400
    assert (values < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert chi2_p(np.array([3.0, 1]), np.array([4.0, 0])) == 0
    assert chi2_p(np.array([4.0, 0]), np.array([4.0, 0])) is None


def test_the_numbers_follow_the_seed_and_nothing_else(command: Command) -> None:
    _, first = command("uniform", "laplace")
    content = [Path(f"samplers.{suffix}").read_bytes() for suffix in ("png", "csv")]
    _, again = command("uniform", "laplace")
    assert again == first
    assert content == [Path(f"samplers.{suffix}").read_bytes() for suffix in ("png", "csv")]
    assert command("laplace")[1] == first[1:]  # whatever else is shown
    assert command("uniform", "laplace", "--seed", "1")[1][1]["tv"] != first[1]["tv"]


def test_the_noise_schedule_is_the_one_asked_for(command: Command) -> None:
    _, rows = command("uniform", "--schedule", "squaredcos_cap_v2", "--timesteps", "50")
    cosine = NoiseSchedule(timesteps=50, schedule="squaredcos_cap_v2")
    assert (
        float(rows[0]["mean_log_snr"])
        == UniformSampler(50).statistics(cosine.log_snr)["mean_log_snr"]
    )
    _, rows = command("lognormal", "--zero-terminal-snr", "--beta-end", "0.01")
    zero = NoiseSchedule(zero_terminal_snr=True, beta_end=0.01)
    assert (
        float(rows[0]["mean"]) == samplers.build({"name": "lognormal"}, zero).statistics()["mean"]
    )


# What can be asked for


def test_without_arguments_there_is_one_of_each(command: Command, tmp_path: Path) -> None:
    (tmp_path / "memctl_samplers").mkdir()
    (tmp_path / "memctl_samplers" / "mine.py").write_text(
        "from dataclasses import dataclass\nimport numpy as np\nfrom memctl.errors import"
        " UserError\nfrom memctl.samplers import TimestepSampler\n@dataclass(frozen=True)\nclass"
        " Rising(TimestepSampler):\n    name = 'rising'\n    power: float = 1.0\n    def"
        " probabilities(self):\n        return np.arange(1, self.timesteps + 1.0) **"
        " self.power\n@dataclass(frozen=True)\nclass Needy(TimestepSampler):\n    name = 'needy'\n "
        "   file: str | None = None\n    def probabilities(self):\n        raise"
        " UserError('sampler.file is not given')\n"
    )
    out, rows = command()
    assert len(rows) == len(samplers.SAMPLERS)  # table is left out, rising is the user's
    assert {one.schedule_sampler.sampler.name for one in shown()} == {
        *samplers.SAMPLERS,
        "rising",
    } - {"table"}
    adaptive = next(row for row in rows if row["sampler"] == "loss_second_moment")
    assert adaptive["note"] == "adaptive: as before training, uniform"
    assert "left out: table" in out
    assert "left out: needy, your own: sampler.file is not given" in out
    assert command("rising:power=2")[1][0]["sampler"] == "rising_power2"


def test_the_gallery_works_for_any_number_of_steps(command: Command) -> None:
    for steps in (1, 2, 7):
        assert len(command("--timesteps", str(steps))[1]) == len(samplers.SAMPLERS) - 1
    assert len(command("--timesteps", "3", "--zero-terminal-snr")[1]) == len(samplers.SAMPLERS) - 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("uniform", [{"name": "uniform"}]),
        ("uniform:", [{"name": "uniform"}]),
        ("interval:low=1,high=2.5,mode=correct,clip=null,stratified=true",
         [{"name": "interval", "low": 1, "high": 2.5, "mode": "correct", "clip": None, "stratified": True}]),
        ("speed: k=3, threshold=1e-4", [{"name": "speed", "k": 3, "threshold": 1e-4}]),
        ("{name: speed, threshold: 1e-4}", [{"name": "speed", "threshold": 1e-4}]),
        ('{"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1]}',
         [{"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1]}]),
        ("[{name: uniform}, {name: beta}]", [{"name": "uniform"}, {"name": "beta"}]),
        ("mirror:of={name: interval, low: 1, high: 2}", [{"name": "mirror", "of": {"name": "interval", "low": 1, "high": 2}}]),
        ("mixture:parts=[{name: uniform}, {name: beta}],weights=[1, 3]",
         [{"name": "mixture", "parts": [{"name": "uniform"}, {"name": "beta"}], "weights": [1, 3]}]),
        ("beta:alpha=1|2,beta=3", [{"name": "beta", "alpha": 1, "beta": 3}, {"name": "beta", "alpha": 2, "beta": 3}]),
    ],
)  # fmt: skip
def test_what_a_text_means(text: str, wanted: list[dict[str, Any]]) -> None:
    assert specs.parse(text) == (wanted, [])


def test_a_range_drops_what_is_no_interval_and_says_so(command: Command) -> None:
    out, rows = command("interval:low=100|400|700,high=300|600|700")
    assert [row["sampler"] for row in rows] == [
        "cl100_ch300",
        "cl100_ch600",
        "cl100_ch700",
        "cl400_ch600",
        "cl400_ch700",
    ]
    assert (
        "4 of 9 pairs are no interval and left out (low=400, high=300; low=700, high=300; low=700,"
        " high=600; low=700, high=700)" in out
    )
    assert len(specs.parse("interval:low=1|2,high=2,allow_degenerate=true")[0]) == 2
    with pytest.raises(UserError, match=r"ci.high=3000 is outside \[0, 1000\]"):
        shown("interval:low=1|2,high=3000")


def test_a_sweeps_folder_shows_its_records(command: Command, tmp_path: Path) -> None:
    correct = ScheduleSampler(UniformSampler(), mode="correct", clip=3.0)
    base = {"name": "base", "sampler": None, "metrics": {}}
    put(tmp_path / "runs" / "s", *cells([100, 200, 1000]), record("uniform_s0", correct), base)
    _, rows = command("runs/s")
    assert [row["sampler"] for row in rows] == [
        "cl100_ch200",
        "cl100_ch1000",
        "cl200_ch1000",
        "uniform_correct_clip3",
    ]
    assert {(row["draws"], row["mean"], row["chi2_p"]) for row in rows} == {
        ("1470", "123.0", "0.125")
    }  # the records' own
    assert rows[3]["mode"] == "correct"
    assert all(0 < float(row["tv"]) < 0.2 for row in rows)
    assert [row["sampler"] for row in command("runs/s/cl100_ch200_s0", "fixed:t=3")[1]] == [
        "cl100_ch200",
        "fixed_t3",
    ]


def test_a_sweeps_records_keep_their_noise_schedule(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "s", record("a", ScheduleSampler(UniformSampler()), schedule="sigmoid"))
    first, second = shown("s", "laplace")
    assert first.schedule == second.schedule == NoiseSchedule(schedule="sigmoid")
    assert shown("s", "--schedule", "linear")[0].schedule == SCHEDULE


def test_seeds_are_shown_as_one_with_all_their_draws(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "s", *cells([100, 300], seeds=[0, 1, 2]))
    _, rows = command("s")
    assert [(row["sampler"], row["draws"]) for row in rows] == [("cl100_ch300", "4410")]
    assert float(rows[0]["chi2_p"]) != 0.125  # of all draws
    assert float(rows[0]["tv"]) < 0.05


def test_adaptive_samplers_of_a_sweep_are_what_they_became(
    command: Command, tmp_path: Path
) -> None:
    one = record("lsm_s0", ScheduleSampler(samplers.LossSecondMomentSampler(), mode="correct"))
    nominal = np.arange(20, 0, -1) / 210
    one["sampler"]["realised"]["nominal"] = nominal.tolist()
    put(tmp_path / "s", one, {**one, "name": "lsm_s1"})
    found = shown("s")
    assert [other.title for other in found] == ["lsm_s0", "lsm_s1"]
    np.testing.assert_allclose(found[0].pmf, np.repeat(nominal / 50, 50))
    assert found[0].weights is None
    assert "mean over its draws" in command("s")[1][0]["note"]


# The figure


@pytest.mark.parametrize("n", [1, 5, 15, 45])
def test_the_figure_shows_every_sampler_on_both_axes(n: int) -> None:
    found = [
        with_draws(
            from_spec({"name": "interval", "low": i, "high": 500 + i}, SCHEDULE), 2000, 32, 0
        )
        for i in range(n)
    ]
    image = figure(found)
    image.canvas.draw()
    assert len(image.axes) == (2 * n if n <= PANELS else 2)
    for k in (0, 1):
        axes = image.axes[k::2]
        assert (
            sum(isinstance(a, StepPatch) for axis in axes for a in axis.get_children()) == 3 * n
        )  # p, its area, and uniform
        assert sum(line.get_marker() == "o" for axis in axes for line in axis.lines) == n  # draws
        assert (
            len({axis.get_xlim() for axis in axes}) == len({axis.get_ylim() for axis in axes}) == 1
        )
    signal, noise = image.axes[1].get_xlim()
    assert signal > noise
    assert image.axes[-1].get_xlabel().startswith("log SNR")
    if n > PANELS:
        assert [label.get_text() for label in image.axes[0].get_yticklabels()] == [
            one.title for one in found
        ]
        assert sum(isinstance(c, LineCollection) for c in image.axes[0].collections) == 1
    else:
        assert [axis.get_title("left") for axis in image.axes[::2]] == [one.title for one in found]


def test_weights_are_drawn_where_losses_are_weighted() -> None:
    found = shown(
        "interval:low=100,high=300,mode=weight",
        "interval:low=100,high=300,mode=correct,clip=2",
        "uniform",
    )
    lines = [
        [line for line in axis.lines if line.get_linestyle() == "--"]
        for axis in figure(found).axes[::2]
    ]
    assert [len(some) for some in lines] == [1, 1, 0]
    np.testing.assert_allclose(lines[0][0].get_ydata(), 1000 * found[0].pmf)
    assert max(lines[1][0].get_ydata()) == 2


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
def test_both_axes_hold_the_same_masses(schedule: str, zero: bool) -> None:
    one = with_draws(
        from_spec(
            {"name": "cauchy", "mu": -3}, NoiseSchedule(schedule=schedule, zero_terminal_snr=zero)
        ),
        2000,
        32,
        0,
    )
    left, right = t_scale(one), log_snr_scale(one)
    assert (left.density(one.pmf) * np.diff(left.edges)).sum() == pytest.approx(1000)
    kept = one.pmf[: 999 if zero else 1000]
    np.testing.assert_allclose(right.density(one.pmf) * -np.diff(right.edges), kept)
    x, heights = left.histogram(one.draws, 50)  # type: ignore[arg-type]
    assert len(x) == 50
    assert heights.mean() == pytest.approx(1)
    assert len(right.histogram(one.draws, 50)[0]) == (49 if zero else 50)  # type: ignore[arg-type]


def test_a_spike_is_cut_off_and_not_the_others_flattened() -> None:
    assert axis_height([1, 2, 5]) == pytest.approx(1.08 * 5)
    assert axis_height([1, 2, 5, 1000]) == pytest.approx(1.08 * 5)
    assert axis_height([1000]) == pytest.approx(1.08 * 1000)
    assert axis_height([1, 1000]) == pytest.approx(1.08 * 3)
    texts = [
        text.get_text() for axis in figure(shown("uniform", "fixed")).axes for text in axis.texts
    ]
    assert "peak 1,000" in texts


def test_draws_are_counted_over_ranges() -> None:
    draws = Draws(np.arange(11), np.arange(10.0))
    assert draws.coarse(5).counts.tolist() == [1, 5, 9, 13, 17]
    assert draws.coarse(3).edges.tolist() == [0, 3, 7, 10]
    assert draws.coarse(50) is draws


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")]
)
def test_the_figures_file_types(command: Command, suffix: str, magic: bytes) -> None:
    main(["uniform", "--out", f"deep/er/x.{suffix}", "--draws", "10"])
    content = Path(f"deep/er/x.{suffix}").read_bytes()
    main(["uniform", "--out", f"deep/er/x.{suffix}", "--draws", "10"])
    assert content.startswith(magic)
    assert content == Path(f"deep/er/x.{suffix}").read_bytes()
    assert Path("deep/er/x.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert sorted(path.name for path in Path("deep/er").iterdir()) == sorted(
        [f"x.{suffix}", "x.csv"]
    )


# Mistakes

MISTAKES = {
    "misspelt": (["intervall"], "sampler=intervall is unknown (did you mean interval?)"),
    "misspelt parameter": (
        ["interval:lo=1,high=2"],
        "sampler.lo is not a setting of interval (did you mean low?)",
    ),
    "not a number": (["interval:low=abc,high=3"], "sampler.low='abc' is not a number"),
    "no value": (["interval:low"], "'low' is no setting; write interval:KEY=VALUE"),
    "no high": (["interval:low=700"], "ci.high is not given"),
    "reversed": (["interval:low=700,high=1"], "ci.low=700 must be below ci.high=1"),
    "no interval left": (["interval:low=700|800,high=1"], "no interval is left"),
    "twice": (["interval:low=1,low=2"], "low is given twice"),
    "unknown mode": (
        ["uniform:mode=corect"],
        "sampler.mode=corect must be sample, weight or correct",
    ),
    "cannot be corrected for": (["fixed:mode=correct"], "mix it with some uniform"),
    "no YAML": (["{name: fixed"], "{name: fixed cannot be read as YAML"),
    "no spec": (["[3]"], "[3] is no sampler: write {name: NAME, ...}"),
    "no name": (["{low: 3}"], "is no sampler"),
    "keys that are no text": (["{1: 3, name: uniform}"], "sampler.1 is not a setting of uniform"),
    "no folder": (["runs/none"], "runs/none is neither a folder nor a sampler"),
    "no records": (["empty"], "empty holds no record of a finished run with a sampler"),
    "other steps": (["uniform:timesteps=50"], "give --timesteps 50"),
    "a table without a file": (["table"], "sampler.path is not given"),
    "file type": (["uniform", "--out", "x.docx"], "--out=x.docx must end in .png, .pdf or .svg"),
    "no file type": (["uniform", "--out", "x"], "must end in"),
    "unwritable": (["uniform", "--out", "taken/x.png"], "--out=taken/x.png: taken is not a folder"),
    "unwritable further up": (
        ["uniform", "--out", "taken/deep/x.png"],
        "cannot write taken/deep/x.png: Not a directory; choose another",
    ),
    "schedule": (["--schedule", "liner"], "--schedule=liner is unknown (did you mean linear?)"),
    "betas": (
        ["--beta-start", "0.5"],
        "diffusion.beta_start=0.5 must not exceed diffusion.beta_end=0.02",
    ),
    "no steps": (["--timesteps", "0"], "--timesteps=0 must be at least 1"),
    "no signal": (
        ["--timesteps", "1", "--zero-terminal-snr"],
        "diffusion.timesteps=1 must be a whole number of at least 2",
    ),
    "draws": (["--draws", "-1"], "--draws=-1 must be at least 0"),
    "draws that are no number": (
        ["--draws", "many"],
        "argument --draws: invalid int value: 'many'",
    ),
    "unknown option": (["--nope"], "unrecognized arguments: --nope"),
}


@pytest.mark.parametrize(("argv", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_message(
    argv: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SystemExit, match=re.escape(message)) as stop:
        main(argv)
    assert str(stop.value).startswith("memctl: ")
    assert "\n" not in str(stop.value)
    assert {path.name for path in tmp_path.iterdir()} == {"empty", "taken"}


def test_mistakes_about_folders(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "runs" / "s", record("a", ScheduleSampler(UniformSampler())))
    with pytest.raises(SystemExit, match=r"runs holds no record .*\(did you mean runs/s\?\)"):
        command("runs")
    one = record("b", ScheduleSampler(UniformSampler()))
    one["sampler"]["name"] = "gone"
    put(tmp_path / "t", one)
    with pytest.raises(SystemExit, match=r"the record of b: sampler=gone is unknown"):
        command("t")
    short = record("c", ScheduleSampler(UniformSampler()))
    short["sampler"]["timesteps"] = short["science"]["diffusion"]["timesteps"] = 10
    put(tmp_path / "u", short)
    with pytest.raises(
        SystemExit, match="one figure needs one T; these samplers have 10, 1000 steps"
    ):
        command("u", "runs/s")


def test_a_torn_record_is_passed_over(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "s", *cells([100, 200, 300]))
    (tmp_path / "s" / "cl100_ch300_s0" / "record.json").write_text('{"schema": 1,')
    assert [row["sampler"] for row in command("s")[1]] == ["cl100_ch200", "cl200_ch300"]


def test_long_names_stay_inside_the_figure() -> None:
    one = shown(
        "{name: mixture, parts: [{name: fixed, t: 1}, {name: fixed, t: 2}, {name: fixed, t: 3},"
        " {name: uniform}]}"
    )[0]
    for n in (1, PANELS + 1):
        image = figure([replace(one, title=one.title + str(i)) for i in range(n)])
        image.canvas.draw()
        axis = image.axes[0]
        label = axis.get_title("left") if n == 1 else axis.get_yticklabels()[0].get_text()
        assert len(label) <= 50
        assert "…" in label
        assert axis.get_position().width > 0.25


def test_as_a_command(tmp_path: Path) -> None:
    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        path = {"PYTHONPATH": str(Path(samplers.__file__).parents[2])}
        return subprocess.run(
            [sys.executable, "-m", "memctl.samplers", *argv],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | path,
        )

    good = run("interval:low=700,high=1000", "uniform")
    assert (good.returncode, good.stderr) == (0, "")
    assert "cl700_ch1000" in good.stdout
    assert (tmp_path / "samplers.png").read_bytes().startswith(b"\x89PNG")
    bad = run("unifrom")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("memctl: sampler=unifrom is unknown (did you mean uniform?)")
    assert run("--help").returncode == 0
