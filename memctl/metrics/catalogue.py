"""The list of all metrics, in the order of records and tables. A new one is a line here."""

from memctl.config import Metrics
from memctl.metrics import (
    adaptive,
    amplitude,
    authpct,
    c_t,
    classes,
    coverage,
    dcr,
    distance_to_train,
    elastic,
    energy,
    f_mem,
    frechet,
    identifiability,
    mmd,
    projection,
    resemblance,
    sliced,
    spectrum,
    vendi,
)
from memctl.metrics.metric import Metric
from memctl.metrics.plugins import own_metrics


def built_in(components: int) -> dict[str, Metric]:
    """The metrics of memctl by name, those of so many principal components among them."""
    metrics = (
        distance_to_train.DISTANCE_TO_TRAIN,
        amplitude.JS_AMPLITUDE,
        *projection.metrics(components),
        f_mem.F_MEM,
        f_mem.RATIO_Q01,
        f_mem.RATIO_Q10,
        f_mem.RATIO_MEDIAN,
        dcr.DCR_SHARE,
        dcr.DCR_P,
        dcr.DELTA_NN,
        dcr.NN_TRAIN,
        dcr.NN_HELDOUT,
        energy.ENERGY_TRAIN,
        energy.ENERGY_HELDOUT,
        adaptive.ADAPTIVE_SHARE,
        authpct.AUTHPCT,
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
        identifiability.IDENTIFIABILITY,
        c_t.C_T,
        elastic.SHIFT_SHARE,
        elastic.DTW_SHARE,
        classes.CLASS_TV,
        classes.TSTR,
    )
    return {metric.name: metric for metric in metrics}


FLOORS = 2  # raised when the floors would read other numbers, as a metric's version for its own
METRICS = built_in(Metrics().components)  # memctl's own, those of the default components


def known(components: int = Metrics().components) -> dict[str, Metric]:
    """Every metric by name, with the user's own.

    Raises: UserError, for a file of the user's that is wrong.
    """
    own = built_in(components)
    return {**own, **own_metrics(own.values())}


def versions(config: Metrics) -> dict[str, int | str]:
    """What decides the numbers beside the settings: of each metric that is read under these its
    version, and of a user's own the digest of its file. Free of torch.

    Raises: UserError, for a file of the user's that is wrong.
    """
    return {
        "floors": FLOORS,
        **{
            metric.name: metric.source or metric.version
            for metric in known(config.components).values()
            if config.full or "full" not in metric.needs
        },
    }
