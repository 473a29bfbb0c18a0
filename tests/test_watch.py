"""A sweep in the terminal: what `wandb leet` is given to read, and what is said where it cannot."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest

from memctl import watch
from memctl.config import Logger
from memctl.errors import UserError
from memctl.runs.wandb_copies import unsent
from memctl.runs.wandb_copy import Identity, WandbCopy
from tests.conftest import LONG

LATER = "20271231_235959"


def made(place: Path, folder: str) -> Path:
    """A W&B copy of that name, of nothing."""
    copy = place / "wandb" / folder
    (copy / "files").mkdir(parents=True)
    (copy / f"run-{folder.rpartition('-')[2]}.wandb").write_bytes(b"x")
    return copy


def listed(folder: Path) -> dict[str, Path]:
    """What leet would read, as it finds it: `run-DATE-ID/run-ID.wandb`."""
    found = (re.fullmatch(r"run-\d{8}_\d{6}-(.*)", path.name) for path in folder.iterdir())
    named = {match[0]: folder / match[0] / f"run-{match[1]}.wandb" for match in found if match}
    return {name: path.resolve(strict=True) for name, path in named.items()}


def test_each_run_is_there_once_by_its_name(tmp_path: Path) -> None:
    """Offline or online, the last attempt; runs that begin later come along."""
    sweep, folder = tmp_path / "s", tmp_path / "links"
    folder.mkdir()
    (folder / ".wandb-leet.json").touch()  # leet keeps its own there
    a = made(sweep / "cl1_ch2_s0-x", "offline-run-20271230_000000-aaa")
    first = made(sweep / "b", "run-20271231_000000-bbb")
    watch.link(sweep, folder)
    watch.link(sweep, folder)
    assert listed(folder) == {
        "run-20271230_000000-cl1_ch2_s0-x": a / "run-aaa.wandb",
        "run-20271231_000000-b": first / "run-bbb.wandb",
    }
    again = made(sweep / "b", f"offline-run-{LATER}-bbb")
    whole = made(sweep, f"offline-run-{LATER}-sss")
    watch.link(sweep, folder)
    assert listed(folder) == {
        "run-20271230_000000-cl1_ch2_s0-x": a / "run-aaa.wandb",
        f"run-{LATER}-b": again / "run-bbb.wandb",
        f"run-{LATER}-s": whole / "run-sss.wandb",
    }
    assert (folder / f"run-{LATER}-b" / "files").resolve() == again / "files"


def test_what_was_not_sent_is_told_in_one_line(tmp_path: Path) -> None:
    sweep = tmp_path / "s"
    assert unsent(sweep) == ""
    made(sweep / "online", f"run-{LATER}-aaa")
    sent = made(sweep / "sent", f"offline-run-{LATER}-bbb")
    (sent / "run-bbb.wandb.synced").touch()
    assert unsent(sweep) == ""
    made(sweep / "left", f"offline-run-{LATER}-ccc")
    told = f"`wandb sync {sweep}/*/wandb/offline-run-*` sends them"
    assert unsent(sweep) == f"W&B: 1 of 3 runs were not sent; {told}"


def test_what_is_missing_is_said(
    memctl: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert memctl("watch", str(tmp_path / "no"))[1].startswith(f"memctl: {tmp_path / 'no'} is not")
    code, out = memctl("watch", str(tmp_path))
    assert (code, out.count("\n")) == (1, 1)
    assert "has a W&B copy: none has begun, or they ran with logger=none" in out
    copy = made(tmp_path / "a", "offline-run-20271230_000000-aaa")
    code, out = memctl("watch", str(tmp_path))
    assert f"this is none; `wandb leet inspect --summary {copy}` prints one run" in out
    monkeypatch.setattr(watch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="installed wandb has no `wandb leet`"):
        watch.watch(tmp_path)


def test_what_shows_the_sweep_is_asked_to_end_below_its_command() -> None:
    command = subprocess.Popen(["sh", "-c", "sleep 60; exit 7"])
    while not Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text():
        time.sleep(0.01)
    watch.end(command)
    assert command.returncode == 7


@LONG
@pytest.mark.usefixtures("keyless")
def test_leet_shows_a_sweep_and_a_run_that_begins_meanwhile(tmp_path: Path) -> None:
    def begin(name: str, value: float) -> None:
        who = Identity(name=name, group="s", run_id=f"id{name}", job_type="control")
        copy = WandbCopy(Logger(mode="offline"), tmp_path / "s" / name, who)
        copy.log({"stage": "control", "step": 1, "loss": value})
        copy.finish()

    begin("first", 0.125)
    terminal, theirs = pty.openpty()
    subprocess.run(["stty", "cols", "80", "rows", "24"], stdin=theirs, check=True)
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "memctl.watch", str(tmp_path / "s")]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)

    def wait_for(*texts: str) -> None:
        end = time.monotonic() + 30
        while not all(text in "\n".join(screen.display) for text in texts):
            assert time.monotonic() < end, "\n".join(screen.display)
            if select.select([terminal], [], [], 0.1)[0]:
                stream.feed(os.read(terminal, 65536))

    wait_for("-first", "control/loss")
    begin("second", 0.25)
    wait_for("-first", "-second")
    assert termios.tcgetattr(theirs) != before
    process.terminate()
    assert process.wait(30) == 143
    assert termios.tcgetattr(theirs) == before
    left = subprocess.run(["ps", "-A", "-o", "sess="], capture_output=True, text=True).stdout
    assert str(process.pid) not in left.split()  # nothing of its session
