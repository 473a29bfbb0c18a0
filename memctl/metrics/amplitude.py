"""The paper's "JS distance" for signals, in its three readings. All are blind to order in time, or
nearly:

    pooled         the amplitudes of one signal against those of the whole training set (the
                   default reading)
    pairwise_hist  the amplitudes of one signal against those of each training signal, averaged
    pairwise_pmf   the signal itself, shifted to be non-negative and divided by its sum, against
                   each training signal

With 140 values in 50 bins a real signal is at about 0.2 of the pooled training set, and never near
0: read it beside its held-out value.
"""

import numpy as np

from memctl.metrics.claims import UNLIKE_THE_DATA
from memctl.metrics.comparison import Comparison
from memctl.metrics.divergence import divergence, histogram, open_edges
from memctl.metrics.means import mean_of, resampling_floor
from memctl.metrics.measure import Floats
from memctl.metrics.metric import Metric


def as_pmf(x: Floats) -> Floats:
    """Rows shifted to a minimum of 0 and divided by their sum: shape (n, D)."""
    shifted = x - x.min(axis=1, keepdims=True)
    total = shifted.sum(axis=1, keepdims=True)
    return np.where(total > 0, shifted / np.where(total > 0, total, 1), 1 / x.shape[1])


def amplitude_js(samples: Floats, train: Floats, mode: str, bins: int) -> Floats:
    """JS distance (root of nats, in [0, 0.833]) of each sample to the training set: shape (m,).

    Args:
        samples: shape (m, D).
        train: shape (n, D).
        mode: One of the readings above.
    """
    edges = open_edges(train, bins)
    if mode == "pairwise_pmf":
        rows, references = as_pmf(samples), as_pmf(train)
    else:
        rows = np.stack([histogram(row, edges) for row in samples])
        references = np.stack([histogram(row, edges) for row in train])
    if mode == "pooled":
        return np.sqrt(divergence(rows, references.mean(axis=0)[None]))
    return np.array([np.sqrt(divergence(row[None], references)).mean() for row in rows])


def distance(c: Comparison) -> Floats:
    """That of each sample of a comparison, by the settings: shape (m,)."""
    config = c.sides.config
    return amplitude_js(c.samples, c.sides.train, config.amplitude_js, config.bins)


JS_AMPLITUDE = Metric(
    name="js_amplitude",
    read=mean_of("js_amplitude", lambda c: c.once(distance)),
    floor=resampling_floor(lambda c: c.once(distance)),
    title="JS distance of amplitudes to train (the paper's)",
    about="the paper's JS distance for signals: amplitudes of one signal against all of train",
    range="0 to 0.833",
    needs=("unbounded",),
    bad="both",
    claims=UNLIKE_THE_DATA,
)
