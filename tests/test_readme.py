"""The README: its commands run, its links resolve, its files exist, its settings are settings."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import DictConfig

from memctl import report, train
from memctl.paths import config_root
from memctl.sweep import sweeper

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [line.split("#")[0].strip() for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines() if line]


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 7


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_commands_have_their_target(command: str) -> None:
    out = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert "memctl.train" in out.stdout or "pytest" in out.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.train" in c])
def test_train_commands_run(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """As written, made small; a sweep is planned, as other tests run one."""
    arguments = shlex.split(command)[3:]
    small = [] if arguments[0] in ("-m", "-cn") else tiny
    plan = ["hydra.sweeper.plan=true"] if arguments[0] in ("-m", "-cn") else []
    monkeypatch.setenv("MEMCTL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sweeper, "measured", lambda plan: (10.0, 20.0))
    monkeypatch.setattr(sys, "argv", ["memctl", *arguments, *small, *plan])
    train.main()
    out = capfd.readouterr().out
    assert "is done" in out or "47 runs" in out or "6 runs" in out


@pytest.mark.parametrize("command", [c for c in COMMANDS if "memctl.report" in c])
def test_report_commands_parse(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no sweep here: the command gets as far as to say so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", shlex.split(command)[2:])
    with pytest.raises(SystemExit, match="runs/mitdb208 is not a folder"):
        report.main()


def test_links_resolve() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_settings_of_the_table_compose(composed: Callable[..., DictConfig], tmp_path: Path) -> None:
    for override in (
        "sampler=uniform",
        "sampler.tail=truncate",
        "ci.coverage=0.9",
        "generate=ddpm",
        "logger=none",
        "paths.runs=x",
        "base.path=x",
    ):
        assert override.split("=")[0] in TEXT.replace("`", "")
        composed(override)
    composed("data=signals", f"data.path={tmp_path}")


def test_every_package_of_the_tree_exists() -> None:
    tree = re.search(r"```\n(conf/.*?)```", TEXT, re.S)
    assert tree
    for name in re.findall(r"^  (\w+(?:/|\.py))", tree[1], re.M):
        assert (ROOT / "memctl" / name).exists(), name


def test_every_metric_is_documented(experiment: Callable[..., object]) -> None:
    from memctl import data
    from memctl.config import Metrics
    from memctl.metrics.suite import Suite

    split = data.load(data.build({"name": "mitdb208", "n_train": 16, "n_heldout": 16}))
    names = set(Suite.of(split, Metrics(repeats=20)).evaluate(split.heldout))
    for name in names - {"ratio_median", "nn_train", "nn_heldout"}:
        assert re.sub(r"_C\d", "_Ck", name).replace("wasserstein_sd", "wasserstein") in TEXT, name


def test_templates_named_in_the_readme_exist() -> None:
    for name in re.findall(r"multirun_templates/(\w+)", TEXT):
        assert (config_root() / "multirun_templates" / f"{name}.yaml").exists()
