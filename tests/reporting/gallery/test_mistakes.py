"""python -m memctl.samplers as a user mistypes it."""

import re
from pathlib import Path

import pytest

from memctl.reporting.gallery.command import main
from memctl.samplers import ScheduleSampler, UniformSampler
from tests.conftest import BLANK
from tests.reporting.gallery.runs import Command, cells, put, record

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


@BLANK
def test_a_torn_record_is_passed_over(command: Command, tmp_path: Path) -> None:
    put(tmp_path / "s", *cells([100, 200, 300]))
    (tmp_path / "s" / "cl100_ch300_s0" / "record.json").write_text('{"schema": 1,')
    assert [row["sampler"] for row in command("s")[1]] == ["cl100_ch200", "cl200_ch300"]
