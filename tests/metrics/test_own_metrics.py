"""A metric that one file adds: it is measured, read for the yardsticks, calibrated and reported
without any other edit.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from memctl.analysis.studied import studied_metrics, title
from memctl.config import Metrics
from memctl.data import Split, split
from memctl.data.base import Examples
from memctl.errors import UserError
from memctl.metrics import catalogue
from memctl.metrics.calibration import Calibration
from memctl.metrics.generators import GENERATORS
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks

CONFIG = Metrics(repeats=20, bins=10, full=False)
ROUGHNESS = """\
import numpy as np

from memctl.metrics import UP, Metric, mean_of, resampling_floor


def roughness(c):
    return np.abs(np.diff(c.samples, axis=1)).mean(axis=1)


ROUGHNESS = Metric(
    name="roughness",
    read=mean_of("roughness", roughness),
    floor=resampling_floor(roughness),
    title="how rough samples are",
    about="mean absolute difference of neighbouring values",
    range="0 up, fair its floor",
    bad="both",
    claims={"noise": UP},
    studied=True,
)
"""
FIELDS = 'title="t", about="a", range="0 up", bad="high"'
HEAD = "from memctl.metrics import Measure, Metric\n"
Own = Callable[..., Path]


@pytest.fixture
def own(own_files: Own) -> Own:
    """Writes files into a new folder, and makes it the folder of the user's code."""
    return own_files


@pytest.fixture(scope="module")
def sides() -> Split:
    """Smooth signals, 100 train and 100 held-out."""
    rng = np.random.default_rng(0)
    basis = np.sin(np.outer(np.arange(1, 6), np.linspace(0, np.pi, 30)))
    return split(Examples((rng.normal(size=(200, 5)) @ basis)[:, None].astype(np.float32)))


def one(read: str, **fields: str) -> str:
    """A file with a metric of that reading."""
    more = "".join(f", {key}={value}" for key, value in fields.items())
    return HEAD + f'ONE = Metric(name="one", read={read}, {FIELDS}{more})\n'


def test_it_is_measured_and_moves_no_other(own: Own, sides: Split) -> None:
    plain = Suite.of(sides, CONFIG).evaluate(sides.heldout)
    known = yardsticks(Suite.of(sides, CONFIG), sides, 80)
    own(ROUGHNESS)
    suite = Suite.of(sides, CONFIG)
    found, readings = suite.evaluate(sides.heldout), yardsticks(suite, sides, 80)
    x = sides.heldout[:, 0].astype(float)
    measure = found.pop("roughness")
    assert measure.value == pytest.approx(np.abs(np.diff(x, axis=1)).mean())
    assert measure.low < measure.value < measure.high
    assert found == plain
    for name in (*GENERATORS, "floor"):
        reading = readings[name].pop("roughness")
        assert reading.low <= reading.value <= reading.high
        assert readings[name] == known[name]
    # 80 of 100 held-out examples resampled: half the width of the floor is about 2 standard errors
    error = np.abs(np.diff(x, axis=1)).mean(axis=1).std() * np.sqrt(1 / 80 + 1 / 100)
    assert reading.high - reading.low == pytest.approx(4 * error, rel=0.5)


def test_it_is_calibrated_and_reported(own: Own, sides: Split) -> None:
    own(ROUGHNESS)
    suite = Suite.of(sides, CONFIG)
    row = Calibration.of(suite, sides, 100).verdicts().set_index("metric").loc["roughness"]
    assert row["tells"] == "noise"
    assert row["cannot tell here"] == ""
    assert "roughness" in studied_metrics(pd.DataFrame(columns=["metrics/roughness"]))
    assert title("roughness") == "roughness: how rough samples are"


def test_a_run_and_its_report_hold_it(
    memctl_here: Callable[..., tuple[int, str]],
    own: Own,
    tmp_path: Path,
    tiny: list[str],
    blank_pictures: None,
) -> None:
    """The command finds it, and so does the report."""
    own(ROUGHNESS)
    small = [*tiny, "base.epochs=1", "control.epochs=1", "ci.low=700", "ci.high=1000"]
    code, out = memctl_here("train", *small)
    assert code == 0, out
    (path,) = (tmp_path / "runs").glob("mitdb208/*/record.json")
    record = json.loads(path.read_text())
    assert record["metrics"]["roughness"]["low"] < record["metrics"]["roughness"]["high"]
    assert set(record["yardsticks"]) == {
        name for name, values in record["yardsticks"].items() if "roughness" in values
    }
    code, out = memctl_here("report", "runs/mitdb208", "--metric", "roughness")
    assert code == 0, out
    report = tmp_path / "runs" / "mitdb208" / "report"
    table = pd.read_csv(report / "table.csv")
    assert table["metrics/roughness"][0] == record["metrics"]["roughness"]["value"]
    assert (report / "heatmap_roughness.png").is_file()


def test_without_a_folder_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMCTL_PLUGINS", raising=False)
    assert list(catalogue.known()) == list(catalogue.METRICS)


