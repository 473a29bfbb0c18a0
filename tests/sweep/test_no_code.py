"""A config from a stranger runs no code: each way in which Hydra would, tried with code that leaves
a mark.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Memctl = Callable[..., tuple[int, str]]
TEMPLATES = {
    "preload": ("hydra.launcher.preload", "hydra: {launcher: {preload: [stranger]}}"),
    "devices": (
        "hydra.launcher.devices._target_",
        "hydra: {launcher: {devices: [{_target_: stranger.C}]}}",
    ),
    "elsewhere": (
        "hydra.launcher.devices",
        "data: {note: {_target_: stranger.C}}\nhydra: {launcher: {devices: ['${data.note}']}}",
    ),
    "callback": ("hydra.callbacks.x._target_", "hydra: {callbacks: {x: {_target_: stranger.C}}}"),
    "callbacks elsewhere": (
        "hydra.callbacks",
        "data: {x: {_target_: stranger.C}}\nhydra: {callbacks: '${data}'}",
    ),
    "below an allowed one": (
        "hydra.callbacks.x.level._target_",
        "hydra: {callbacks: {x: {_target_: hydra.experimental.callbacks.LogJobReturnCallback,"
        " level: {_target_: stranger.C}}}}",
    ),
    "job logging": (
        "hydra.job_logging.filters.x.()",
        "hydra: {job_logging: {filters: {x: {'()': stranger.C}}}}",
    ),
    "hydra's logging": (
        "hydra.hydra_logging.handlers.x.class",
        "hydra: {hydra_logging: {root: {level: INFO}, handlers: {x: {class: stranger.C}}}}",
    ),
    "environment": (
        "hydra.job.env_set.MEMCTL_PLUGINS",
        "hydra: {job: {env_set: {MEMCTL_PLUGINS: .}}}",
    ),
    "copied environment": ("hydra.job.env_set.MINE", "hydra: {job: {env_copy: [MINE]}}"),
    "search": ("hydra.searchpath", "hydra: {searchpath: ['pkg://stranger']}"),
    "sweeper": ("hydra.sweeper._target_", "hydra: {sweeper: {_target_: stranger.C}}"),
    "swept target": (
        "hydra.sweeper.params.+hydra.callbacks.x._target_",
        "hydra: {sweeper: {params: {'+hydra.callbacks.x._target_': stranger.C}}}",
    ),
}
CELL = ("ci.low=100", "ci.high=200", "data.n_train=24", "data.n_heldout=24")


@pytest.fixture
def template(
    memctl_here: Memctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Memctl]:
    """A template of this text, of a stranger whose module `stranger` leaves `mark` when it is
    imported: the exit code, and what was printed.
    """
    (tmp_path / "modules").mkdir()
    code = f"""
import pathlib
from hydra.experimental.callback import Callback
pathlib.Path({str(tmp_path / "mark")!r}).touch()
class C(Callback):
    def filter(self, record): return True
"""
    (tmp_path / "modules" / "stranger.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.delitem(sys.modules, "stranger", raising=False)

    def run(text: str, *more: str) -> tuple[int, str]:
        head = "# @package _global_\ndefaults: [/config, _self_]\n"
        (tmp_path / "theirs.yaml").write_text(head + text)
        return memctl_here("train", "-cd", str(tmp_path), "-cn", "theirs", *more)

    yield run
    sys.modules.pop("stranger", None)


@pytest.mark.parametrize(("key", "text"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_template_that_names_code_is_refused(
    template: Memctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, text: str
) -> None:
    monkeypatch.setenv("MINE", "s3cret")
    code, out = template(text, "hydra.mode=MULTIRUN", "hydra.sweeper.plan=true", *CELL)
    assert code == 1
    typed = re.escape(key.removesuffix(".()"))
    assert re.fullmatch(
        rf"memctl: {re.escape(key)}=.* would run code, and a config file may come from a stranger;"
        rf" if you trust it, type {typed}=\.\.\. on the command line\n",
        out,
    ), out
    assert "s3cret" not in out
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (
            "hydra: {callbacks: {x: {_target_: stranger.C}}}",
            "hydra.callbacks.x._target_=stranger.C",
        ),
        (
            "hydra: {job_logging: {root: {level: ERROR}, filters: {x: {'()': stranger.C}}}}",
            "hydra.job_logging.filters.x={\\(\\): stranger.C}",
        ),
    ],
    ids=["callback", "logging"],
)
def test_what_is_typed_may_name_code(
    template: Memctl, tmp_path: Path, text: str, typed: str
) -> None:
    """As the refusal says. The run ends at once, for want of an interval."""
    _, out = template(text, typed, "ci.low=1", "ci.high=5000")
    assert "would run code" not in out, out
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("swept", ["+hydra.callbacks.x._target_", "++hydra.job.env_set.A"])
def test_no_setting_of_hydra_is_swept(template: Memctl, tmp_path: Path, swept: str) -> None:
    """Its references come as overrides, and are a template's."""
    text = f"hydra: {{sweeper: {{references: ['{swept}=stranger.C']}}}}"
    code, out = template(text, "hydra.mode=MULTIRUN", "hydra.sweeper.plan=true", *CELL)
    assert code == 1
    assert f"memctl: {swept}=stranger.C: settings of hydra cannot be swept" in out
    assert not (tmp_path / "mark").exists()


def test_a_config_reads_no_key_from_the_environment(
    template: Memctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "s3cret")
    code, out = template("sweep: {name: 'a${oc.env:WANDB_API_KEY}'}", *CELL)
    assert code == 1
    assert re.search(
        r"^memctl: .*a config reads no WANDB_API_KEY from the environment.*$", out, re.M
    )
    assert "s3cret" not in out
    monkeypatch.setenv("MEMCTL_MINE", "mine")
    code, out = template("sweep: {name: '${oc.env:MEMCTL_MINE}'}", "--cfg", "job", "--resolve")
    assert "name: mine" in out


def test_settings_that_run_nothing_are_a_templates_to_make(template: Memctl) -> None:
    """Of the launcher numbers and devices, Hydra's own loggings and callbacks."""
    text = (
        "hydra: {launcher: {devices: ['0', '1'], per_device: 2}, callbacks: {x: {_target_:"
        " hydra.experimental.callbacks.LogJobReturnCallback}}}"
    )
    code, out = template(text, "hydra/job_logging=stdout", "--cfg", "hydra")
    assert code == 0, out
    assert "per_device: 2" in out


def test_no_module_of_the_working_folder_is_imported(tmp_path: Path) -> None:
    """`python -m` looks for modules there first, and Hydra takes its `hydra_plugins`."""
    (tmp_path / "hydra_plugins").mkdir()
    for name in ("yaml.py", "hydra_plugins/theirs.py", "multiprocessing.py", "pathlib.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'mark')!r}, 'w')\n")
    done = subprocess.run(
        [sys.executable, "-m", "memctl.train", "--info", "searchpath"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "mark").exists()


def test_no_pickle_is_run_again(memctl_here: Memctl, tmp_path: Path) -> None:
    (tmp_path / "config.pickle").write_bytes(b"cposix\nsystem\n(S'touch mark'\ntR.")
    code, out = memctl_here("train", "--experimental-rerun", "config.pickle")
    assert code == 1
    assert out.startswith("memctl: --experimental-rerun")
    assert not (tmp_path / "mark").exists()
