"""The README's commands in the order in which a reader meets them, from a bare shell: each works
after those before it.
"""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import LONG

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.split("#")[0].strip()]
CELL = ["ci.low=700", "ci.high=1000"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This checkout as `make setup` leaves it: with a .venv that has all that this environment has,
    and with the files that the commands read.
    """
    for path in ROOT.iterdir():
        if path.name not in (".venv", "runs", "data") and not path.name.startswith(".git"):
            (tmp_path / path.name).symlink_to(path)
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "this.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    command = venv / "bin" / "memctl"
    command.write_text(f"#!{venv}/bin/python\nfrom memctl.__main__ import main\nmain()\n")
    command.chmod(0o755)
    (venv / "ready").touch()
    for k, name in enumerate(("samples", "train", "heldout")):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(k).normal(size=(12, 8)))
    return tmp_path


def small(line: str, tiny: list[str]) -> str:
    """The command, made to end in seconds; `make sweep` really runs one cell, and what is read from
    its results is real.
    """
    command = line.split("#")[0].strip()
    cell = shlex.join([*CELL, *tiny])
    if command == "make sweep":
        return f"make sweep ARGS={shlex.quote(f'{cell} hydra.sweeper.references=[]')}"
    if command.startswith("make sweep-"):
        return f"{command} -n"
    if command == "make test":
        return "make test ARGS='-n0 tests/sweep/test_grid.py'"
    if "memctl.train -" in command and "--help" not in command:
        return f"{command} {cell} hydra.sweeper.plan=true"
    if "memctl.train ci" in command:
        return f"{command} --cfg job"
    if "memctl.evaluate" in command:
        return f"{command} metrics.repeats=20 metrics.full=false"
    return command


@LONG
def test_a_reader_can_type_the_readme(checkout: Path, tiny: list[str]) -> None:
    """In one shell, which knows of Python no more than the system does."""
    script = "\n".join(f"echo '$ '{shlex.quote(line)}; {small(line, tiny)}" for line in LINES)
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(checkout / "home")}
    threads = {k: v for k, v in os.environ.items() if k.endswith("_NUM_THREADS")}
    out = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=checkout,
        env={**bare, **threads},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert out.returncode == 0, out.stdout
    for line in LINES:
        assert f"$ {line}\n" in out.stdout
    for said in ("[1/1] cl700_ch1000_s0: done", "passed", "GROUP=CHOICE", "verdict: "):
        assert said in out.stdout
    assert (checkout / "runs/mitdb208/report/heatmap_wasserstein_C1.png").is_file()
    assert len(LINES) >= 7
