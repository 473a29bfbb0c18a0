"""The command line as a user types it, and mistypes it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from memctl.command import check_choices, force_single_run, in_one_place
from memctl.config import Config
from memctl.errors import UserError
from memctl.runs.folder import RunFolder
from memctl.sweep import sweeper
from memctl.sweep.mistakes import explain
from tests.children import PRELOAD
from tests.conftest import BLANK

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(
    memctl: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: list[str]
) -> Command:
    """`memctl train` with these arguments and tiny settings: its exit code, and all it printed."""
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    # test_plan.py measures in earnest
    monkeypatch.setattr(sweeper, "cached_measurement", lambda plan: (10.0, 20.0))

    def run(*arguments: str, small: bool = True) -> tuple[int, str]:
        flags = {"-m": 1, "-cn": 2}.get(arguments[0], 0) if arguments else 0
        small_ones = tiny if small else []
        return memctl("train", *arguments[:flags], *small_ones, *arguments[flags:])

    return run


MISTAKES = {
    "no interval": ([], "ci.low is not given"),
    "reversed": (["ci.low=900", "ci.high=100"], "ci.low=900 must be below ci.high=100"),
    "equal": (["ci.low=300", "ci.high=300"], "ci.allow_degenerate=true"),
    "outside": (["ci.low=0", "ci.high=1001"], r"ci.high=1001 is outside [0, 1000]"),
    "not a number": (["ci.low=abc", "ci.high=2"], "ci.low"),
    "nan": (["ci.low=nan", "ci.high=2"], "ci.low=nan is not a number"),
    "unknown key": (["ci.lo=1"], "ci.lo"),
    "unknown key, added": (["+ci.lwo=1"], "ci.lwo is no setting (did you mean ci.low?)"),
    "added by force": (["++zzz=3"], "memctl: zzz is no setting; a config has along, base, ci"),
    "added to a sweep": (["-m", "+ci.x=3,4", "ci.low=1"], "ci.x is no setting; ci has"),
    "added to a launcher": (["+hydra.launcher.device=0"], "did you mean hydra.launcher.devices?"),
    "key of a value": (
        ["data.length.x=1"],
        "data.length.x is no setting; data.length is a value\n",
    ),
    "no list, but a text": (["logger.tags=a"], "logger.tags is a list; write logger.tags=[A,B]\n"),
    "key of a list": (["logger.tags.x=a"], "logger.tags is a list; write logger.tags=[A,B]\n"),
    "unknown sampler": (
        ["sampler=gauss"],
        "memctl: sampler=gauss is unknown; choose one of band, beta",
    ),
    "misspelt model": (
        ["-m", "model=unet2d_8,unet2d8", "ci.low=1"],
        "model=unet2d8 is unknown (did you mean unet2d_8?)",
    ),
    "unknown field": (["+sampler.lo=3", "ci.low=1", "ci.high=2"], "did you mean low?"),
    "negative rate": (
        ["ci.low=1", "ci.high=2", "control.lr=-1"],
        "control.lr=-1.0 must be positive",
    ),
    "too many steps": (
        ["ci.low=1", "ci.high=2", "generate.steps=2000"],
        "generate.steps=2000 must be in 1..1000",
    ),
    "no data file": (
        ["ci.low=1", "ci.high=2", "data=signals", "data.path=nowhere.csv"],
        "nowhere.csv is not a file",
    ),
    "no data path": (["ci.low=1", "ci.high=2", "data=signals"], "needs data.path=FILE"),
    "too large a split": (
        ["ci.low=1", "ci.high=2", "data.n_train=9999"],
        "do not fit 491 distinct examples",
    ),
    "unknown template": (["-cn", "multirun_templates/nope"], "multirun_templates/nope"),
    "empty sweep": (["-m", "ci.low=900", "ci.high=100,200"], "no run is left"),
    "wrong value in a sweep": (["-m", "ci.low=100,abc", "ci.high=200"], "ci.low=abc"),
    "no number": (["ci.low=abc"], "memctl: ci.low=abc is not a number\n"),
    "no whole number": (["seed=1.5"], "memctl: seed=1.5 is not a whole number\n"),
    "neither true nor false": (["control.cosine=maybe"], "cosine=maybe is not true or false\n"),
    "no key like it": (["ci.hgih=700"], "ci.hgih is no setting (did you mean ci.high?)"),
    "capitals": (["CI.low=7"], "CI is no setting (did you mean ci?)"),
    "no value": (["ci.low"], "memctl: ci.low has no value; write ci.low=VALUE\n"),
    "a group's value": (["ci=5"], "ci holds several settings; give one of them, ci.NAME=VALUE\n"),
    "null": (["seed=null"], "seed=null: it takes no null; leave it out for its default\n"),
    "brackets": (["ci.low=("], "goes in two pairs of quotes: 'ci.low=\"(\"'\n"),
    "commas between": (["ci.low=1,ci.high=2"], "settings stand apart: ci.low=1 ci.high=2\n"),
    "no equals": (["ci.low:3"], "ci.low:3 cannot be read; a setting is KEY=VALUE"),
    "chosen twice": (["+sampler=uniform"], "sampler is chosen already; write sampler=NAME"),
    "taken out": (["~ci.low"], "no setting can be taken out; give it a value, ci.low=VALUE\n"),
    "bound outside in a sweep": (
        ["-m", "ci.low=100", "ci.high=200,2000"],
        "ci.high=2000 is outside",
    ),
    "nan in a sweep": (["-m", "ci.low=nan,700", "ci.high=1000"], "ci.low=nan is not a number"),
    "beyond T in a sweep": (["-m", "ci.low=5000,1", "ci.high=1000"], "ci.low=5000 is outside"),
    "no list": (
        ["-m", "ci.low=interval(0,1)", "ci.high=9"],
        "ci.low=interval(0,1): a sweep needs values that can be listed; write them, ci.low=100",
    ),
    "empty glob": (["-m", "ci.low=glob(*)", "ci.high=9"], "ci.low=glob(*) lists no value; glob is"),
    "no run at once": (
        ["-m", "ci.low=1", "ci.high=2", "hydra.launcher.per_device=0"],
        "hydra.launcher.per_device=0 must be at least 1",
    ),
    "shell's variable": (
        ["ci.low=1", "ci.high=2", "paths.runs=${HOME}/x"],
        "paths.runs refers to ${HOME}, and HOME is no setting; the shell puts the variable of"
        " the environment in where it is not in single quotes",
    ),
    "shell's variable in a sweep": (
        ["-m", "ci.low=1", "ci.high=2", "paths.runs=${HOME}/x"],
        "paths.runs refers to ${HOME}, and HOME is no setting",
    ),
    "unknown reference": (
        ["ci.low=1", "ci.high=${ci.hgh}"],
        "refers to ${ci.hgh}, and ci.hgh is no setting; write the value itself",
    ),
    "folder of Hydra's": (["hydra.job.chdir=true"], "set these, paths.runs=DIR sweep.name=NAME"),
    "another of Hydra's": (["-m", "hydra.sweep.dir=x"], "hydra.sweep.dir=x is not for use"),
    "reserved name": (
        ["ci.low=1", "ci.high=2", "sweep.name=bases"],
        "sweep.name=bases names a folder that memctl keeps for itself",
    ),
    "reserved name in a sweep": (["-m", "ci.low=1", "ci.high=2", "sweep.name=bases"], "for itself"),
    "missing data in a sweep": (
        ["-m", "ci.low=1", "ci.high=2", "data=signals", "data.path=nowhere.csv"],
        "nowhere.csv is not a file",
    ),
    "no such precision in a sweep": (
        ["-m", "ci.low=1", "ci.high=2", "trainer.precision=fp64", "hydra.sweeper.plan=true"],
        "trainer.precision=fp64 must be auto, fp32 or bf16",
    ),
    "no such compile": (
        ["ci.low=1", "ci.high=2", "trainer.compile=perhaps"],
        "trainer.compile=perhaps must be auto, true or false",
    ),
    "no such format": (
        ["ci.low=1", "ci.high=2", "trainer.memory_format=x"],
        "trainer.memory_format=x must be auto, channels_last or",
    ),
    "no gpu": (["ci.low=1", "ci.high=2", "trainer.accelerator=tpu"], "trainer.accelerator=tpu"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_clear_message(command: Command, name: str) -> None:
    arguments, text = MISTAKES[name]
    code, out = command(*arguments, small=False)  # it trains nothing
    assert code != 0
    assert text in out
    assert "Traceback" not in out


IN_A_TEMPLATE = {
    "ci: {lwo: 3}": "t.yaml: ci.lwo is no setting (did you mean ci.low?)",
    "probe: {records: 3}": "t.yaml: probe.records is now called probe.examples",
    "generate: {samples: null}": "t.yaml: generate.samples=null: it takes no null",
    "ci: null": "t.yaml: ci=null: it takes no null",
    "ci: {low: abc}": "t.yaml: ci.low=abc is not a number",
    "seed: [1, 2]": "t.yaml: seed=[1, 2] is not a whole number",
    "metrics: {full: 3.5}": "t.yaml: metrics.full=3.5 is not true or false",
    "generate: 3": "t.yaml: generate=3: generate holds several settings",
    "logger: {tags: a}": "t.yaml: logger.tags: logger.tags is a list; write logger.tags=[A,B]",
}


@pytest.mark.parametrize("line", IN_A_TEMPLATE)
def test_a_mistake_in_a_template_names_its_setting(line: str) -> None:
    config = OmegaConf.structured(Config)
    with pytest.raises(ConfigCompositionException) as told:
        try:
            config.merge_with(OmegaConf.create(line))
        except OmegaConfBaseException as error:  # as Hydra says it, see below
            kind = type(error).__name__
            raise ConfigCompositionException(f"In 't': {kind} raised while composing config:\n")  # noqa: B904
    assert explain(told.value).startswith(IN_A_TEMPLATE[line])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("defaults: [/config, _self_]\nseed: null", "memctl: t.yaml: seed=null: it takes no null"),
        ("defaults: [/config, _self_]\nci: {low: 3", "t.yaml, line 2, cannot be read as YAML: exp"),
        ("seed: \xff", "-cn t cannot be read as YAML: 'utf-8' codec can't decode"),
        ("[1]", "-cn t holds no settings"),
        ("seed: 3", "-cn t lacks memctl's settings; begin the file with `defaults: [/config, _"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(
    content: str, text: str, memctl: Command, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_bytes(content.encode("latin-1"))
    code, out = memctl("train", "-cd", str(tmp_path), "-cn", "t", "--cfg", "job")
    assert (code, out.count("\n")) == (1, 1), out
    assert text in out


@pytest.mark.parametrize(
    "option",
    ["-cp", "-cd", "--config-path=mine", "--config-dir=mine", "hydra.searchpath=[file://mine]"],
)
def test_a_folder_of_ones_own_may_hold_any_choice(option: str) -> None:
    check_choices([option, "model=mine"])
    with pytest.raises(UserError, match="model=mine is unknown"):
        check_choices(["-cn", "config", "model=mine"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["hydra.mode=RUN"]),
        (["-cn", "x"], ["-cn", "x", "hydra.mode=RUN"]),
        (
            ["a=1", "b=2", "-cn", "x", "--cfg", "job"],
            ["a=1", "b=2", "hydra.mode=RUN", "-cn", "x", "--cfg", "job"],
        ),
        (
            ["--config-name=x", "hydra.mode=MULTIRUN"],
            ["--config-name=x", "hydra.mode=MULTIRUN", "hydra.mode=RUN"],
        ),
    ],
    ids=str,
)
def test_a_command_for_one_config_sweeps_nothing(arguments: list[str], expected: list[str]) -> None:
    assert force_single_run(arguments) == expected
    for flag in ("-m", "--multirun"):
        with pytest.raises(UserError, match=f"leave {flag} out"):
            force_single_run([flag, *arguments])


def test_overrides_may_stand_on_both_sides_of_an_option(command: Command) -> None:
    mixed = ["logger=none", "-cn", "multirun_templates/smoke", "seed=7", "--cfg", "job"]
    assert in_one_place(mixed) == ["logger=none", "seed=7", *mixed[1:3], *mixed[4:]]
    for kept in (mixed[1:], mixed[:3], ["-m", "a=1", "b=2", "--info"], []):
        assert in_one_place(kept) == kept
    code, out = command(*mixed, small=False)
    assert code == 0
    assert "seed: 7" in out
    assert "mode: disabled" in out


@BLANK
def test_one_cell(command: Command, tmp_path: Path) -> None:
    code, out = command("ci.low=700", "ci.high=1000")
    assert code == 0, out
    assert (tmp_path / "runs" / "mitdb208" / "cl700_ch1000_s0" / "record.json").exists()
    assert "dcr_share" in out
    assert command("ci.low=700", "ci.high=1000")[0] == 0
    code, out = command("ci.low=700", "ci.high=1000", "generate.seed=5")
    assert code == 1
    assert "generate.seed: 0 -> 5" in out
    assert "sweep.name=NAME" in out


def test_a_report_of_what_cannot_be_read_is_one_message(
    memctl: Command, finished: Path, tmp_path: Path
) -> None:
    runs = shutil.copytree(finished, tmp_path / "runs")
    journal = runs / "mitdb208" / "cl700_ch1000_s0" / "metrics.jsonl"
    journal.unlink()
    journal.mkdir()
    code, out = memctl("report", str(runs / "mitdb208"))
    assert (code, out.count("\n")) == (1, 1), out
    assert f"{journal}: Is a directory. Remove that folder" in out


def test_a_sweep_whose_report_cannot_be_written_does_not_end_well(
    command: Command, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UserError("cannot write index.html: No space left on device")

    shutil.copytree(finished, tmp_path / "runs")
    monkeypatch.setattr("memctl.reporting.report.write", full)
    code, out = command("-m", "ci.low=700", "ci.high=1000", "hydra.sweeper.references=[]")
    assert (code, "no report yet: cannot write index.html" in out) == (1, True), out


@BLANK
def test_a_sweep_runs_the_valid_pairs_and_the_references_once(
    command: Command, finished: Path, tmp_path: Path
) -> None:
    for name in ("bases", "yardsticks"):
        shutil.copytree(finished / name, tmp_path / "runs" / name)
    arguments = ("-m", "ci.low=100,200", "ci.high=100,300", *PRELOAD)
    code, out = command(*arguments, "hydra.sweeper.plan=true")
    assert code == 0, out
    assert "4 runs" in out
    assert "c_l = c_h: ci.low=100 ci.high=100" in out
    assert "c_l > c_h: ci.low=200 ci.high=100" in out
    assert re.search(r"left: 4 runs, about (1 min 20 s|\d+ s) with \d+ at once", out)
    assert not (tmp_path / "runs" / "mitdb208").exists()

    code, out = command(*arguments)
    assert code == 0, out
    sweep = tmp_path / "runs" / "mitdb208"
    names = sorted(p.parent.name for p in sweep.glob("*/record.json"))
    assert names == ["base", "cl100_ch300_s0", "cl200_ch300_s0", "uniform_s0"]
    assert "[4/4]" in out
    assert str(sweep / "report" / "index.html") in out
    answer = out[out.index(str(sweep / "report" / "overview.png")) :]
    assert re.search(r"Against the uniform run .* of 3, corrected", answer)
    assert re.search(r"Quality: .* Variety: .*", answer)
    # Which needs that samples of one number are from the same noise.
    cell, uniform = (np.load(sweep / name / "samples.npy") for name in (names[1], names[3]))
    distance = lambda a, b: np.linalg.norm((a - b).reshape(len(a), -1), axis=1)
    assert (distance(cell, uniform) < distance(cell, np.roll(uniform, 1, axis=0))).all()
    before = {p: p.stat().st_mtime_ns for p in sweep.glob("*/*.json")}

    (sweep / "uniform_s0" / "wandb" / "offline-run-20271231_235959-abc").mkdir(parents=True)
    code, out = command(*arguments, "logger.mode=offline")
    assert code == 0
    assert "nothing to do" in out
    told = f"`wandb sync {sweep}/*/wandb/offline-run-*` sends them"
    assert f"W&B: 1 of 1 runs were not sent; {told}" in out
    assert "distance_to_train" in out
    assert {p: p.stat().st_mtime_ns for p in sweep.glob("*/*.json")} == before

    # One more cell runs alone; a changed science is refused before anything starts.
    code, out = command("-m", "ci.low=100,200", "ci.high=300,500", "hydra.sweeper.plan=true")
    assert "new: 2 (cl100_ch500_s0 cl200_ch500_s0)" in out
    code, out = command(*arguments, "generate.seed=9")
    assert code == 1
    assert "generate.seed: 0 -> 9" in out
    assert "(3 more runs" in out

    # A run that is lost is made again by the same command.
    folder_lost = sweep / "cl200_ch300_s0"
    for path in folder_lost.rglob("*"):
        if path.is_file():
            path.unlink()
    (sweep / "uniform_s0" / "record.json").unlink()
    code, out = command(*arguments)
    assert "[2/2]" in out
    assert RunFolder(folder_lost).record() is not None
    assert json.loads((sweep / "sweep.json").read_text())["runs"].keys() == set(names)


def test_runs_of_the_same_science_are_made_once(command: Command) -> None:
    code, out = command(
        "-m", "ci.low=100", "ci.high=200,300", "sampler=interval,uniform", "hydra.sweeper.plan=true"
    )
    assert code == 0, out
    assert "4 runs" in out
    assert "the same run as uniform_s0" in out


def test_other_swept_settings_get_folders_of_their_own(command: Command) -> None:
    code, out = command(
        "-m", "ci.low=100", "ci.high=200", "control.lr=1e-3,1e-4", "hydra.sweeper.plan=true"
    )
    assert code == 0, out
    assert "cl100_ch200_s0_control.lr-0.001" in out
    assert "cl100_ch200_s0_control.lr-0.0001" in out


def test_a_template_runs_without_m(command: Command) -> None:
    """A small one; tests/test_readme.py plans the grid."""
    code, out = command("-cn", "multirun_templates/smoke", "hydra.sweeper.plan=true", small=True)
    assert code == 0, out
    assert "5 runs" in out
    assert out.count("c_l > c_h: ") == 1
