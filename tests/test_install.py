"""The three forms of the command work from the checkout, from an editable install, and from a wheel
in another folder.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONG, TINY

pytestmark = LONG

ROOT = Path(__file__).resolve().parents[1]
FORMS = {
    "help": ["--help"],
    "a composed template": ["-cn", "multirun_templates/smoke", "--cfg", "job"],
    "a cell": ["experiment=smoke", "ci.low=700", "ci.high=1000", *TINY],
    "a template": [
        "-cn",
        "multirun_templates/smoke",
        "ci.high=200,1000",
        "ci.low=100,700",
        "hydra.sweeper.plan=true",
        *TINY,
    ],
}
# How a config is found depends on where memctl is, what is then done with it does not.
FORMS_OF = {
    "checkout": ["help", "a composed template"],
    "editable": ["help", "a composed template"],
    "wheel": list(FORMS),
}
SAID = {
    "help": "memctl train ci.low=700",
    "a composed template": "mitdb208",
    "a cell": "cl700_ch1000_s0 is done",
    "a template": "done: 1 (cl700_ch1000_s0)",
}


@pytest.fixture(scope="session")
def wheel_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, unpacked as pip does."""
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(out / "site"), str(wheel)],
        check=True,
        capture_output=True,
    )
    return out / "site"


@pytest.mark.parametrize("installed", FORMS_OF)
def test_the_commands_work_everywhere(installed: str, wheel_site: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"MEMCTL_RUNS": str(runs)}
    if installed == "wheel":
        env["PYTHONPATH"] = str(wheel_site)
    if installed == "checkout":
        env["PYTHONPATH"] = str(ROOT)
    cwd = ROOT if installed == "checkout" else tmp_path
    where = subprocess.run(
        [sys.executable, "-c", "import memctl; print(memctl.__file__)"],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
    )
    if installed == "editable" and not where.stdout.startswith(str(ROOT)):
        pytest.skip("this checkout is not installed here; pip install -e . to test it")
    assert where.stdout.startswith(str(wheel_site if installed == "wheel" else ROOT))
    for form in FORMS_OF[installed]:
        name = ["memctl", "train"] if form == "help" else ["memctl.train"]
        command = [sys.executable, "-m", *name, *FORMS[form]]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert SAID[form] in done.stdout


def test_the_wheel_brings_its_data_and_configs(wheel_site: Path) -> None:
    package = wheel_site / "memctl"
    for name in (
        "data/bundled/mitdb208.npz",
        "conf/config.yaml",
        "multirun_templates/grid.yaml",
        "reporting/page/page.html",
        "reporting/page/vendor/plotly-cartesian.min.js",
        "reporting/page/vendor/plotly-cartesian.LICENSE",
        "reporting/page/vendor/tabulator.LICENSE",
        "reporting/page/pane.js",
        "py.typed",
    ):
        assert (package / name).is_file(), name
    assert "memctl.__main__" in (wheel_site / "bin" / "memctl").read_text()
    assert not (wheel_site / "tests").exists()
