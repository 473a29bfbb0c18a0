"""What a user may ask python -m memctl.samplers for: texts, grids, folders of runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memctl import samplers
from memctl.errors import UserError
from memctl.reporting.gallery import specs
from memctl.samplers import NoiseSchedule, ScheduleSampler, UniformSampler
from tests.conftest import BLANK, LONG
from tests.reporting.gallery.runs import SCHEDULE, Command, cells, put, record, selected


@BLANK
def test_without_arguments_there_is_one_of_each(
    command: Command, own_files: Callable[..., Path]
) -> None:
    own_files(
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
    assert {one.schedule_sampler.sampler.name for one in selected()} == {
        *samplers.SAMPLERS,
        "rising",
    } - {"table"}
    adaptive = next(row for row in rows if row["sampler"] == "loss_second_moment")
    assert adaptive["note"] == "adaptive: as before training, uniform"
    assert "left out: table" in out
    assert "left out: needy, your own: sampler.file is not given" in out
    assert command("rising:power=2")[1][0]["sampler"] == "rising_power2"


@LONG
def test_the_gallery_works_for_any_number_of_steps(command: Command) -> None:
    for steps in (1, 2, 7):
        assert len(command("--timesteps", str(steps))[1]) == len(samplers.SAMPLERS) - 1
    assert len(command("--timesteps", "3", "--zero-terminal-snr")[1]) == len(samplers.SAMPLERS) - 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("uniform", [{"name": "uniform"}]),
        ("uniform:", [{"name": "uniform"}]),
        (
            "interval:low=1,high=2.5,mode=correct,clip=null,stratified=true",
            [
                {
                    "name": "interval",
                    "low": 1,
                    "high": 2.5,
                    "mode": "correct",
                    "clip": None,
                    "stratified": True,
                }
            ],
        ),
        ("speed: k=3, threshold=1e-4", [{"name": "speed", "k": 3, "threshold": 1e-4}]),
        ("{name: speed, threshold: 1e-4}", [{"name": "speed", "threshold": 1e-4}]),
        (
            '{"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1]}',
            [{"name": "mixture", "parts": [{"name": "uniform"}], "weights": [1]}],
        ),
        ("[{name: uniform}, {name: beta}]", [{"name": "uniform"}, {"name": "beta"}]),
        (
            "mirror:of={name: interval, low: 1, high: 2}",
            [{"name": "mirror", "of": {"name": "interval", "low": 1, "high": 2}}],
        ),
        (
            "mixture:parts=[{name: uniform}, {name: beta}],weights=[1, 3]",
            [
                {
                    "name": "mixture",
                    "parts": [{"name": "uniform"}, {"name": "beta"}],
                    "weights": [1, 3],
                }
            ],
        ),
        (
            "beta:alpha=1|2,beta=3",
            [{"name": "beta", "alpha": 1, "beta": 3}, {"name": "beta", "alpha": 2, "beta": 3}],
        ),
    ],
)
def test_what_a_text_means(text: str, wanted: list[dict[str, Any]]) -> None:
    assert specs.parse(text) == (wanted, [])


@BLANK
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
        selected("interval:low=1|2,high=3000")


@BLANK
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
    first, second = selected("s", "laplace")
    assert first.schedule == second.schedule == NoiseSchedule(schedule="sigmoid")
    assert selected("s", "--schedule", "linear")[0].schedule == SCHEDULE


@BLANK
def test_seeds_are_shown_as_one_with_all_their_draws(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "s", *cells([100, 300], seeds=[0, 1, 2]))
    _, rows = command("s")
    assert [(row["sampler"], row["draws"]) for row in rows] == [("cl100_ch300", "4410")]
    assert float(rows[0]["chi2_p"]) != 0.125  # of all draws
    assert float(rows[0]["tv"]) < 0.05


@BLANK
def test_adaptive_samplers_of_a_sweep_are_what_they_became(
    command: Command, tmp_path: Path
) -> None:
    one = record("lsm_s0", ScheduleSampler(samplers.LossSecondMomentSampler(), mode="correct"))
    nominal = np.arange(20, 0, -1) / 210
    one["sampler"]["realised"]["nominal"] = nominal.tolist()
    put(tmp_path / "s", one, {**one, "name": "lsm_s1"})
    result = selected("s")
    assert [other.title for other in result] == ["lsm_s0", "lsm_s1"]
    np.testing.assert_allclose(result[0].pmf, np.repeat(nominal / 50, 50))
    assert result[0].weights is None
    assert "mean over its draws" in command("s")[1][0]["note"]


def test_as_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memctl: Callable[..., tuple[int, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out = memctl("samplers", "interval:low=700,high=1000", "uniform")
    assert code == 0, out
    assert "cl700_ch1000" in out
    assert (tmp_path / "samplers.png").read_bytes().startswith(b"\x89PNG")
    code, out = memctl("samplers", "unifrom")
    assert code == 1
    assert out.startswith("memctl: sampler=unifrom is unknown (did you mean uniform?)")
