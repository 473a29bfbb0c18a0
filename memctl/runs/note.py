"""sweep.json: the runs that a sweep's commands have planned, so that a report can name what is
missing. Free of torch.

runs      name -> {overrides, fingerprint}
search    names of those that a search wants
"""

from pathlib import Path
from typing import Any

from memctl.files import read_json
from memctl.runs.kinds import fits

RUN = {"overrides": [str], "fingerprint": str}


def planned(directory: Path) -> dict[str, dict[str, Any]]:
    """The runs of a sweep's note. What is none, or leads out of the folder, is passed over."""
    runs = (read_json(directory / "sweep.json") or {}).get("runs")
    known = runs.items() if isinstance(runs, dict) else []
    return {name: run for name, run in known if is_name(name) and isinstance(run, dict)}


def wanted(directory: Path) -> dict[str, dict[str, Any]]:
    """Those of them that a search wants, with their fields."""
    names = (read_json(directory / "sweep.json") or {}).get("search")
    known, search = planned(directory), names if isinstance(names, list) else []
    texts = [name for name in search if isinstance(name, str)]
    return {name: known[name] for name in texts if fits(known.get(name), RUN)}


def is_name(text: str) -> bool:
    """Whether a text is the name of a folder, and no path."""
    return Path(text).name == text and text not in ("", "..")
