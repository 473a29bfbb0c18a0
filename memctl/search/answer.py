"""The answer of a search: the setting that copies less than a limit and is as good as uniform.

The best of many settings reads better than it is, so it only becomes a candidate. The answer comes
from runs that did not choose it, of other seeds, with the uniform runs of the same seeds: it holds
where the upper end of their f_mem is below the limit and no quality is shown to be lost, as
`memctl.analysis.front` has both. Candidates that do not hold are followed by the next, up to TRIED.
"""

from typing import Any

import pandas as pd

from memctl.analysis.controls import UNIFORM
from memctl.analysis.front import QUALITY, box, comparable
from memctl.analysis.front_lines import WORDS, copying, lines, number
from memctl.analysis.sweep_lines import share
from memctl.answers.answer import percent
from memctl.search.known import PLANE

TRIED = 3
GOOD = [f"{measure}_as_good" for measure in QUALITY]


def holds(rows: pd.DataFrame, limit: float) -> "pd.Series[bool]":
    """Which rows of `front.points` copy less than the limit and are as good as uniform."""
    return (rows.control != UNIFORM) & (rows.f_mem_high < limit) & rows[GOOD].all(axis=1)


def candidates(rows: pd.DataFrame, limit: float) -> list[str]:
    """The runs that seem to hold, least energy first."""
    return list(rows[holds(rows, limit)].sort_values("energy_heldout").run)


def nearest(rows: pd.DataFrame, limit: float) -> "pd.Series[Any]":
    """The setting that fails least: of those that copy less than the limit the one that keeps most
    qualities, then that of least energy; without any the one that copies least.
    """
    others = rows[rows.control != UNIFORM]
    few = others[others.f_mem_high < limit]
    if not len(few):
        return others.sort_values("f_mem_high").iloc[0]
    kept = few.assign(kept=-few[GOOD].sum(axis=1))
    return kept.sort_values(["kept", "energy_heldout"]).iloc[0]


def question(limit: float) -> str:
    """What was asked."""
    return f"Copies less than {100 * limit:g} % and is as good as uniform"


def needless(uniform: pd.DataFrame, limit: float) -> str | None:
    """What is said where the uniform run leaves nothing to search for; None where it does."""
    row = uniform.iloc[0]
    if not comparable(uniform):
        return lines(uniform)[0]
    if row.f_mem_high < limit:
        return f"{question(limit)}: uniform itself, which copies {copying(row)}{off_data(row)}."
    if box(uniform, *PLANE) is None:
        return (
            f"CAUTION: the uniform run copies {copying(row)}: with none to be seen, none is seen to"
            " be gained. More steps or fewer examples (control.steps, data.n_train) copy more, and"
            " more samples (generate.samples) show less."
        )
    return None


def off_data(uniform: "pd.Series[Any]") -> str:
    """That the uniform run has not learnt the data, where it has not: then it can't copy either."""
    energy, floor = uniform.energy_heldout, uniform.energy_heldout_floor
    if energy <= floor:
        return ""
    return (
        f"; but its energy {number(energy)} is outside the noise floor (at most {number(floor)}):"
        " trained for longer (control.steps) it may be better, and may copy"
    )


def told(row: "pd.Series[Any]", uniform: "pd.Series[Any]") -> str:
    """What a setting reads beside the uniform run: copying, then every quality."""
    parts = []
    for measure in QUALITY:
        lost, low, high = (row[f"{measure}_lost{end}"] + 0.0 for end in ("", "_low", "_high"))
        parts.append(
            f"{WORDS[measure]} {number(row[measure])} (uniform {number(uniform[measure])}; loses"
            f" {lost:+.2g} [{low:+.2g}, {high:+.2g}])"
        )
    return (
        f"copies {copying(row)} where uniform copies {share(uniform.f_mem)} (at least"
        f" {percent(uniform.f_mem_low)}); {', '.join(parts)}"
    )


def failing(row: "pd.Series[Any]", limit: float) -> str:
    """Why a setting does not hold."""
    lost = [WORDS[m] for m in QUALITY if not row[f"{m}_as_good"]]
    copies = [f"may copy {percent(row.f_mem_high, up=True)}"] if row.f_mem_high >= limit else []
    return " and ".join([*copies, *([f"loses in {' and '.join(lost)}"] if lost else [])])


def number_of(row: "pd.Series[Any]") -> str:
    """Seeds of a setting."""
    return f"{row.seeds} seed{'s' if row.seeds > 1 else ''}"


def confirmed(row: "pd.Series[Any]", uniform: "pd.Series[Any]", limit: float) -> str:
    """The answer where a candidate holds."""
    return (
        f"{question(limit)}: {row.setting}. In {number_of(row)} that did not choose it, it"
        f" {told(row, uniform)}."
    )


def refuted(row: "pd.Series[Any]", uniform: "pd.Series[Any]", limit: float) -> str:
    """A candidate that does not hold."""
    return (
        f"Not {row.setting}: in {number_of(row)} that did not choose it, it"
        f" {failing(row, limit)}: it {told(row, uniform)}."
    )


def none(rows: pd.DataFrame, limit: float, refused: int) -> str:
    """The answer where no candidate is left."""
    uniform, row = rows.iloc[0], nearest(rows, limit)
    if refused:
        return f"{question(limit)}: none found; {refused} seemed to, and were not in other seeds."
    return (
        f"{question(limit)}: none found. Nearest of {len(rows) - 1} settings is {row.setting},"
        f" which {failing(row, limit)}: it {told(row, uniform)}."
    )