def test_it_is_found_only_in_a_folder_that_is_named(
    own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(ROUGHNESS, folder="memctl_metrics")
    assert "roughness" in catalogue.known()
    monkeypatch.delenv("MEMCTL_PLUGINS")
    monkeypatch.chdir(tmp_path)
    assert "roughness" not in catalogue.known()


def test_its_version_is_a_digest_of_its_file(own: Own) -> None:
    found = []
    for name, text in (("a", ROUGHNESS), ("b", ROUGHNESS), ("c", ROUGHNESS + "\n# mended\n")):
        own(text, folder=name)
        found.append(catalogue.versions(CONFIG))
    assert found[0] == found[1]
    assert found[0]["roughness"] != found[2]["roughness"]
    others = [{k: v for k, v in each.items() if k != "roughness"} for each in found]
    assert others[0] == others[2]


def test_what_it_imports_is_none_of_its_own(own: Own) -> None:
    own("from memctl.metrics.f_mem import F_MEM\n", one("lambda c: 1.0"))
    assert set(catalogue.known()) - set(catalogue.METRICS) == {"one"}


def test_a_plain_number_and_no_value_are_readings_too(own: Own, sides: Split) -> None:
    own(one("lambda c: np.float32(2)").replace(HEAD, HEAD + "import numpy as np\n"))
    assert Suite.of(sides, CONFIG).evaluate(sides.heldout)["one"] == (2.0, None, None)
    own(one("lambda c: None"), folder="nothing")
    suite = Suite.of(sides, CONFIG)
    assert "one" not in suite.evaluate(sides.heldout)
    assert all("one" not in reading for reading in yardsticks(suite, sides, 50).values())


def test_it_may_be_of_sets_of_equal_size(own: Own, sides: Split) -> None:
    """Its floor is then its spread over relabelled sides."""
    own(
        """\
        from memctl.metrics import Metric
        from memctl.metrics.equal_sets import read


        def gap(sets):
            return float(sets.samples.std() / sets.real.std())


        GAP = Metric(name="gap", read=read(gap), of_sets=gap, title="t", about="a", range="0 up",
                     bad="low")
        """
    )
    suite = Suite.of(sides, CONFIG)
    readings = yardsticks(suite, sides, 80)
    assert readings["floor"]["gap"].low < 1 < readings["floor"]["gap"].high
    assert readings["mean"]["gap"].value < readings["floor"]["gap"].low


WRONG = {
    "syntax": ("x = 1\ndef f(:\n    pass\n", r"file0\.py, line 2: SyntaxError: invalid syntax"),
    "import": ("\nimport nothing_here\n", r"file0\.py, line 2: ModuleNotFoundError: No module"),
    "field": (
        HEAD + 'ONE = Metric(name="one")\n',
        r"file0\.py, line 2: TypeError: .*missing 5 required keyword-only arguments",
    ),
    "name": (
        one("abs").replace('"one"', '"a b"'),
        r"file0\.py, line 2: ValueError: name='a b' must be a word",
    ),
    "name of an interval's end": (
        one("abs").replace('"one"', '"one_low"'),
        r"file0\.py, line 2: ValueError: name='one_low' must be a word that ends in neither _low",
    ),
    "side": (
        one("abs").replace('bad="high"', 'bad="up"'),
        r"file0\.py, line 2: ValueError: bad='up' must be one of high, low, both",
    ),
    "need": (
        one("abs", needs='("labels", "colour")'),
        r"file0\.py, line 2: ValueError: needs 'colour'; there are full, time, labels, unbounded",
    ),
    "claim": (
        one("abs", claims='{"copeis": 1}'),
        r"file0\.py: metric one claims to tell copeis \(did you mean copies\?\); generators are ",
    ),
    "taken": (
        one("abs").replace('"one"', '"f_mem"'),
        r"file0\.py: memctl has a metric f_mem of its own; give yours another name",
    ),
    "the probe's": (
        one("abs").replace('"one"', '"probe_auc"'),
        r"file0\.py: memctl has a metric probe_auc of its own",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_named(own: Own, sides: Split, text: str, message: str) -> None:
    own(text)
    for ask in (
        catalogue.known,
        lambda: catalogue.versions(CONFIG),
        lambda: Suite.of(sides, CONFIG),
    ):
        with pytest.raises(UserError, match=message):
            ask()


FAILS = {
    "reading": (one("lambda c: 1 / 0"), r"file0\.py, line 2: ZeroDivisionError: division by zero"),
    "type": (one("lambda c: 'a'"), r"file0\.py: TypeError: one gave a str, no number or Measure"),
    "shape": (
        ROUGHNESS.replace(".mean(axis=1)", ""),
        r"file0\.py: ValueError: values of shape \(100, 29\) for 100 samples",
    ),
}


@pytest.mark.parametrize(("text", "message"), FAILS.values(), ids=FAILS.keys())
def test_a_metric_that_fails_is_named(own: Own, sides: Split, text: str, message: str) -> None:
    own(text)
    with pytest.raises(UserError, match=message):
        Suite.of(sides, CONFIG).evaluate(sides.heldout)


@pytest.mark.parametrize("part", ["floor", "of_sets"])
def test_a_floor_that_fails_is_named(own: Own, sides: Split, part: str) -> None:
    own(one("lambda c: 1.0", **{part: "lambda *_: {}[0]"}))
    suite = Suite.of(sides, CONFIG)
    assert suite.evaluate(sides.heldout)["one"].value == 1
    with pytest.raises(UserError, match=r"file0\.py, line 2: KeyError: 0"):
        yardsticks(suite, sides, 50)


def test_a_name_used_twice_is_refused(own: Own) -> None:
    own(one("abs"), one("abs"))
    with pytest.raises(UserError, match=r"file1\.py: the name one is taken by .*file0\.py"):
        catalogue.known()


def test_a_folder_that_is_named_and_missing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCTL_PLUGINS", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"MEMCTL_PLUGINS: .*nowhere is not a folder"):
        catalogue.known()


def test_a_wrong_file_ends_the_command_in_one_line(
    memctl_here: Callable[..., tuple[int, str]], own: Own
) -> None:
    own("x = 1\ndef f(:\n")
    code, out = memctl_here("calibrate")
    assert code == 1
    assert re.fullmatch(r"memctl: \S*file0\.py, line 2: SyntaxError: [^\n]*\n", out), out
