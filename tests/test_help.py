"""Help, Hydra's flags, completion and the command `memctl`: quick and worth reading, in a checkout
with folders of any size too.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memctl import __main__, __version__, paths
from memctl.paths import TEMPLATES, config_root, template_names
from memctl.samplers import SAMPLERS

Memctl = Callable[..., tuple[int, str]]


@pytest.fixture
def fat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout with a folder that holds the checkout: who walks through that comes to no end."""
    checkout = tmp_path / "checkout"
    for name in ("conf", TEMPLATES):
        shutil.copytree(config_root() / name, checkout / name)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "again").symlink_to(checkout)
    monkeypatch.setattr(paths, "PACKAGE", checkout / "memctl")
    assert config_root() == checkout


@pytest.mark.parametrize("name", __main__.COMMANDS)
def test_every_command_says_what_it_is_for(memctl: Memctl, fat: None, name: str) -> None:
    code, out = memctl(name, "--help")
    assert code == 0, out
    assert re.search(rf"memctl[ .]{name}", out)
    assert 8 < len(out.splitlines()) < 60
    assert [line for line in out.splitlines() if len(line) > 120] == []


def test_the_help_of_train_names_every_choice(memctl: Memctl, fat: None) -> None:
    _, out = memctl("train", "-m", "--help", "ci.lo=nonsense")
    listed = dict(re.findall(r"^  (\w+) +((?:.+\n(?: {14}.+\n)*))", out, re.M))
    choices = {group: re.findall(r"\w+", text) for group, text in listed.items()}
    assert {*SAMPLERS, "none"} <= set(choices["sampler"])
    assert choices["NAME"] == template_names()
    for folder in (config_root() / "conf").iterdir():
        if folder.is_dir():
            names = {path.stem for path in folder.glob("[!_]*.yaml")}
            assert names <= set(choices[folder.name]), folder.name
    assert "mitdb208*" in listed["data"]
    examples = re.findall(r"^  memctl train (\S+)", out, re.M)
    assert len(examples) >= 3
    assert "Ctrl-C" in out
    assert "SIGTERM" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--cfg", "job"), "coverage: 0.5"),
        (("-cn", f"{TEMPLATES}/digits", "--cfg", "job"), "name: digits"),
        (("--info",), "ci:\n"),
        (("--info", "searchpath"), "conf"),
        (("--hydra-help",), "hydra/launcher: basic, local"),
        (("-sc", "install=bash"), "complete -o nospace -o default -F hydra_bash_completion memctl"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value).replace("/", "-"),
)
def test_hydras_flags_see_nothing_but_configs(
    memctl: Memctl, fat: None, arguments: tuple[str, ...], said: str
) -> None:
    code, out = memctl("train", *arguments)
    assert code == 0, out
    assert said in out
    assert "again" not in out


def test_only_the_templates_beside_conf_are_configs(memctl: Memctl, fat: None) -> None:
    (config_root() / ".venv" / "other.yaml").write_text("a: 1")
    for name in (".venv/other", ".venv/again/conf/config", "conf/config"):
        code, out = memctl("train", "-cn", name, "--cfg", "job")
        assert code == 1
        assert f"memctl: -cn {name} is unknown" in out


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("memctl ", {"train", "report", "samplers"}, set()),
        ("memctl tr", {"train"}, set()),
        ("memctl train sampler=la", {"sampler=laplace"}, {"sampler=beta"}),
        ("memctl train ci.l", {"ci.low="}, {"ci.high="}),
        ("memctl train -m ci.low=1,2 ci.", {"ci.low=", "ci.high="}, set()),
        ("memctl data data=fl", {"data=flowers102"}, {"data=digits"}),
        ("memctl report ", set(), {"train"}),
    ],
)
def test_the_shell_completes_commands_and_settings(
    memctl: Memctl,
    fat: None,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    offered: set[str],
    not_offered: set[str],
) -> None:
    monkeypatch.setenv("COMP_LINE", typed)
    code, out = memctl("-sc", "query=bash")
    assert code == 0, out
    words = set(out.split())
    assert offered <= words
    assert not words & (not_offered | {TEMPLATES, ".venv", ".venv/"})


def test_memctl_lists_its_commands(memctl: Memctl) -> None:
    code, out = memctl()
    assert (code, out) == memctl("--help") == memctl("-h")
    for name, line in __main__.COMMANDS.items():
        assert re.search(rf"^  memctl {name} +{re.escape(line)}$", out, re.M)
    assert memctl("--version") == (0, f"memctl {__version__}\n")
    code, out = memctl("trian")
    assert code == 1
    assert out.startswith("memctl: trian is no command (did you mean train?); choose one of ")


@pytest.mark.parametrize("command", ["train", "samplers", "evaluate"])
def test_a_reader_who_stops_reading_ends_it_quietly(command: str) -> None:
    """As `| head` does; the pipe's other end is closed before anything is written. Some Pythons'
    argparse takes it for well done.
    """
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", f"memctl.{command}", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        cwd=config_root(),
    )
    os.close(writing)
    assert done.stderr == ""
    broken = 128 + signal.SIGPIPE
    assert done.returncode in ((broken,) if command == "train" else (0, broken))
