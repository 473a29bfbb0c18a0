"""What the front says in sentences: which control copies less at least loss, and which settings
hardly copy and are as good as the uniform run.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from memctl.analysis.controls import UNIFORM, in_words
from memctl.analysis.front import LITTLE, QUALITY, comparable
from memctl.analysis.sweep_lines import share
from memctl.answers.answer import percent

NAMED = 3  # settings that a sentence names, at most
HARDLY = f"{100 * LITTLE:g} %"
WORDS = {"energy_heldout": "energy", "kid": "KID", "recall": "recall"}


def lines(rows: pd.DataFrame) -> list[str]:
    """What `front.points` says."""
    uniform = rows.iloc[0]
    if not comparable(rows):
        return [
            f"CAUTION: the uniform run copies {share(uniform.f_mem)} of its samples (at most"
            f" {percent(uniform.f_mem_high, up=True)}), too few for any control to be seen to copy"
            f" less: there is no front. Where it copies at least {HARDLY}, with more steps"
            " or fewer examples (control.steps, data.n_train), controls can be compared."
        ]
    few = rows[(rows.control != UNIFORM) & (rows.f_mem_high < LITTLE)].sort_values("energy_heldout")
    if not len(few):
        least = rows.sort_values("f_mem_high").iloc[0]
        if least.control == UNIFORM:
            return [f"Nothing here copies less than uniform, {copying(uniform)}."]
        return [
            f"No setting is shown to copy less than {HARDLY}: nearest is {named(least)},"
            f" {copying(least)}, where uniform copies {share(uniform.f_mem)}."
        ]
    return [" ".join(least_loss(few, uniform)), " ".join(as_good(few))]


def named(row: "pd.Series[Any]") -> str:
    """A setting with its control."""
    return in_words(row.control, row.setting)


def copying(row: "pd.Series[Any]") -> str:
    """How much a setting copies."""
    return f"{share(row.f_mem)} (at most {percent(row.f_mem_high, up=True)})"


def number(value: float) -> str:
    """A quality, two digits."""
    return f"{value:.2g}"


def change(row: "pd.Series[Any]") -> str:
    """How much more energy than the uniform run's a setting has."""
    low, high = row.energy_heldout_lost_low, row.energy_heldout_lost_high
    return f"{row.energy_heldout_lost:+.2g} [{low:+.2g}, {high:+.2g}]"


def least_loss(few: pd.DataFrame, uniform: "pd.Series[Any]") -> Iterator[str]:
    """The setting of least energy among those that hardly copy, and the next control's."""
    best = few.iloc[0]
    floor = "within" if best.energy_heldout <= best.energy_heldout_floor else "outside"
    yield (
        f"Least copying at least loss: {named(best)} copies {copying(best)} where uniform copies"
        f" {share(uniform.f_mem)}, at an energy of {number(best.energy_heldout)} (uniform"
        f" {number(uniform.energy_heldout)}; {change(best)}, {floor} the noise floor), KID"
        f" {number(best.kid)} (uniform {number(uniform.kid)}), recall {number(best.recall)}"
        f" (uniform {number(uniform.recall)})."
    )
    others = few[few.control != best.control]
    if not len(others):
        yield f"No other control copies less than {HARDLY}."
        return
    other = others.iloc[0]
    apart = best.energy_heldout_high < other.energy_heldout_low
    yield (
        f"Next best: {named(other)} copies {copying(other)}, energy {number(other.energy_heldout)}"
        f" ({'beyond' if apart else 'not beyond'} what"
        f" {'other seeds' if best.over == 'seeds' else 'other samples'} may read)."
    )


def as_good(few: pd.DataFrame) -> Iterator[str]:
    """Which of the settings that hardly copy are not shown to lose quality."""
    columns = [f"{measure}_as_good" for measure in QUALITY]
    good = few[few[columns].all(axis=1)]
    yield f"Copies less than {HARDLY} and is as good as uniform:"
    if len(good):
        names = [f"{named(row)} (energy {change(row)})" for _, row in good.head(NAMED).iterrows()]
        yield ", ".join(names) + (f" and {len(good) - NAMED} more." if len(good) > NAMED else ".")
    else:
        best = few.iloc[few[columns].sum(axis=1).to_numpy().argmax()]
        lost = [WORDS[m] for m in QUALITY if not best[f"{m}_as_good"]]
        yield f"none; nearest is {named(best)}, which loses in {' and '.join(lost)}."
    over = few.over.iloc[0]
    yield "With one seed a setting this is of these models." if over == "samples" else ""
