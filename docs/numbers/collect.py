"""From finished sweeps to the tables and pictures of the documentation.

docs/tables/
  sweeps.csv       a sweep: data, sizes, what it took, and its answer and its front in words
  metrics.csv      a sweep and metric: range over the runs, references, yardsticks, correlations
  runs.csv         a run: its main metrics and verdict
  claims.csv       a sweep and claim of the paper
  along.csv        a run with checkpoints along its training: when it becomes good, when it copies
  splice.csv       a splice of two runs' weights by t: what is copied
  controls.csv     a setting of a sweep from scratch: what it copies and loses;
                   hypervolumes.csv: what a control gains; bands.csv: what a band of t changes;
                   replay.csv: how many runs a search takes on a finished grid
  pooled.csv       the paper's correlation over the sweeps that `memctl.report` was last given
  theory.csv       an equation of the paper
  calibration.csv  a metric on the bundled beats: what it can tell; calibration_readings.csv: a
                   generator of known behaviour
  trial_bars.csv   a rate that the words should keep, at an n and m; trial_words.csv: a generator of
                   known behaviour and the words it was given, over all data
  drill.csv        what `make drill` found; drill_kills.csv: how often it hit what by which signal
  bench.csv        what `make bench` measured: a work of a part, by whom
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from docs.numbers import controls
from docs.numbers.controls import from_scratch, plane
from docs.numbers.times import processor
from memctl.analysis import front_lines
from memctl.analysis.controls import references
from memctl.analysis.front import points
from memctl.analysis.sweep_answer import answer_table
from memctl.analysis.sweep_lines import lines
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError

TABLES = Path(__file__).resolve().parents[1] / "tables"
IMAGES = TABLES.with_name("images")
PICTURES = {
    "overview": "mitdb208/report/overview.png",
    "losses": "mitdb208/report/losses.png",
    "base": "mitdb208/base/samples.png",
    "digits": "digits/report/overview.png",
    "pokemon_16": "pokemon_16/report/overview.png",
    "flowers102_16": "flowers102_16/report/overview.png",
    "scratch": "digits-scratch/report/overview.png",
    "front": "digits-scratch/report/front.png",
    "rivals": "pooled/front.png",
    "bands": "digits-rivals/report/bands.png",
    "along": "digits-scratch-along/report/along.png",
    "splice": "digits-scratch/splice/uniform_s0--cl700_ch1000_s0/splice.png",
    "theory": "mitdb208-theory/theory.png",
    "calibration": "calibration/mitdb208/calibration.png",
    "samplers": "samplers.png",
}
OF_RUNS = ("f_mem", "dcr_share", "dcr_p", "distance_to_train", "energy_heldout", "precision",
           "recall", "probe_auc")  # fmt: skip

OF_ANSWERS = [
    f"{question}_{number}"
    for question in ("copies", "follows", "quality", "variety")
    for number in ("effect", "low", "high", "p", "detectable")
]


def collect(runs: Path) -> None:
    """Write the tables and pictures of all sweeps in `runs` that are finished.

    A table whose sweep is not there keeps the rows that it has.

    Raises: UserError where there is none, and neither trials, a drill nor a bench.
    """
    sweeps, trials = dict(finished(runs)), runs / "calibration" / "verdicts"
    drills, bench = list((runs / "drill").glob("*.csv")), runs / "bench" / "bench.json"
    if not sweeps and not trials.exists() and not drills and not bench.exists():
        raise UserError(
            f"{runs} holds no finished sweep with a report, no trials of verdicts, no drill and no"
            " bench"
        )
    TABLES.mkdir(exist_ok=True)
    update("sweeps", [described(name, sweeps) for name in sweeps])
    update("metrics", [row for name, sweep in sweeps.items() for row in metrics(name, sweep)])
    update("runs", [row for name, sweep in sweeps.items() for row in results(name, sweep)])
    update("claims", [row for name, sweep in sweeps.items() for row in claims(name, sweep)])
    for name, found in controls.tables(sweeps, runs):
        update(name, found)
    for name in sweeps:
        if (path := runs / name / "report" / "along.csv").exists():
            update("along", [{"sweep": name, **r} for r in pd.read_csv(path).to_dict("records")])
        for path in sorted((runs / name / "splice").glob("*/splice.csv")):
            of = {"sweep": name, "pair": path.parent.name}
            update("splice", [{**of, **r} for r in pd.read_csv(path).to_dict("records")])
    if (path := runs / "pooled" / "parity.csv").exists():
        pd.read_csv(path).to_csv(TABLES / "pooled.csv", index=False, float_format="%.6g")
    if (path := runs / "mitdb208-theory" / "theory.json").exists():
        found = json.loads(path.read_text())
        of = {"sweep": "mitdb208-theory", "title": found["title"]}
        update("theory", [{**of, **claim} for claim in found["claims"]])
    for name, part in (("calibration", "verdicts"), ("calibration_readings", "readings")):
        if (path := runs / "calibration" / "mitdb208" / f"{part}.csv").exists():
            pd.read_csv(path).rename(columns=lambda c: c.replace(" ", "_")).to_csv(
                TABLES / f"{name}.csv", index=False
            )
    if (path := trials / "bars.csv").exists():
        pd.read_csv(path).to_csv(TABLES / "trial_bars.csv", index=False)
    if (path := trials / "confusion.csv").exists():
        words(pd.read_csv(path)).to_csv(TABLES / "trial_words.csv", index=False)
    for path in drills:
        shutil.copy(path, TABLES / path.name)
    if bench.exists():
        measured = pd.DataFrame(json.loads(bench.read_text()))
        measured.to_csv(TABLES / "bench.csv", index=False, float_format="%.4g")
    for name, place in PICTURES.items():
        if (runs / place).exists():
            picture(runs / place, IMAGES / f"{name}.png")


def finished(runs: Path) -> Iterator[tuple[str, SweepResults]]:
    """The sweeps in `runs` whose planned runs are all done and that have a report."""
    for table in sorted(runs.glob("*/report/table.csv")):
        sweep = read(table.parents[1])
        if not sweep.unfinished:
            yield table.parents[1].name, sweep


def update(name: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table in the place of the same sweeps' former ones."""
    path, new = TABLES / f"{name}.csv", pd.DataFrame(rows)
    if path.exists() and len(new):
        old = pd.read_csv(path)
        new = pd.concat([old[~old.sweep.isin(new.sweep)], new])
    if len(new):
        new = new.sort_values("sweep", kind="stable")
        new.to_csv(path, index=False, float_format="%.6g")


