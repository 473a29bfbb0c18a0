"""Imports point one way. The picture of the README, as a table."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "memctl"
BASE = {"errors", "exits", "paths", "registry", "config", "files", "keys", "plugins"}
LEAVES = {"samplers", "data", "models"}
MAY_IMPORT = {
    "errors": set(),
    "paths": set(),
    "exits": {"errors"},
    "keys": set(),
    "registry": {"errors"},
    "config": {"errors", "keys"},
    "files": {"errors"},
    "plugins": {"errors"},
    "samplers": BASE,
    "data": BASE,
    "models": BASE,
    "diffusion": BASE | {"samplers"},
    "metrics": BASE | {"data"},
    "runs": BASE | {"metrics"},
    "experiment": BASE | LEAVES | {"metrics", "runs"},
    "training": BASE | {"samplers", "data", "diffusion", "runs"},
    "answers": BASE | {"metrics"},
    "analysis": BASE | {"answers", "data", "metrics", "runs"},
    "reporting": BASE | LEAVES | {"analysis", "answers", "metrics", "runs"},
    "probes": BASE | {"answers", "diffusion", "metrics", "reporting", "runs", "training"},
    "stages": BASE
    | LEAVES
    | {
        "analysis",
        "answers",
        "diffusion",
        "experiment",
        "metrics",
        "probes",
        "reporting",
        "runs",
        "training",
    },
    "theory": BASE
    | {"data", "diffusion", "experiment", "reporting", "runs", "samplers", "stages", "training"},
    "splice": BASE
    | {"data", "diffusion", "experiment", "metrics", "reporting", "runs", "stages", "training"},
    "export": BASE | {"models", "runs", "samplers", "training"},
    "report": BASE | {"analysis", "reporting"},
    "dashboard": BASE | {"analysis", "reporting", "runs"},
    "evaluate": BASE | {"stages"},
    "trials": BASE | {"answers", "data", "metrics", "runs"},
    "calibrate": BASE | {"command", "experiment", "reporting", "trials"},
    "search": BASE | {"analysis", "answers", "metrics"},
    "sweep": BASE | LEAVES | {"experiment", "runs", "search"},
    "task": {"errors", "stages", "sweep", "theory"},
    "job": {"errors", "exits", "files", "stages", "sweep"},
    "cancel": {"errors", "exits", "files", "runs"},
    "watch": {"errors", "exits", "files", "runs"},
    "command": {"errors", "files", "paths", "registry", "samplers", "sweep"},
    "train": {"command", "exits", "task"},
    "tune": {"command", "exits", "files", "search", "task"},
    "__main__": {"errors", "exits", "registry"},
}
# A part's own command, its __main__.py, may use more than the part, as report.py does.
COMMANDS = {"samplers": {"reporting"}, "data": {"command", "reporting"}}
# Imported inside a function, in a process of its own or at the very end: said at the place.
LAZY = {
    ("sweep", "analysis"),
    ("sweep", "reporting"),
    ("sweep", "stages"),
    ("sweep", "diffusion"),
    ("sweep", "training"),
    ("task", "stages"),
    ("task", "sweep"),
    ("task", "theory"),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """The parts of memctl that a file imports, and whether at its top."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"memctl.{a.name}" for a in node.names]
                if node.module == "memctl"
                else [node.module]
            )
        found += [
            (name.split(".")[1], id(node) in top) for name in names if name.startswith("memctl.")
        ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = part(path)
    more = COMMANDS.get(own, set()) if path.name == "__main__.py" else set()
    for other, at_top in imports(path):
        allowed = other in MAY_IMPORT.get(own, set()) | more or other == own or own == "__init__"
        assert allowed or (not at_top and (own, other) in LAZY) or path.name == "preload.py", (
            f"{own} must not import {other}"
        )


def test_every_part_is_in_the_table() -> None:
    assert {part(p) for p in FILES} - {"__init__"} == set(MAY_IMPORT)


def test_no_part_imports_a_command() -> None:
    commands = {
        ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts)
        for p in FILES
        if p.name == "__main__.py"
    }
    found = [
        p
        for p in FILES
        for node in ast.walk(ast.parse(p.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in commands
    ]
    assert commands
    assert found == []


def test_only_data_and_models_know_the_dimension() -> None:
    """One code path: nobody else asks whether records are signals or images (`export` is diffusers'
    own format).
    """
    asks = re.compile(r"\.ndim\s*[=!<>]|memctl\.(models\.unet|data\.images|data\.signals)")
    others = [p for p in FILES if part(p) not in ("data", "models", "export")]
    assert [str(p.relative_to(PACKAGE)) for p in others if asks.search(p.read_text())] == []


def test_no_file_is_too_long_and_none_is_called_utils() -> None:
    assert [
        p.name for p in FILES if len(p.read_text().splitlines()) > 300 or p.stem == "utils"
    ] == []


def test_every_function_fits_a_screen() -> None:
    """Of at most 60 lines, its signature and docstring among them."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [
        (path, node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, kinds)
    ]
    assert len(functions) > 500
    long = [
        f"{path.name}: {node.name}"
        for path, node in functions
        if (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []


LIGHT = [
    "memctl.samplers",
    "memctl.data",
    "memctl.sweep.plugins",
    "memctl.train",
    "memctl.report",
    "memctl.dashboard",
    "memctl.watch",
    "memctl.evaluate",
    "memctl.tune",
    "memctl.calibrate",
    "memctl.trials.command",
    "memctl.splice.__main__",
]


def test_the_sweeps_controller_starts_without_torch() -> None:
    code = (
        f"import sys, importlib\nfor module in {LIGHT}:\n    importlib.import_module(module)\n   "
        " print(module, [m for m in ('torch', 'lightning', 'diffusers', 'wandb') if m in"
        " sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert out.stdout.splitlines() == [f"{module} []" for module in LIGHT]


def test_samplers_need_neither_hydra_nor_lightning() -> None:
    unwanted = (
        "('hydra', 'lightning', 'omegaconf', 'matplotlib', 'pandas', 'yaml', 'memctl.reporting')"
    )
    code = f"import sys, memctl.samplers; print([m for m in {unwanted} if m in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert out.stdout.strip() == "[]"
