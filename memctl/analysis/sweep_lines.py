"""What a sweep says, in a few lines: copies, following, what changes against the uniform run,
quality and variety, each with its effect, its bound and what would have been seen.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.paired import LEVEL
from memctl.answers.answer import as_p, percent, span
from memctl.answers.verdict import COPYING, UNDECIDED

NAMED = 3  # runs that a sentence names, at most


def lines(rows: pd.DataFrame) -> list[str]:
    """What `sweep_answer.answer_table` says, a line a question."""
    done = rows[rows.state == "done"]
    parts = (copying, following, against, faults, undecided) if len(done) else ()
    said = [[*part(done)] for part in parts] + [[*absent(rows)]]
    return [" ".join(map(sentence, line)) for line in said if line]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."


def absent(rows: pd.DataFrame) -> Iterator[str]:
    """Runs of which there is nothing to say yet."""
    old = int((rows.state == "unanswered").sum())
    missing = int((~rows.state.isin(["done", "unanswered"])).sum())
    if old:
        yield (
            f"{of(old, len(rows))} {plural(old, 'was', 'were')} measured before there were answers:"
            " `memctl evaluate` of the sweep's folder measures anew, without training"
        )
    if missing:
        yield f"{of(missing, len(rows))} {plural(missing, 'is', 'are')} not finished"


def plural(n: int, one: str, more: str) -> str:
    """The word for so many."""
    return one if n == 1 else more


def of(n: int, total: int) -> str:
    """How many of all runs."""
    if n == total:
        return "the run" if total == 1 else f"all {total} runs"
    return f"{n} of {total} runs"


def named(rows: pd.DataFrame) -> str:
    """Some runs by name."""
    names = list(dict.fromkeys(rows.label))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def share(value: float) -> str:
    """A share in per cent; nothing is 0 %."""
    return percent(value) if value > 0 else "0 %"


def between(low: float, high: float) -> str:
    """A range of shares, or the one in it."""
    ends = share(low), share(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0].removesuffix(' %')} to {ends[1]}"


def points(share: float, up: bool = False) -> str:
    """A difference of shares."""
    return f"{percent(share, up).removesuffix(' %')} points"


def references(rows: pd.DataFrame, column: str) -> str:
    """What the base and the uniform runs read, if there are any."""
    known = {kind: rows.loc[rows.kind == kind, column].dropna() for kind in ("base", "uniform")}
    shown = [f"{kind} {between(v.min(), v.max())}" for kind, v in known.items() if len(v)]
    return f" ({', '.join(shown)})" if shown else ""


def main_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The cells; where there are none, all runs but the references; else all."""
    for chosen in (rows.kind == "cell", ~rows.kind.isin(["base", "uniform"])):
        if chosen.any():
            return rows[chosen]
    return rows


def copying(rows: pd.DataFrame) -> Iterator[str]:
    """How many runs copy single examples, and at most how much the others may."""
    copies = rows.verdict == COPYING
    if copies.any():
        found = rows[copies]
        most = found.sort_values("copies_effect").iloc[-1]
        yield (
            f"{of(len(found), len(rows))} {plural(len(found), 'copies', 'copy')} single training"
            f" examples: {named(found)}; most of all {most.label}, in"
            f" {span(most.copies_low, most.copies_high)} of its samples"
        )
    others = rows[~copies]
    if len(others):
        bound = percent(others.copies_high.max(), up=True)
        wide = percent(others.copies_limit.max(), up=True)
        who = "no other run is" if copies.any() else "no run is"
        who = "the run is not" if len(rows) == 1 else who
        yield (
            f"{who} seen to copy single training examples: at most {bound} of the samples of any"
            f" could be such copies, {wide} if these are changed by nearly as much as neighbours"
            " differ"
        )
    yield from extremes(rows, "own")


def following(rows: pd.DataFrame) -> Iterator[str]:
    """How many runs follow their training examples as a whole."""
    runs = main_runs(rows)
    n, many = int(runs.follows_yes.eq(True).sum()), len(runs)
    what = "cell" if (runs.kind == "cell").all() else "run"
    what += "s" if many > 1 else ""
    beside = references(rows, "follows_effect") if many < len(rows) else ""
    if n > 0:
        who = "the" if many == 1 else f"all {n}" if n == many else f"{n} of {many}"
        reach = between(runs.follows_effect.min(), runs.follows_effect.max())
        yield (
            f"{who} {what} {plural(n, 'follows its', 'follow their')} training examples as a"
            f" whole; {plural(many, 'it goes', 'they go')} {reach} of the way from fresh to"
            f" copies{beside}"
        )
    else:
        bound = percent(runs.follows_limit.max(), up=True)
        yield (
            f"none of {many} {what} is seen to follow its training examples as a whole: each may"
            f" go by at most {bound} of the way from fresh to copies{beside}"
        )
    yield from extremes(rows, "follows")


