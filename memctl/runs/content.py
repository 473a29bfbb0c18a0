"""What a dashboard holds of a record: its own numbers and words, and tables of what is over t.

The yardsticks are the same in every run of a sweep; a run has of them the floors of the main
metrics, and the sweep has them all (`yardstick_rows`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from memctl.metrics.catalogue import METRICS
from memctl.runs.record import flat, named

Row = dict[str, Any]
HELD = ("split", "environment", "keys")  # what a record knows of settings besides its science


def values(record: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and words under one-level names: as `record.flat`, and `floor/f_mem_low`,
    `training/control_steps`, `sampler/draws`, `verdict`, `answers/copies`.
    """
    floors = record["yardsticks"]["floor"]
    main = {m.name: floors[m.name] for m in METRICS.values() if m.main and m.name in floors}
    trained = record["training"].items()
    drawn = (record["sampler"] or {}).get("realised", {})
    verdict = record["verdict"]
    return {
        **flat(record),
        **{f"floor/{k}": v for k, v in named(main).items()},
        **{f"training/{stage}_steps": known["steps"] for stage, known in trained},
        **{f"sampler/{k}": drawn.get(k) for k in ("draws", "chi2_p")},
        "sampler/drawn_ess": drawn.get("ess"),
        **{f"answers/{name}": answer["text"] for name, answer in record["answers"].items()},
        "verdict": verdict["word"],
        "verdict/reason": verdict["reason"],
        "verdict/also": ", ".join(verdict["also"]),
        **{f"absent/{name}": why for name, why in record["absent"].items()},
    }


def tables(record: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The probe by t, and how often t was drawn: `probe` and `timesteps`."""
    return {"probe": record["probe"], "timesteps": list(drawn_rows(record))}


def drawn_rows(record: Mapping[str, Any]) -> Iterator[Row]:
    """One row a bin of t: its ends, the share of draws in it, and the share that was due."""
    drawn = (record["sampler"] or {}).get("realised")
    if drawn:
        bins = zip(pairwise(drawn["edges"]), drawn["realised"], drawn["nominal"], strict=True)
        for (low, high), realised, nominal in bins:
            yield {"t_low": low, "t_high": high, "realised": realised, "nominal": nominal}


def curves(record: Mapping[str, Any]) -> Iterator[Row]:
    """The tables as rows of curves, over `t`, the middle of a bin."""
    for name, rows in tables(record).items():
        for row in rows:
            yield {"stage": name, "t": (row["t_low"] + row["t_high"]) / 2, **row}


def yardstick_rows(records: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The yardsticks of runs, each reading once: of which split, value and the interval's ends."""
    rows = {}
    for record in records:
        split = record["split"]["hash"]
        for yardstick, readings in record["yardsticks"].items():
            for metric, measure in readings.items():
                row = {"split": split, "yardstick": yardstick, "metric": metric, **measure}
                rows[tuple(row.values())] = row
    return list(rows.values())
