"""A user's own metrics: values `Metric(...)` in the .py files of the folders that MEMCTL_PLUGINS
names.

They are measured, read for the yardsticks, calibrated and reported like memctl's own.
"""

from collections.abc import Collection
from dataclasses import replace

from memctl import plugins
from memctl.errors import UserError
from memctl.metrics.generators import CALIBRATORS, IN_TIME
from memctl.metrics.metric import Metric
from memctl.registry import closest

GENERATORS = [*CALIBRATORS, *IN_TIME]


def own_metrics(built_in: Collection[Metric]) -> dict[str, Metric]:
    """The user's metrics by name.

    Args:
        built_in: The metrics of memctl, which a file may import.

    Raises:
        UserError: a folder that is named and missing, a file that cannot be imported, a name that
            is taken, a claim about a generator that there is not.
    """
    own: dict[str, Metric] = {}
    names = {metric.name for metric in built_in}
    for path, digest, module in plugins.load():
        for metric in vars(module).values():
            if not isinstance(metric, Metric) or any(metric is other for other in built_in):
                continue
            if metric.name in names or metric.name.startswith("probe_"):
                raise UserError(
                    f"{path}: memctl has a metric {metric.name} of its own; give yours another name"
                )
            if metric.name in own:
                raise UserError(
                    f"{path}: the name {metric.name} is taken by {own[metric.name].file}"
                )
            for generator in metric.claims:
                if generator not in GENERATORS:
                    raise UserError(
                        f"{path}: metric {metric.name} claims to tell {generator}"
                        f"{closest(generator, GENERATORS)}; generators are {', '.join(GENERATORS)}"
                    )
            own[metric.name] = replace(metric, file=str(path), source=digest)
    return own
