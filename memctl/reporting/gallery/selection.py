"""Which samplers the command shows: typed ones, those of runs, or every one."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from memctl import samplers
from memctl.errors import UserError
from memctl.reporting.gallery import specs
from memctl.reporting.gallery.entry import Entry, from_record, from_spec, merge_runs, with_draws
from memctl.runs.folder import RunFolder
from memctl.samplers import NoiseSchedule

Record = Mapping[str, Any]


def selection(arguments: argparse.Namespace) -> tuple[list[Entry], list[str]]:
    """The samplers that are asked for, and what the user must be told. Raises: UserError."""
    sources: list[specs.Spec | list[Record]] = []
    notes: list[str] = []
    for text in arguments.samplers:
        if is_folder(text):
            sources.append(records(Path(text)))
            continue
        kept, dropped = specs.parse(text)
        sources += kept
        if dropped:
            some = "; ".join(dropped[:4]) + ("; ..." if len(dropped) > 4 else "")
            notes.append(
                f"{text}: {len(dropped)} of {len(dropped) + len(kept)} pairs are no interval and"
                f" left out ({some})"
            )
    first = next((record for item in sources if isinstance(item, list) for record in item), None)
    schedule = schedule_for(arguments, first)
    entries: list[Entry] = []
    for item in sources:
        if isinstance(item, list):
            runs = [from_record(record, schedule_for(arguments, record)) for record in item]
            entries += merge_runs(runs, [str(record.get("name")) for record in item])
        else:
            entries.append(from_spec(item, schedule))
    if not sources:
        entries, notes = every_sampler(schedule)
    steps = sorted({entry.schedule.timesteps for entry in entries})
    if len(steps) > 1:
        raise UserError(
            f"one figure needs one T; these samplers have {', '.join(map(str, steps))} steps"
        )
    draws = (arguments.draws, arguments.batch, arguments.seed)
    return [entry if entry.record else with_draws(entry, *draws) for entry in entries], notes


def every_sampler(schedule: NoiseSchedule) -> tuple[list[Entry], list[str]]:
    """Every sampler that needs no more than a schedule, and which do. Raises: UserError."""
    entries, notes = [], ["left out: table, whose distribution is a file: table:path=FILE"]
    for spec in specs.gallery(schedule.timesteps):
        try:
            entries.append(from_spec(spec, schedule))
        except UserError as error:
            if spec["name"] in samplers.SAMPLERS:
                raise
            # It may have settings without defaults.
            notes.append(f"left out: {spec['name']}, your own: {error}")
    return entries, notes


def is_folder(text: str) -> bool:
    """Whether an argument means a folder; a sampler of the same name goes before.

    Raises: UserError for one that is missing.
    """
    if text.lstrip().startswith(("{", "[")) or text.partition(":")[0] in samplers.all_samplers():
        return False
    if Path(text).is_dir():
        return True
    if "/" in text.partition("=")[0]:
        raise UserError(f"{text} is neither a folder nor a sampler")
    return False


def records(directory: Path) -> list[Record]:
    """The records of runs with a sampler: of a sweep's folder, or of a run's.

    Raises: UserError where there are none.
    """
    runs = sorted((path.parent for path in directory.glob("*/record.json")), key=by_numbers)
    known = [record for path in (directory, *runs) if (record := RunFolder(path).record())]
    sampled: list[Record] = [record for record in known if isinstance(record.get("sampler"), dict)]
    if not sampled:
        sweeps = sorted({str(path.parents[1]) for path in directory.glob("*/*/record.json")})
        hint = f" (did you mean {sweeps[0]}?)" if sweeps else ""
        raise UserError(
            f"{directory} holds no record of a finished run with a sampler{hint}; give a sweep's"
            " folder, such as runs/mitdb208"
        )
    return sampled


def by_numbers(path: Path) -> list[str | int]:
    """A key that sorts cl200 before cl1000."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def schedule_for(arguments: argparse.Namespace, record: Record | None) -> NoiseSchedule:
    """The noise schedule: as the options say, then as the record's run had it, then memctl's
    default. Raises: UserError.
    """
    own = (record or {}).get("science", {}).get("diffusion", {})
    names = [f.name for f in fields(NoiseSchedule)]
    given = {k: v for k in names if (v := getattr(arguments, k, None)) is not None}
    return NoiseSchedule(**{**{k: v for k, v in own.items() if k in names}, **given})
