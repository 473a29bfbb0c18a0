"""A sampler as figure and table show it: its distribution, its draws, its numbers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from memctl.errors import UserError
from memctl.reporting.gallery.draws import Draws, chi2_p
from memctl.samplers import NoiseSchedule, ScheduleSampler, build_schedule_sampler
from memctl.samplers.base import Floats

RANGES = 20  # of t, in which draws and distribution are compared, as training logs them
CHUNK = 1_000_000  # draws at a time, so that memory does not grow with their number
COLUMNS = (
    "sampler",
    "mode",
    "mean",
    "sd",
    "median",
    "share_below_100",
    "share_below_300",
    "kl_to_uniform",
    "mean_log_snr",
    "ess",
    "lambda",
    "draws",
    "tv",
    "chi2_p",
    "note",
)


@dataclass(frozen=True)
class Entry:
    """One sampler of the figure.

    Attributes:
        title: What it is called there.
        schedule_sampler: The sampler and how it is used. schedule: Gives the log-SNR axis.
        draws: What was drawn; None if nothing was.
        record: The `sampler` of a run's record, whose numbers then hold; empty for a sampler that
            was typed.
        note: What a reader must know besides.
    """

    title: str
    schedule_sampler: ScheduleSampler
    schedule: NoiseSchedule
    draws: Draws | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @cached_property
    def pmf(self) -> Floats:
        """p(t), shape (T,).

        Of an adaptive sampler of a record, all that is known: the mean over its draws, by ranges.
        """
        if self._learned is None:
            return self.schedule_sampler.sampler.pmf
        edges, share = (np.asarray(self._learned[key]) for key in ("edges", "nominal"))
        return np.repeat(share / np.diff(edges), np.diff(edges))

    @property
    def proposal(self) -> Floats:
        """The distribution that t is drawn from, shape (T,)."""
        return self.pmf if self._learned is not None else self.schedule_sampler.proposal.pmf

    @property
    def spread(self) -> float:
        """The standard deviation of what is drawn, in steps."""
        t = np.arange(self.schedule.timesteps)
        return float(np.sqrt(self.proposal @ (t - self.proposal @ t) ** 2))

    @property
    def weights(self) -> Floats | None:
        """w(t), shape (T,); None where no draw is weighted, or where the weights changed with the
        losses.
        """
        plain = self.schedule_sampler.mode == "sample" and self.schedule_sampler.clip is None
        return None if plain or self._learned is not None else self.schedule_sampler.loss_weights

    @property
    def _learned(self) -> Mapping[str, Any] | None:
        realised = self.record.get("realised")
        return realised if realised and self.schedule_sampler.sampler.adaptive else None

    @cached_property
    def row(self) -> dict[str, Any]:
        """The table's row, with the columns `COLUMNS`; None for what does not apply.

        The statistics are those of p(t), whatever the mode; ess is the effective sample size of a
        draw. tv is the total variation distance between draws and the distribution they come from
        over 20 ranges of t, the test is finer.
        """
        statistics = {
            **self.schedule_sampler.sampler.statistics(self.schedule.log_snr),
            "ess": self.schedule_sampler.ess,
            **self.record.get("statistics", {}),
        }
        row = {
            **dict.fromkeys(COLUMNS),
            **{k: v for k, v in statistics.items() if k in COLUMNS},
            "sampler": self.title,
            "mode": self.schedule_sampler.mode,
            "note": self.note or None,
        }
        if self.draws is not None:
            row |= {
                "draws": self.draws.n,
                "tv": self._tv(self.draws.coarse(RANGES)),
                "chi2_p": self._chi2_p(self.draws),
            }
        return row

    def _tv(self, draws: Draws) -> float:
        expected = np.add.reduceat(self.proposal, draws.edges[:-1])
        return float(np.abs(draws.counts / draws.n - expected).sum() / 2)

    def _chi2_p(self, draws: Draws) -> float | None:
        realised = self.record.get("realised") or {}
        if "chi2_p" in realised:
            return realised["chi2_p"]
        if self.schedule_sampler.stratified:
            return None  # such draws agree better than the test expects of independent ones
        return chi2_p(draws.counts, draws.n * np.add.reduceat(self.proposal, draws.edges[:-1]))


def from_spec(spec: Mapping[str, Any], schedule: NoiseSchedule) -> Entry:
    """A sampler that the user asked for, before training. Raises: UserError."""
    schedule_sampler = usable(spec, schedule)
    note = "adaptive: as before training, uniform" if schedule_sampler.sampler.adaptive else ""
    return Entry(schedule_sampler.label, schedule_sampler, schedule, note=note)


def from_record(record: Mapping[str, Any], schedule: NoiseSchedule) -> Entry:
    """The sampler of a run's record, with the record's numbers and draws. Raises: UserError."""
    sampler = record["sampler"]
    spec = {k: v for k, v in sampler.items() if k not in ("statistics", "realised")}
    try:
        schedule_sampler = usable(spec, schedule)
    except UserError as error:
        raise UserError(f"the record of {record.get('name')}: {error}") from None
    realised, draws = sampler.get("realised") or {}, None
    if realised.get("draws"):
        counts = np.asarray(realised["realised"]) * realised["draws"]
        draws = Draws(np.asarray(realised["edges"]), counts)
    note = "adaptive: the mean over its draws" if schedule_sampler.sampler.adaptive else ""
    return Entry(schedule_sampler.label, schedule_sampler, schedule, draws, sampler, note)


def with_draws(entry: Entry, n: int, batch: int, seed: int) -> Entry:
    """With n draws of its own, the same ones whatever else the figure has; stratified ones in
    batches.

    Raises:
        UserError: a user's own sampler that draws something else than indices.
    """
    if n == 0:
        return entry
    import torch

    timesteps, generator = entry.schedule.timesteps, torch.Generator().manual_seed(seed)
    size, counts = batch if entry.schedule_sampler.stratified else CHUNK, np.zeros(timesteps)
    for start in range(0, n, size):
        t = entry.schedule_sampler.draw(min(size, n - start), generator).numpy()
        if t.min() < 0 or t.max() >= timesteps:
            raise UserError(
                f"sampler={entry.title} drew the indices {t.min()} to {t.max()}; they must lie in"
                f" 0..{timesteps - 1}"
            )
        counts += np.bincount(t, minlength=timesteps)
    return replace(entry, draws=Draws(np.arange(timesteps + 1), counts))


def merge_runs(entries: Iterable[Entry], names: Iterable[str]) -> list[Entry]:
    """Runs of one sampler, such as a cell's seeds, as one with all their draws; adaptive ones
    differ, and get their runs' names.
    """
    merged: dict[str, Entry] = {}
    for entry, name in zip(entries, names, strict=True):
        one = entry.schedule_sampler
        if one.sampler.adaptive:
            merged[name] = replace(entry, title=name)
            continue
        key = json.dumps([one.label, one.sampler.spec(), entry.schedule.spec()], sort_keys=True)
        other = merged.setdefault(key, entry)
        if other is entry or other.draws is None or entry.draws is None:
            continue
        if np.array_equal(other.draws.edges, entry.draws.edges):
            draws = Draws(entry.draws.edges, other.draws.counts + entry.draws.counts)
            # The p of one run is not that of all.
            numbers = {k: v for k, v in other.record.items() if k != "realised"}
            merged[key] = replace(other, draws=draws, record=numbers)
    return list(merged.values())


def usable(spec: Mapping[str, Any], schedule: NoiseSchedule) -> ScheduleSampler:
    """The sampler of a spec. Raises: UserError, also where its loss weights cannot be."""
    schedule_sampler = build_schedule_sampler(spec, schedule)
    timesteps = schedule_sampler.sampler.timesteps
    if timesteps != schedule.timesteps:
        raise UserError(
            f"sampler={schedule_sampler.label} has {timesteps} steps, the noise schedule"
            f" {schedule.timesteps}; one figure needs one T: give --timesteps {timesteps}"
        )
    _ = schedule_sampler.loss_weights
    return schedule_sampler
