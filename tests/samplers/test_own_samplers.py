"""A user's own sampler: one file, found by its name on the command line, in a sweep and in the
run's fingerprint.
"""

import json
import os
import pickle
import queue
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from memctl import samplers
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.samplers.plugins import own_samplers
from memctl.sweep import measure
from memctl.sweep.plugins import install
from tests.children import PRELOAD

HEAD = """\
from dataclasses import dataclass

import numpy as np

from memctl.samplers import TimestepSampler


"""
TRIANGLE = (
    HEAD
    + '''\
@dataclass(frozen=True)
class TriangleSampler(TimestepSampler):
    """p(t) rises linearly to `peak` and falls again."""

    name = "triangle"
    peak: float = 500.0
    width: float = 400.0

    def probabilities(self):
        t = np.arange(1, self.timesteps + 1)
        return np.maximum(1 - np.abs(t - self.peak) / self.width, 0)
'''
)
Own = Callable[..., Path]


@pytest.fixture
def own(own_files: Own) -> Own:
    """Writes files into a new folder, and makes it the folder of the user's code."""
    return own_files


@pytest.fixture
def train(
    memctl_here: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """`memctl train` with own/mine.py: its exit code, and what it printed."""
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("MEMCTL_PLUGINS", "own")

    def run(*arguments: str, file: str = TRIANGLE) -> tuple[int, str]:
        (tmp_path / "own" / "mine.py").write_text(file)
        return memctl_here("train", *arguments)

    return run


def test_its_own_file_makes_a_sampler_of_the_library(own: Own):
    own(TRIANGLE)
    sampler = samplers.build({"name": "triangle", "peak": 100, "width": 50, "timesteps": 200})
    assert np.flatnonzero(sampler.pmf).tolist() == list(range(50, 149))
    assert sampler.pmf.argmax() == 99
    assert samplers.build(json.loads(json.dumps(sampler.spec()))) == sampler
    assert sampler.label == "triangle_peak100_width50"
    assert sampler.sample(1000).min() >= 50
    mixed = samplers.build(
        {"name": "mixture", "parts": [{"name": "triangle"}, {"name": "uniform"}]}
    )
    assert mixed.pmf.min() == pytest.approx(1 / 2000)
    assert samplers.build_schedule_sampler({"name": "triangle", "mode": "weight"}).weights()[
        0
    ] == pytest.approx(1 / 1000)


def test_without_a_folder_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMCTL_PLUGINS", raising=False)
    assert own_samplers() == {}
    assert samplers.all_samplers() == samplers.SAMPLERS


def test_a_folder_that_is_not_named_is_not_used(
    own: Own,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """It says so once; then it is, by the line that it says."""
    own(TRIANGLE, folder="memctl_samplers")
    monkeypatch.delenv("MEMCTL_PLUGINS")
    monkeypatch.chdir(tmp_path)
    assert own_samplers() == own_samplers() == {}
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    (named,) = re.findall(r"to use it set MEMCTL_PLUGINS=(\S+)$", said, re.M)
    monkeypatch.setenv("MEMCTL_PLUGINS", named)
    assert list(own_samplers()) == ["triangle"]


def test_several_folders_are_named_as_in_path(own: Own, monkeypatch: pytest.MonkeyPatch):
    """With a file of the same name in each."""
    other = TRIANGLE.replace("Triangle", "Other").replace('"triangle"', '"other"')
    folders = [str(own(TRIANGLE, folder="one")), str(own(other, folder="two"))]
    monkeypatch.setenv("MEMCTL_PLUGINS", os.pathsep.join(folders))
    found = own_samplers()
    assert list(found) == ["triangle", "other"]
    assert found["triangle"].__name__ == "TriangleSampler"
    assert found["other"].__name__ == "OtherSampler"


@pytest.mark.parametrize("former", ["MEMCTL_SAMPLERS", "MEMCTL_METRICS"])
def test_the_former_variables_say_the_new_one(former: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(former, "own")
    with pytest.raises(UserError, match=f"{former} is now called MEMCTL_PLUGINS"):
        own_samplers()


def test_its_time_is_estimated(
    own: Own, experiment: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
):
    """In a process that is handed nothing of its class, which could not be found there."""
    own(TRIANGLE)
    answers, handed = queue.Queue(), []
    context = Mock(Queue=lambda: answers)

    def process(target: object, args: tuple[object, ...]) -> Mock:
        def start() -> None:
            handed.append(pickle.loads(pickle.dumps(args[:2])))  # the rest are the context's own
            answers.put((1.0, 2.0))

        return Mock(start=start)

    context.Process = process
    monkeypatch.setattr(measure.multiprocessing, "get_context", lambda method: context)
    made = experiment("sampler=uniform", "sampler.name=triangle", "along.points=3")
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(made)
    assert measure.measure(made) == measure.Measured(1.0, 2.0)
    assert [(it.config, points) for it, points in handed] == [(made.config, 3)]


def test_it_may_take_the_noise_schedule(own: Own):
    own(
        HEAD
        + """\
from memctl.samplers import NoiseSchedule


@dataclass(frozen=True)
class SnrSampler(TimestepSampler):
    name = "by_snr"
    schedule: NoiseSchedule = NoiseSchedule()

    def probabilities(self):
        return 1 / (1 + np.exp(self.schedule.log_snr))
"""
    )
    schedule = samplers.NoiseSchedule(20, "squaredcos_cap_v2")
    expected = 1 / (1 + np.exp(schedule.log_snr))
    np.testing.assert_allclose(
        samplers.build({"name": "by_snr"}, schedule).pmf, expected / expected.sum()
    )


def test_what_it_imports_and_what_is_abstract_are_no_samplers_of_its_own(own: Own):
    own(
        HEAD + "from memctl.samplers import UniformSampler, LaplaceSampler\n",
        HEAD
        + """\
class Family(TimestepSampler):
    def common(self):
        return np.ones(self.timesteps)


@dataclass(frozen=True)
class Member(Family):
    name = "member"

    def probabilities(self):
        return self.common()
""",
    )
    assert list(own_samplers()) == ["member"]


MEMBER = (
    HEAD
    + """\
@dataclass(frozen=True)
class OneSampler(TimestepSampler):
{}
    def probabilities(self):
        return np.ones(self.timesteps)
"""
)
WRONG = {
    "syntax": ("x = 1\ndef f(:\n    pass\n", r"file0\.py, line 2: SyntaxError: invalid syntax"),
    "import": (
        "\nimport nothing_here\n",
        r"file0\.py, line 2: ModuleNotFoundError: No module named 'nothing_here'",
    ),
    "error": ("x = 1\n\n\ny = x / 0\n", r"file0\.py, line 4: ZeroDivisionError"),
    "no name": (
        MEMBER.format(""),
        r"file0\.py: class OneSampler needs a name, such as name = 'one'",
    ),
    "a name that is no word": (
        MEMBER.format("    name = 'a b'"),
        r"file0\.py: class OneSampler needs a name, such as name = 'one'",
    ),
    "not frozen": (
        MEMBER.format("    name = 'one'").replace("(frozen=True)", ""),
        r"file0\.py, line \d+: TypeError: cannot inherit non-frozen dataclass",
    ),
    "no default": (
        MEMBER.format("    name = 'one'\n    a: float"),
        r"file0\.py, line \d+: TypeError: non-default argument 'a' follows default",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_named_with_its_line(own: Own, text: str, message: str):
    own(text)
    for ask in (
        own_samplers,
        samplers.all_samplers,
        install,
        lambda: samplers.build({"name": "uniform"}),
    ):
        with pytest.raises(UserError, match=message):
            ask()


def test_a_field_without_a_default_is_refused_before_anything_runs(own: Own):
    own(
        MEMBER.format("    name = 'one'\n    a: float").replace(
            "frozen=True", "frozen=True, kw_only=True"
        )
    )
    with pytest.raises(UserError, match="sampler one: its field a needs a default"):
        install()


@pytest.mark.parametrize("name", ["uniform", "none"])
def test_a_name_of_memctls_own_is_refused(own: Own, name: str):
    own(MEMBER.format(f"    name = {name!r}"))
    with pytest.raises(
        UserError, match=f"memctl has a sampler {name} of its own; give yours another name"
    ):
        samplers.all_samplers()


def test_a_name_used_twice_is_refused(own: Own):
    own(TRIANGLE, TRIANGLE.replace("TriangleSampler", "Other"))
    with pytest.raises(
        UserError, match=r"file1\.py: the name triangle is taken by TriangleSampler"
    ):
        own_samplers()


def test_a_folder_that_is_named_and_missing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MEMCTL_PLUGINS", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"MEMCTL_PLUGINS: .*nowhere is not a folder"):
        own_samplers()


@pytest.mark.parametrize("field", sorted(samplers.USE))
def test_a_field_that_the_use_of_every_sampler_has_is_refused(own: Own, field: str):
    own(MEMBER.format(f"    name = 'one'\n    {field}: float = 0.5"))
    with pytest.raises(UserError, match=field):
        install()


@pytest.mark.parametrize("text", ["a/b", "two words", "ä"])
def test_a_setting_of_any_text_leaves_a_label_fit_for_a_folder(own: Own, text: str):
    own(MEMBER.format("    name = 'one'\n    shape: str = 'flat'"))
    label = samplers.build({"name": "one", "shape": text}).label
    assert re.fullmatch(r"[A-Za-z0-9._+-]+", label)
    assert label != samplers.build({"name": "one", "shape": "x"}).label


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "np.ones(self.timesteps + 1)",
            r"sampler=one: probabilities\(\) has the shape \(1001,\), not \(1000,\)",
        ),
        ("-np.ones(self.timesteps)", "sampler=one leaves no valid distribution"),
        ("np.full(self.timesteps, np.nan)", "sampler=one leaves no valid distribution"),
        ("np.zeros(self.timesteps)", "sampler=one leaves no valid distribution"),
    ],
    ids=["shape", "negative", "nan", "zero"],
)
def test_wrong_probabilities_are_refused(own: Own, body: str, message: str):
    own(MEMBER.format("    name = 'one'").replace("np.ones(self.timesteps)", body))
    with pytest.raises(UserError, match=message):
        _ = samplers.build({"name": "one"}).pmf


def test_the_fingerprint_is_of_the_files_content(own: Own, experiment: Callable[..., Experiment]):
    spec = [
        "sampler=uniform",
        "sampler.name=triangle",
    ]  # a node that Hydra knows already: this process has no group entry for it
    found = {}
    for name, text in {
        "a": TRIANGLE,
        "same": TRIANGLE,
        "b": TRIANGLE.replace("np.abs(t - self.peak)", "0.5 * np.abs(t - self.peak)"),
    }.items():
        own(text, folder=name)
        found[name] = experiment(*spec)
    assert found["a"].fingerprint == found["same"].fingerprint != found["b"].fingerprint
    assert found["a"].keys["base"] == found["b"].keys["base"]
    assert found["a"].name == "triangle_s0"
    assert "source" in found["a"].science["sampler"]
    assert "source" not in experiment("sampler=uniform").science["sampler"]


@pytest.mark.long
def test_a_sweep_takes_it_by_its_name_without_any_yaml(
    train: Callable[..., tuple[int, str]],
    finished: Path,
    tmp_path: Path,
    tiny: list[str],
    blank_pictures: None,
):
    """The sweep finds it, and so does each of its processes."""
    shutil.copytree(finished, tmp_path / "runs", ignore=shutil.ignore_patterns("mitdb208"))
    small = [*tiny, *PRELOAD, "control.epochs=1", "hydra.sweeper.references=[]"]
    code, out = train("-m", "sampler=triangle", "sampler.peak=200,800", *small)
    assert code == 0, out
    records = {
        path.parent.name: json.loads(path.read_text())
        for path in (tmp_path / "runs").glob("mitdb208/*/record.json")
    }
    assert set(records) == {"triangle_peak200_s0", "triangle_peak800_s0"}
    for name, record in records.items():
        assert record["sampler"]["name"] == "triangle"
        peak = float(re.findall(r"peak(\d+)", name)[0])
        assert record["sampler"]["statistics"]["mean"] == pytest.approx(peak, abs=100)
        assert record["sampler"]["realised"]["draws"] == 24
        drawn = np.flatnonzero(record["sampler"]["realised"]["realised"]) * 50
        assert drawn.min() >= max(peak - 400, 0) - 50
        assert drawn.max() <= min(peak + 400, 1000)


MISTAKES = {
    "misspelt": (
        ["sampler=triangel"],
        (
            r"memctl: sampler=triangel is unknown \(did you mean triangle\?\); choose one of"
            r" .*triangle"
        ),
    ),
    "misspelt setting": (
        ["sampler=triangle", "sampler.peek=3"],
        r"memctl: sampler\.peek is no setting \(did you mean sampler\.peak\?\); sampler has .*peak",
    ),
    "a sweep with a wrong value": (
        ["-m", "sampler=triangle", "sampler.peak=1,abc"],
        r"memctl: sampler\.peak='abc' is not a number",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_on_the_command_line_gets_one_clear_message(
    train: Callable[..., tuple[int, str]], arguments: list[str], message: str
):
    code, out = train(*arguments)
    assert code != 0
    assert re.search(message, out), out
    assert "Traceback" not in out


@pytest.mark.parametrize(
    "arguments", [["sampler=uniform"], ["-m", "sampler=uniform,beta"]], ids=["run", "sweep"]
)
def test_a_file_that_cannot_be_read_ends_the_command_with_its_line(
    train: Callable[..., tuple[int, str]], arguments: list[str]
):
    wrong = TRIANGLE.replace("def probabilities(self):", "def probabilities(self:")
    code, out = train(*arguments, file=wrong)
    assert code != 0
    assert re.fullmatch(r"memctl: \S*mine\.py, line 16: SyntaxError: [^\n]*\n", out), out
