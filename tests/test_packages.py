"""Packages that are known to be malicious are neither allowed nor here. Faults that become known
later `make audit` asks for, where the list of them can be reached.
"""

import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
REFUSED = {  # versions that stole what they found on the machine
    "lightning": ("2.6.2", "2.6.3"),  # GHSA-w37p-236h-pfx3
    "torchtriton": ("2.0.0", "3.0.0"),  # took the place of torch's own on PyPI in December 2022
}
INSTALLED = {canonicalize_name(d.name): d.version for d in distributions() if d.name}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_package_is_neither_allowed_nor_installed(name: str) -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    ranges = [
        needed.specifier
        for needed in map(Requirement, [*project["dependencies"], *extras])
        if canonicalize_name(needed.name) == name
    ]
    assert SpecifierSet("==2.6.2").contains("2.6.2")
    assert not any(span.contains(version) for span in ranges for version in REFUSED[name])
    assert INSTALLED.get(name) not in REFUSED[name]
    assert "lightning" in INSTALLED
