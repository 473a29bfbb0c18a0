"""experiment=theory from end to end, small: files, resuming, refusals."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import DictConfig

from memctl.errors import UserError
from memctl.theory import probe
from tests.conftest import TINY, composer

SMALL = [*TINY, "experiment=theory", "theory.points=6", "theory.examples=4"]


@pytest.fixture(scope="module")
def finished_probe(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The runs with a finished probe, to be copied, and what it said."""
    runs = tmp_path_factory.mktemp("theory") / "runs"
    return runs, probe.task(composer("config")((*SMALL, f"paths.runs={runs}")))


@pytest.fixture
def cfg(composed: Callable[..., DictConfig], tmp_path: Path) -> Callable[..., DictConfig]:
    return lambda *overrides: composed(*SMALL, f"paths.runs={tmp_path / 'runs'}", *overrides)


@pytest.fixture
def directory(finished_probe: tuple[Path, str], tmp_path: Path) -> Path:
    """The folder of a finished probe."""
    shutil.copytree(finished_probe[0], tmp_path / "runs")
    return tmp_path / "runs" / "mitdb208-theory"


def test_it_leaves_rows_verdicts_and_a_figure(
    finished_probe: tuple[Path, str], directory: Path
) -> None:
    text = finished_probe[1]
    result = json.loads((directory / "theory.json").read_text())
    assert [c["equation"] for c in result["claims"]] == [
        "3",
        "3, text",
        "4, 5",
        "5, text",
        "6",
        "8",
    ]
    for claim in result["claims"]:
        assert claim["verdict"].upper() in text
    assert set(result["places"]) == {
        "uniform",
        "[100, 200]",
        "[400, 500]",
        "[900, 1000]",
        "[100, 400]",
        "[700, 1000]",
    }
    table = pd.read_csv(directory / "theory.csv")
    assert list(table.t) == [1, 32, 500, 1000] or (table.t.iloc[0], table.t.iloc[-1]) == (1, 1000)
    assert (table.norm > 0).all()
    assert (directory / "theory.png").stat().st_size > 10_000


def test_a_stopped_probe_goes_on_with_the_same_numbers(
    cfg: Callable[..., DictConfig],
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    blank_pictures: None,
) -> None:
    whole = (directory / "gradients.jsonl").read_text().splitlines()
    (directory / "theory.json").unlink()
    (directory / "gradients.jsonl").write_text(
        "\n".join(whole[:3]) + "\n" + whole[3][: len(whole[3]) // 2]
    )  # a kill tore the row
    measured: list[int] = []
    real = probe.measure
    monkeypatch.setattr(probe, "measure", lambda *a: (measured.append(a[4]), real(*a))[1])
    probe.task(cfg())
    assert len(measured) == len(whole) - 3
    assert (directory / "gradients.jsonl").read_text().splitlines() == whole
    probe.task(cfg())
    assert len(measured) == len(whole) - 3  # a finished one is only read


def test_another_probe_in_its_folder_is_refused(
    cfg: Callable[..., DictConfig], directory: Path
) -> None:
    with pytest.raises(UserError, match=r"theory.examples: 4 -> 5"):
        probe.task(cfg("theory.examples=5"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("theory.intervals=[[700,300]]", "ci.low=700 must be below"),
        ("theory.intervals=[300]", "must be a pair"),
        ("theory.examples=2", "at least 3"),
        ("theory.tail=x", "sampler.tail=x is unknown"),
        ("task=teory", "task=teory must be run or theory"),
    ],
)
def test_wrong_settings_are_one_message(
    cfg: Callable[..., DictConfig], override: str, message: str
) -> None:
    with pytest.raises(UserError, match=message.replace("[", r"\[")):
        probe.task(cfg(override))


@pytest.mark.parametrize(
    "override",
    ["diffusion=zero_snr", "diffusion=cosine", "diffusion.timesteps=20", "theory.intervals=[]"],
)
def test_other_schedules_and_no_interval(
    cfg: Callable[..., DictConfig], tmp_path: Path, blank_pictures: None, override: str
) -> None:
    few = ["theory.intervals=[[2,5],[12,20]]"] if "timesteps" in override else []
    probe.task(cfg(override, *few))
    assert "NaN" not in (tmp_path / "runs/mitdb208-theory/theory.json").read_text()
