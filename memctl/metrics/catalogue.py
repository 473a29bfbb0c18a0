"""The list of all metrics, in the order of records and tables. A new one is a line here."""

from memctl.config import Metrics
from memctl.metrics import (
    amplitude,
    authenticity,
    classes,
    copying,
    coverage,
    distance,
    elastic,
    energy,
    frechet,
    mmd,
    projection,
    resemblance,
    sliced,
    spectrum,
    vendi,
)
from memctl.metrics.metric import Metric


def listed(components: int) -> dict[str, Metric]:
    """The metrics of memctl by name, those of so many principal components among them."""
    metrics = (
        distance.DISTANCE_TO_TRAIN,
        amplitude.JS_AMPLITUDE,
        *projection.metrics(components),
        copying.F_MEM,
        copying.RATIO_Q01,
        copying.RATIO_Q10,
        copying.RATIO_MEDIAN,
        copying.DCR_SHARE,
        copying.DCR_P,
        copying.DELTA_NN,
        copying.NN_TRAIN,
        copying.NN_HELDOUT,
        energy.ENERGY_TRAIN,
        energy.ENERGY_HELDOUT,
        copying.ADAPTIVE_SHARE,
        authenticity.AUTHPCT,
        resemblance.CORR_TRAIN,
        coverage.PRECISION,
        coverage.RECALL,
        coverage.DENSITY,
        coverage.COVERAGE,
        mmd.KID,
        mmd.MMD,
        frechet.FRECHET,
        vendi.VENDI_RATIO,
        sliced.SLICED_W2,
        spectrum.ACF_DISTANCE,
        spectrum.SPECTRUM_DISTANCE,
        authenticity.IDENTIFIABILITY,
        authenticity.C_T,
        elastic.SHIFT_SHARE,
        elastic.DTW_SHARE,
        classes.CLASS_TV,
        classes.TSTR,
    )
    return {metric.name: metric for metric in metrics}


METRICS = listed(Metrics().components)


def versions(config: Metrics) -> dict[str, int | str]:
    """What decides the numbers beside the settings: of each metric that is read under these its
    version, and of a user's own the digest of its file. Free of torch.
    """
    return {
        metric.name: metric.source or metric.version
        for metric in listed(config.components).values()
        if config.full or "full" not in metric.needs
    }
