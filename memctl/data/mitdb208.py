"""Heartbeats of record 208 of the MIT-BIH Arrhythmia Database, bundled: the data set that needs
nothing.

Five minutes of lead MLII (19:35 to 24:35) at 360 Hz, as SciPy shipped it; mV = (ecg - 1024) / 200.
Source: Moody and Mark 2001 (IEEE Eng. Med. Biol. 20(3)); Goldberger et al. 2000 (PhysioNet,
Circulation 101(23)).

Beats are cut around R peaks: from a third of the way to the previous peak to two thirds of the way
to the next, so that beats cover disjoint stretches of time and none can stand on both sides of a
split. Each is resampled to 140 values and z-normalised. Of 501 detected beats 491 are used: the
first and the last lack a neighbour, and 8 lie beside a gap that no heart leaves (under 0.3 s:
artefacts taken for peaks; over 1.2 s: beats lost under artefacts).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import MIN_LENGTH, DataSource, Examples
from memctl.data.normalise import znormalise
from memctl.errors import UserError

RATE = 360  # Hz
# Of a heart at 50 to 200 beats a minute; longer gaps hide beats under artefacts.
RR_SECONDS = (0.3, 1.2)


def r_peaks(ecg: NDArray[np.float64]) -> NDArray[np.intp]:
    """Sample indices of the R peaks: where the smoothed squared slope of the 5-25 Hz band peaks
    (after Pan and Tompkins 1985).
    """
    from scipy import signal  # here alone: it takes a second, and most commands read no beats

    band = signal.sosfiltfilt(signal.butter(2, (5, 25), "bandpass", fs=RATE, output="sos"), ecg)
    width = int(0.12 * RATE)
    energy = np.convolve(np.gradient(band) ** 2, np.ones(width) / width, mode="same")
    near, _ = signal.find_peaks(
        energy, height=0.05 * np.percentile(energy, 99), distance=int(RR_SECONDS[0] * RATE)
    )
    reach = int(0.1 * RATE)
    windows = np.clip(near[:, None] + np.arange(-reach, reach + 1), 0, len(ecg) - 1)
    return np.unique(windows[np.arange(len(near)), band[windows].argmax(axis=1)])


def cut(
    ecg: NDArray[np.float64], peaks: NDArray[np.intp], length: int
) -> tuple[NDArray[np.float64], int]:
    """Beats of `length` values, shape (n, 1, length), and how many were left out for a gap that is
    no heart's.
    """
    from scipy import signal

    # Without baseline wander.
    flat = signal.sosfiltfilt(signal.butter(2, 0.5, "highpass", fs=RATE, output="sos"), ecg)
    rr = np.diff(peaks)
    usable = (rr >= RR_SECONDS[0] * RATE) & (rr <= RR_SECONDS[1] * RATE)
    inner = 1 + np.flatnonzero(usable[:-1] & usable[1:])
    first, end = peaks[inner] - rr[inner - 1] / 3, peaks[inner] + 2 * rr[inner] / 3
    times = np.linspace(first, end, length, endpoint=False, axis=1)
    beats = np.interp(times, np.arange(len(flat)), flat)
    return beats[:, None], len(peaks) - 2 - len(beats)


MAX_LENGTH = 10_000  # values of a beat, of which the recording has some three hundred


@dataclass
class Mitdb208(DataSource):
    """The bundled beats, each of `length` values."""

    name = "mitdb208"
    length: int = 140
    base_epochs: int = 600  # the paper's 50 leave heartbeats unformed on 245 beats

    def __post_init__(self) -> None:
        super().__post_init__()
        if not MIN_LENGTH <= self.length <= MAX_LENGTH:
            raise UserError(
                f"data.length={self.length} is no length of a heartbeat; it must be at least"
                f" {MIN_LENGTH} and at most {MAX_LENGTH:,} values"
            )

    def files(self) -> list[Path]:
        return [Path(__file__).parent / "bundled" / "mitdb208.npz"]

    def read(self) -> Examples:
        ecg = (np.load(self.files()[0])["ecg"].astype(np.float64) - 1024) / 200
        beats, gaps = cut(ecg, r_peaks(ecg), self.length)
        values, _ = znormalise(beats)
        return Examples(
            values,
            dropped={
                "first and last, which lack a neighbour": 2,
                "beside a gap no heart leaves": gaps,
            },
            temporal=True,
        )
