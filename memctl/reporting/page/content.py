"""What a page knows of a sweep, as JSON: its metrics, its runs, and what each of them left."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.controls import references, settings
from memctl.analysis.differences import Differences
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults, kind
from memctl.errors import UserError
from memctl.files import read_json
from memctl.metrics import catalogue
from memctl.reporting.page import again
from memctl.reporting.page.examples import short
from memctl.runs import saved_config

ROWS = 150  # of a training curve, at most
PROBE = ("loss_train", "loss_heldout", "auc", "auc_low", "auc_high", "gap")
CHANGES = {"follows": "following", "own": "copying", "near": "near copies"}


def content(sweep: SweepResults, answers: pd.DataFrame) -> dict[str, Any]:
    """Everything but the examples.

    Args:
        answers: As `sweep_answer.answer_table` gives it, or empty.
    """
    metrics = sweep.metrics
    yardsticks = Yardsticks(metrics)
    rows = {str(row["name"]): row for row in answers.to_dict("records")}
    controls = {run: s.control for s in settings(sweep) for run in s.runs.values()}
    runs = [
        {
            **finished(sweep, name, metrics, {str(k): v for k, v in rows.get(name, {}).items()}),
            "control": controls.get(name, "base"),
            "yard": yardsticks.place(sweep.records[name]),
            "damaged": sweep.damaged.get(name, ""),
        }
        for name in sweep.records
    ]
    runs += [unfinished(sweep, name, state) for name, state in sweep.unfinished.items()]
    shared = share_settings(runs)
    beside = references(sweep)
    return {
        "name": sweep.directory.name,
        "dataset": sweep.dataset,
        "timesteps": sweep.timesteps,
        "plain": bool(sweep.plain and len(sweep.cells)),
        "metrics": [described(name) for name in metrics],
        "yards": yardsticks.found,
        "references": {kind: [*names] for kind, names in beside.items() if names},
        "shared": shared,
        "runs": runs,
    }


def differing(compared: Sequence[Differences], sweep: SweepResults) -> dict[str, Any]:
    """What several sweeps read less the first, setting by setting; nothing of one sweep."""
    if not compared:
        return {}
    whole = []
    for one in compared:
        rows: dict[str, dict[str, Any]] = {}
        for row in one.table.to_dict("records"):
            runs = [find(sweep, name, row[key]) for name, key in zip(one.names, PAIR, strict=True)]
            entry = {"label": row["setting"], "low": number(row["low"])}
            entry |= {"high": number(row["high"]), "runs": runs, "d": {}}
            ends = [number(row[f"change{end}"]) for end in ("", "_low", "_high")]
            rows.setdefault(str(row["run"]), entry)["d"][row["metric"]] = ends
        whole.append({"of": one.names[1], "less": one.names[0], "rows": [*rows.values()]})
    return {"differences": whole}


PAIR = ("other", "run")  # the first sweep's run, and the second's


def find(sweep: SweepResults, folder: str, run: str) -> str:
    """What a run of a sweep is called among those of several."""
    ends = [n for n in sweep.records if n == f"{folder}/{run}" or n.endswith(f"/{folder}/{run}")]
    return ends[0] if ends else ""


def described(name: str) -> dict[str, Any]:
    """A metric for menus and the table."""
    metric = catalogue.known().get(name)
    if metric is None:
        return {"name": name, "title": "", "about": "", "main": name in MAIN}
    about = " ".join(metric.about.replace("`", "").split())
    return {"name": name, "title": metric.title, "about": about, "main": metric.main}


class Yardsticks:
    """What the yardsticks read, once for all runs that share them.

    Attributes:
        found: Of each set, by metric: floor (low, high), heldout, copies.
    """

    def __init__(self, metrics: Iterable[str]) -> None:
        self.metrics = [*metrics]
        self.found: list[list[list[float | None]]] = []
        self.places: dict[str, int] = {}

    def place(self, record: Mapping[str, Any]) -> int:
        """The place in `found` of a run's yardsticks."""
        known = record["yardsticks"]
        rows = [
            [number(value) for value in (*ends(known, m), *values(known, m))] for m in self.metrics
        ]
        key = json.dumps(rows)
        if key not in self.places:
            self.places[key] = len(self.found)
            self.found.append(rows)
        return self.places[key]


def ends(yardsticks: Mapping[str, Any], metric: str) -> tuple[Any, Any]:
    """Of a metric's noise floor."""
    floor = yardsticks.get("floor", {}).get(metric) or {}
    return floor.get("low"), floor.get("high")


def values(yardsticks: Mapping[str, Any], metric: str) -> tuple[Any, Any]:
    """Of held-out examples and of copies."""
    known = ((yardsticks.get(name, {}).get(metric) or {}) for name in ("heldout", "copies"))
    heldout, copies = (measure.get("value") for measure in known)
    return heldout, copies


def number(value: Any) -> float | None:
    """A number with five digits; null for none."""
    return None if value is None or value != value else short(float(value))