def extremes(rows: pd.DataFrame, statistic: str) -> Iterator[str]:
    """The cells with most and least of a statistic, where they differ by more than chance."""
    value, p = f"{statistic}_value", rows.get(f"{statistic}_range_p")
    cells = rows[(rows.kind == "cell") & rows[value].notna()] if value in rows else rows[:0]
    if p is None or not len(cells) or not p.iloc[0] <= LEVEL:
        return
    means = cells.groupby("label", sort=False)[value].mean()
    what = {"own": "copying", "follows": "following"}[statistic]
    beside = references(rows, value) if statistic == "own" else ""
    yield (
        f"{what} falls from {share(means.max())} at {means.idxmax()} to"
        f" {share(means.min())} at {means.idxmin()}, more than chance makes of"
        f" {len(means)} cells alike ({as_p(float(p.iloc[0]))}){beside}"
    )


def against(rows: pd.DataFrame) -> Iterator[str]:
    """What the runs change against the uniform run of the same seed and noise."""
    if "follows_change_p" not in rows or not rows.follows_change_p.notna().any():
        if not (rows.kind == "uniform").any():
            yield "among these is no uniform run to compare with"
        elif (rows.kind != "uniform").any():
            yield (
                "no run could be paired with a uniform run: they differ in settings or seeds, or"
                " neighbours.csv is damaged or of an earlier memctl (`memctl evaluate` of the"
                " sweep's folder writes it anew)"
            )
        return
    groups = rows[rows.follows_change_p.notna()].drop_duplicates("of")
    for statistics in (("follows",), ("own", "near")):
        yield change(groups, statistics)
    alone = rows[rows.follows_change_p.isna() & (rows.kind != "uniform")]
    if len(alone):
        yield f"there is no uniform run of the seed and settings of {named(alone)}"
    if (seeds := int(groups.seeds.max())) > 1:
        spread = groups.follows_change_sd.max()
        yield (
            f"changes are means over up to {seeds} seeds, between which that of following differs"
            f" by a standard deviation of at most {points(spread, up=True)}"
        )
    else:
        yield "with one seed a cell this is of these trained models, not of their settings"


def change(groups: pd.DataFrame, statistics: tuple[str, ...]) -> str:
    """One question's changes."""
    p = np.min([groups[f"{s}_change_p"] for s in statistics], axis=0)
    bound = max(
        groups[[f"{s}_change_low", f"{s}_change_high"]].abs().to_numpy().max() for s in statistics
    )
    seen = max(groups[f"{s}_change_seen"].max() for s in statistics)
    what = "following" if statistics == ("follows",) else "copying"
    power = f"{points(seen, up=True)} would have been seen in any"
    if p.min() > LEVEL:
        return (
            f"against the uniform run no change in {what} is seen, and none is more than"
            f" {points(bound, up=True)} (least p {p.min():.2g} of {len(groups)}, corrected);"
            f" {power}"
        )
    best = min(statistics, key=lambda s: float(groups[f"{s}_change_p"].min()))
    found = groups[groups[f"{best}_change_p"] <= LEVEL]
    shown = found.loc[found[f"{best}_change"].abs().sort_values(ascending=False).index]
    some = "; ".join(one_change(row, best) for _, row in shown.head(NAMED).iterrows())
    more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
    if len(found) == len(groups):
        return f"against the uniform run all {len(groups)} change {what}: {some}{more}"
    others = points(largest(groups.drop(found.index), statistics), up=True)
    return (
        f"against the uniform run {len(found)} of {len(groups)} change {what}: {some}{more}; the"
        f" others by at most {others}; {power}"
    )


def one_change(row: "pd.Series[Any]", statistic: str) -> str:
    """A change with its simultaneous interval."""
    value, low, high = (100 * row[f"{statistic}_change{k}"] for k in ("", "_low", "_high"))
    return (
        f"{row.label} by {value:+.0f} points [{low:+.0f}, {high:+.0f}]"
        f" ({as_p(row[f'{statistic}_change_p'])})"
    )


def largest(groups: pd.DataFrame, statistics: tuple[str, ...]) -> float:
    """The end of an interval that is farthest from no change."""
    ends = [f"{s}_change_{end}" for s in statistics for end in ("low", "high")]
    return float(groups[ends].abs().to_numpy().max())


def faults(rows: pd.DataFrame) -> Iterator[str]:
    """Quality and variety."""
    for question, bad, left in (
        ("quality", "off the data", "of the samples of any{} could not be real"),
        ("variety", "collapsed", "of the held-out examples are left out by any{}"),
    ):
        found = rows[rows[f"{question}_yes"].eq(False)]
        others, n = rows.drop(found.index), len(found)
        text = f"{question}: {of(n, len(rows)) if n else 'none'} {plural(max(n, 1), 'is', 'are')}"
        text += f" {bad}" + (f" ({named(found)})" if 0 < n < len(rows) else "")
        if n and question == "variety":
            reach = between(found.variety_effect.min(), found.variety_effect.max())
            text += f", leaving out {reach} of the held-out examples"
        if len(others):
            bound = percent(others[f"{question}_limit"].max(), up=True)
            text += f"; at most {bound} {left.format(' other' if n else '')}"
        yield text


def undecided(rows: pd.DataFrame) -> Iterator[str]:
    """What is not known, and what would tell."""
    found = rows[rows.verdict == UNDECIDED]
    if len(found):
        reasons = found.reason.value_counts()
        yield (
            f"{of(len(found), len(rows))} {plural(len(found), 'is', 'are')} UNDECIDED"
            f" ({named(found)}): {reasons.index[0]}"
        )