def described(name: str, sweeps: Mapping[str, SweepResults]) -> dict[str, Any]:
    """What a sweep is of and what it took; seconds are from its first run's start to its last end,
    the base's among them where it had none. Of one that was measured anew they are what the table
    has from before.
    """
    sweep = sweeps[name]
    records = list(sweep.records.values())
    states = [
        json.loads((sweep.directory / r["name"] / "status.json").read_text()) for r in records
    ]
    science, split, where = records[0]["science"], records[0]["split"], records[0]["environment"]
    training = records[0]["training"]
    base = sweep.table.get("seconds/base", pd.Series(dtype=float))
    here = where["host"] == socket.gethostname()
    ended, began = [s["updated"] for s in states], min(s["started"] for s in states)
    anew = began > datetime.fromisoformat(where["finished"]).timestamp()
    return {
        "sweep": name,
        "data": science["data"]["name"],
        "runs": len(records),
        "cells": len(sweep.cells[["low", "high"]].drop_duplicates()),
        "n_train": split["n_train"],
        "n_heldout": split["n_heldout"],
        "examples": split.get("examples", split.get("records")),
        "samples": science["generate"]["samples"],
        "start": records[0].get("start", "base"),
        "steps": training.get("base", training["control"])["steps"],
        "seconds": seconds_before(name) if anew else round(max(ended) - began),
        "seconds_base": round(base.max()) if base.notna().any() else None,
        "device": where["device"],
        "cores": os.cpu_count() if here else None,
        "processor": processor() if here else None,
        "date": where["finished"][:10],
        "answer": answer(sweep),
        "front": front(plane(name, sweeps)),
    }


