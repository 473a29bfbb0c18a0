"""Whether generated signals move in time as real ones do: their autocorrelation and their power
spectrum, means over examples.

    acf_distance       sqrt(mean over k of (r_k(G) - r_k(Y))^2),
                       r_k = mean over examples of sum_t x_t x_{t+k} / sum_t x_t^2
    spectrum_distance  sqrt(mean over f of (S_f(G) - S_f(Y))^2),
                       S_f = mean over examples of 10 log10 |FFT(window * x)_f|^2

of examples less their own mean, over lags k >= 1 and frequencies f >= 1, and all channels.
acf_distance is in [0, 2], spectrum_distance in decibels from 0; 0 is equal means, lower is better.
Source: the autocorrelation difference of TSGBench (Ang et al. 2024, arXiv 2309.03755), here root
mean square; the log-spectral distance of speech coding (Gray and Markel 1976).

Blind spots: both see means over examples, not whether examples differ among themselves as they
should; neither sees phase, so an example played backwards is equal, nor any copying: copies of
train are near 0. acf does not see scale. The spectrum weighs quiet frequencies as it does loud
ones, and so is the sharper for noise and blur that the eye does not see. By chance n and m examples
of one distribution differ by about 5.6 sqrt(1/n + 1/m) dB, if their spectra are noise. Cost: one
FFT an example.
"""

import numpy as np

from memctl.metrics.equal_sets import EqualSets, read
from memctl.metrics.measure import Floats
from memctl.metrics.metric import UP, Metric

# Of the reference's mean power a frequency: one without power has -100 dB, not minus infinity.
FLOOR = 1e-10


def centred(x: Floats) -> Floats:
    """Each channel of each example less its mean, float64: shape (n, channels, length)."""
    x = x.astype(np.float64)
    return x - x.mean(axis=-1, keepdims=True)


def autocorrelation(x: Floats, lags: int) -> Floats:
    """r_0..r_lags of each example, shape (n, channels, lags + 1); of a constant one 0 for k >= 1.

    The sum is divided by that of lag 0, not by the number of its terms: |r_k| <= 1, and r_k falls
    towards 0 at long lags.
    """
    length = x.shape[-1]
    # padded, so that ends do not meet
    power = np.abs(np.fft.rfft(centred(x), n=2 * length, axis=-1)) ** 2
    sums = np.fft.irfft(power, axis=-1)[..., : lags + 1]
    energy = sums[..., :1]
    r = np.divide(sums, energy, out=np.zeros_like(sums), where=energy > 0)
    r[..., 0] = 1.0
    return r


def acf_distance(samples: Floats, reference: Floats, share: float = 0.5) -> float:
    """Root mean square difference of the mean autocorrelation functions, over lags of 1 to that
    share of the length.

    Args:
        samples, reference: Signals, shapes (m, channels, length) and (n, channels, length).
    """
    lags = max(1, int(share * samples.shape[-1]))
    a, b = (autocorrelation(x, lags)[..., 1:].mean(axis=0) for x in (samples, reference))
    return float(np.sqrt(np.mean((a - b) ** 2)))


def power(x: Floats) -> Floats:
    """Power of each example at frequencies 1..length // 2 (cycles an example), shape (n, channels,
    length // 2).

    Under Hann's window: without one, the jump between an example's two ends spreads over all
    frequencies and hides the quiet ones.
    """
    length = x.shape[-1]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return np.abs(np.fft.rfft(window * centred(x), axis=-1)[..., 1:]) ** 2


def spectrum_distance(samples: Floats, reference: Floats) -> float:
    """Root mean square difference of the mean log power spectra, in dB.

    Args:
        samples, reference: Signals, shapes (m, channels, length) and (n, channels, length).
    """
    a, b = power(samples), power(reference)
    floor = max(FLOOR * float(b.mean()), np.finfo(np.float64).tiny)
    levels = [10 * np.log10(np.maximum(p, floor)).mean(axis=0) for p in (a, b)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))


def signals(sets: EqualSets) -> tuple[Floats, Floats]:
    """Samples and real examples as signals, shape (k, channels, length) each."""
    shape = (-1, *sets.sides.shape)
    return sets.samples.reshape(shape), sets.real.reshape(shape)


def acf(sets: EqualSets) -> float:
    """`acf_distance` of them."""
    return acf_distance(*signals(sets))


def spectrum(sets: EqualSets) -> float:
    """`spectrum_distance` of them."""
    return spectrum_distance(*signals(sets))


ACF_DISTANCE = Metric(
    name="acf_distance",
    read=read(acf),
    of_sets=acf,
    title="difference of mean autocorrelations",
    about="of signals: difference of the mean autocorrelation from that of held-out",
    range="0 to 2, fair its floor",
    needs=("full", "time"),
    bad="high",
    claims={"mean": UP, "noise": UP},
)
SPECTRUM_DISTANCE = Metric(
    name="spectrum_distance",
    read=read(spectrum),
    of_sets=spectrum,
    title="difference of mean power spectra (dB)",
    about="of signals: difference of the mean power spectrum from that of held-out",
    range="0 dB up, fair its floor",
    needs=("full", "time"),
    bad="high",
    claims={"mean": UP, "noise": UP, "blurred": UP},
)
