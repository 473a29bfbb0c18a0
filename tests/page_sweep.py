"""A small sweep for its page: cells with samples and curves, a failed and a missing one."""

import json
import shutil
from itertools import combinations
from pathlib import Path

from omegaconf import OmegaConf

from memctl.runs.folder import RunFolder
from memctl.runs.status import Status

ENDS = (100, 300, 500, 700, 1000)
EVIL = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
NAME = "cl100_ch500_s0_<img src=x onerror=alert(1)>"


def page_sweep(finished: Path, directory: Path, shift: float = 0.0) -> Path:
    """Make it from a finished cell.

    Args:
        finished: The folder of the runs of a sweep with one, [700, 1000].
        shift: What dcr_share grows by over all t, besides 0.5.
    """
    (source,) = finished.glob("*/cl700_ch1000_s0")
    planned = {}
    for low, high in combinations(ENDS, 2):
        name = f"cl{low}_ch{high}_s0" if (low, high) != (100, 500) else NAME
        planned[name] = {"overrides": [f"ci.low={low}", f"ci.high={high}"]}
        if (low, high) == (500, 1000):
            continue
        run = put(source, directory / name, {"low": float(low), "high": float(high)}, shift)
        if (low, high) == (300, 500):
            (run / "record.json").unlink()
            keys = json.loads((run / "status.json").read_text())["keys"]
            RunFolder(run).save(Status(keys, {}, state="failed", message="loss was <nan>"))
    put(source, directory / "uniform_s0", None, shift)
    (directory / "sweep.json").write_text(json.dumps({"runs": planned}))
    return directory


def put(source: Path, run: Path, ci: dict[str, float] | None, shift: float) -> Path:
    """A run like the source, of another cell or, without one, of uniform t."""
    shutil.copytree(source, run)
    record = json.loads((source / "record.json").read_text())
    record |= {
        "name": run.name,
        "sweep": run.parent.name,
        "ci": ci,
        "fingerprint": f"{run.name} {shift}",
        "keys": {**record["keys"], "generate": f"{run.name} {shift}"},
    }
    place = sum(ci.values()) / 2000 if ci else 0.5
    record["metrics"]["dcr_share"] = {
        end: 0.3 + (0.5 + shift) * place + by
        for end, by in (("value", 0), ("low", -0.02), ("high", 0.02))
    }
    record["metrics"]["f_mem"] = {"value": 0.0, "low": 0.0, "high": 0.02}
    record["science"]["control"]["lr"] = 1e-4 + shift
    config = OmegaConf.load(source / "config.yaml")
    if ci:
        record["science"]["sampler"] |= ci
        config.merge_with({"ci": ci, "sampler": ci})
    else:
        record["science"]["sampler"] = {"name": "uniform", "timesteps": 1000}
        record["sampler"]["name"] = "uniform"
        config.sampler = {"name": "uniform", "mode": "sample", "clip": None, "stratified": False}
        config.ci = {"low": None, "high": None}
    if run.name == "cl100_ch300_s0":
        record["verdict"]["reason"] = EVIL
    (run / "record.json").write_text(json.dumps(record))
    OmegaConf.save(config, run / "config.yaml")
    return run