def seconds_before(name: str) -> float | None:
    """What the table says that a sweep took."""
    path = TABLES / "sweeps.csv"
    known = pd.read_csv(path).set_index("sweep")["seconds"] if path.exists() else {}
    return None if name not in known else float(known[name])


def answer(sweep: SweepResults) -> str | None:
    """What a sweep says; None where a run was measured before there were answers."""
    table = answer_table(sweep)
    return " ".join(lines(table)) if (table.state == "done").all() else None


def front(sweep: SweepResults) -> str | None:
    """What the front of a sweep from scratch says."""
    return " ".join(front_lines.lines(points(sweep))) if from_scratch(sweep) else None


def metrics(name: str, sweep: SweepResults) -> Iterator[dict[str, Any]]:
    """A row a metric. Of a sweep over several splits there is nothing to say in one row."""
    if not sweep.plain:
        return
    path = sweep.directory / "report" / "associations.csv"
    tested = pd.read_csv(path) if path.exists() else pd.DataFrame()
    beside = references(sweep)
    for metric in sweep.metrics:
        column = f"metrics/{metric}"
        values = sweep.main_runs[column]
        row = {"sweep": name, "metric": metric, "min": values.min(), "max": values.max()}
        row["high"] = sweep.main_runs.get(f"{column}_high", pd.Series(dtype=float)).max()
        row |= {kind: sweep.mean(names, metric) for kind, names in beside.items()}
        for known in ("heldout", "copies"):
            row[known] = value(sweep.yardsticks.get(known, {}).get(metric), "value")
        for end in ("low", "high"):
            row[f"floor_{end}"] = value(sweep.yardsticks.get("floor", {}).get(metric), end)
        for axis in ("location", "width") if len(tested) else ():
            found = tested[(tested.metric == metric) & (tested.axis == axis)]
            for key in ("pearson", "low", "high", "holm"):
                row[f"{axis}_{key}"] = found[key].iloc[0] if len(found) else None
        row["tested"] = tested.metric.nunique() if len(tested) else None
        yield row


def value(reading: Mapping[str, float | None] | None, key: str) -> float | None:
    return None if reading is None else reading[key]


def results(name: str, sweep: SweepResults) -> Iterator[dict[str, Any]]:
    """A row a run."""
    verdicts = pd.read_csv(sweep.directory / "report" / "verdicts.csv").set_index("name")
    for run in sweep.table.to_dict("records"):
        said = verdicts.loc[run["name"]]
        yield {
            "sweep": name,
            **{key: run[key] for key in ("name", "kind", "seed", "n_train", "low", "high")},
            **{metric: run.get(f"metrics/{metric}") for metric in OF_RUNS},
            "verdict": said.verdict,
            **{name: run.get(f"answers/{name}") for name in OF_ANSWERS},
        }


def claims(name: str, sweep: SweepResults) -> list[dict[str, Any]]:
    """A row a claim of the paper that the report of the sweep judges."""
    path = sweep.directory / "report" / "scorecard.csv"
    if not path.exists():
        return []
    columns = ["claim", "source", "number", "paper", "value", "low", "high", "verdict"]
    return [{"sweep": name, **row} for row in pd.read_csv(path)[columns].to_dict("records")]


def words(confusion: pd.DataFrame) -> pd.DataFrame:
    """The words that generators were given, over all data: count, and of how many."""
    place = ["n", "m", "generator", "word"]
    summed = confusion.groupby(place, sort=False)[["count", "of"]].sum().reset_index()
    return summed[summed["count"] > 0]


def picture(source: Path, target: Path) -> None:
    """A picture in 128 colours, which is a third of its bytes and looks the same."""
    target.parent.mkdir(exist_ok=True)
    colours = Image.open(source).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    colours.save(target, optimize=True)