def finished(
    sweep: SweepResults, name: str, metrics: Iterable[str], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """A finished run: where it stands, what it reads, its verdict, answers and curves."""
    record = sweep.records[name]
    row = sweep.table[sweep.table.name == name].iloc[0]
    measures = [record["metrics"].get(metric) or {} for metric in metrics]
    verdict = record.get("verdict") or {}
    said = [
        {"question": a["question"], "text": a["text"]} for a in record.get("answers", {}).values()
    ]
    ci = record["ci"] or {}
    return {
        "name": name,
        "label": str(answer.get("label") or name),
        "kind": kind(record),
        "state": "done",
        "low": number(ci.get("low")),
        "high": number(ci.get("high")),
        "seed": record["seed"],
        "n": record["split"]["n_train"],
        "at": number(row.get("sampler/mean")),
        "verdict": str(answer.get("verdict") or verdict.get("word") or "UNDECIDED"),
        "also": [*map(str, verdict.get("also") or ())],
        "reason": str(answer.get("reason") or verdict.get("reason") or ""),
        "answers": said,
        "m": [[number(m.get(end)) for end in ("value", "low", "high")] for m in measures],
        "changes": changes(answer),
        "losses": losses(sweep, name),
        "probe": probe(record),
        "t": realised(record),
        "along": along(record),
        **made(sweep, name),
    }


def changes(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the run changes against the uniform run of its seed."""
    return [
        {"what": text, **{end: number(answer.get(f"{key}_change{tail}")) for end, tail in ENDS}}
        for key, text in CHANGES.items()
        if number(answer.get(f"{key}_change")) is not None
    ]


ENDS = (("value", ""), ("low", "_low"), ("high", "_high"), ("p", "_p"))


def losses(sweep: SweepResults, name: str) -> list[list[float | None]]:
    """Steps and losses of control, thinned evenly."""
    rows = [r for r in sweep.folder(name).journal.rows() if r["stage"] == "control" and "loss" in r]
    if not rows:
        return []
    kept = np.unique(np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(int))
    return [[number(rows[k][key]) for k in kept] for key in ("step", "loss")]


def probe(record: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """The probe's columns over the middle of its bins."""
    rows = record.get("probe") or []
    rows = rows if isinstance(rows, list) else []
    if not rows:
        return {}
    columns = {key: [number(row.get(key)) for row in rows] for key in PROBE}
    return {"t": [number((row["t_low"] + row["t_high"]) / 2) for row in rows], **columns}


def realised(record: Mapping[str, Any]) -> dict[str, Any]:
    """What t were drawn, and were to be drawn: probability of a step in each bin."""
    known = (record["sampler"] or {}).get("realised") or {}
    if not known.get("edges"):
        return {}
    width = np.diff(np.asarray(known["edges"], dtype=float))
    shares = {
        key: [number(v) for v in np.asarray(known[key], dtype=float) / width]
        for key in ("realised", "nominal")
        if known.get(key)
    }
    return {"edges": known["edges"], "draws": known.get("draws"), **shares}


def along(record: Mapping[str, Any]) -> dict[str, Any]:
    """The main metrics at checkpoints along control."""
    rows = record.get("along") or []
    names = [n for n in MAIN if any(n in row.get("metrics", {}) for row in rows)]
    if not names:
        return {}
    value = lambda row, name: number((row["metrics"].get(name) or {}).get("value"))
    columns = {name: [value(row, name) for row in rows] for name in names}
    return {"steps": [row["step"] for row in rows], **columns}


def made(sweep: SweepResults, name: str) -> dict[str, Any]:
    """The run's settings, and the command that makes it again; without a readable config the
    settings that its record has.
    """
    try:
        saved = saved_config.plain(sweep.folder(name).config)
        parts = {k: v for k, v in saved.items() if k not in ("paths", "logger", "trainer")}
        return {"config": flat(parts), "command": again.command(saved)}
    except UserError as error:
        science = sweep.records.get(name, {}).get("science", {})
        return {"config": flat(science), "command": "", "why": str(error).splitlines()[0]}


def flat(node: Mapping[str, Any]) -> dict[str, str]:
    """Every setting by its path, as text."""
    found = (leaf for key, value in node.items() for leaf in again.leaves(value, key))
    return {path: again.text(value) for path, value in found}


def unfinished(sweep: SweepResults, name: str, state: str) -> dict[str, Any]:
    """A run that was planned or begun: where it belongs, how it stands, its command."""
    word, _, reason = state.partition(": ")
    folder = sweep.folder(name).path  # of several sweeps the name has its sweep's too
    planned = (read_json(folder.parent / "sweep.json") or {}).get("runs", {})
    texts = planned.get(folder.name, {}).get("overrides") or []
    asked = dict(text.split("=", 1) for text in map(str, texts) if "=" in text)
    out: dict[str, Any] = {"config": {}, "command": ""}
    if (folder / "config.yaml").is_file():
        out = made(sweep, name)
    config = out["config"] or asked
    sampler = config.get("sampler.name", asked.get("sampler", "interval"))
    low, high = (as_number(config.get(f"ci.{end}")) for end in ("low", "high"))
    placed = sampler == "interval" and low is not None and high is not None
    return {
        "name": name,
        "label": f"[{low:g}, {high:g}]" if placed else name,
        "kind": "cell" if placed else sampler,
        "state": word,
        "reason": reason,
        "low": low if placed else None,
        "high": high if placed else None,
        "seed": as_number(config.get("seed")) or 0,
        "m": [],
        **out,
    }


def as_number(text: Any) -> float | None:
    """A setting's number; null for what is none."""
    try:
        return number(float(text))
    except (TypeError, ValueError):
        return None


def share_settings(runs: list[dict[str, Any]]) -> dict[str, str]:
    """The settings that all runs with a config have in common, which are taken from each."""
    known = [run["config"] for run in runs if run["config"]]
    if not known:
        return {}
    same = {k: v for k, v in known[0].items() if all(c.get(k) == v for c in known)}
    for run in runs:
        run["config"] = {k: v for k, v in run["config"].items() if k not in same}
    return same
