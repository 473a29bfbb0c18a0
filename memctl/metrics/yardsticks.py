"""What the metrics read where the answer is known: for generators without a model, made from the
data itself.

A generator that makes all from training examples is read as samples are, against the same sides.
For others the held-out examples are halved at random, many times, where a metric needs it: one half
is where the generator takes its fresh examples from, the other the held-out side, against as many
training examples. The yardstick's interval holds 95 % of these halvings.

`floor` is what a perfect model of as many samples would read by chance: fresh real examples of that
number. Of a metric that needs halvings it is the held-out yardstick itself, of half the held-out
examples against half, and so wider.
"""

from collections.abc import Mapping

from memctl.data import Split
from memctl.metrics.comparison import Comparison
from memctl.metrics.equal_sets import over_relabellings
from memctl.metrics.generators import GENERATORS, Generator
from memctl.metrics.measure import Measure, spread
from memctl.metrics.suite import Suite, read


def yardsticks(
    suite: Suite, split: Split, n: int, generators: Mapping[str, Generator] = GENERATORS
) -> dict[str, dict[str, Measure]]:
    """Every yardstick's reading of every metric, of at most n examples each.

    Args:
        n: Number of generated samples that the readings will stand beside.
        generators: By name; one of them is `heldout`.

    Raises:
        UserError: a metric of the user's that fails.
    """
    out, floor = {}, {}
    for name, generator in generators.items():
        output = generator(split, n, suite.sides.rng(f"generator {name}"))
        comparison = Comparison.of_generator(suite.sides, output, n)
        out[name] = read(comparison, (m for m in suite.metrics if m.yardsticks))
        if name == "heldout":
            floor = floors(suite, comparison)
    return {**out, "floor": floor}


def floors(suite: Suite, fresh: Comparison) -> dict[str, Measure]:
    """What 95 % of as many fresh real examples would read.

    Args:
        fresh: The held-out examples.
    """
    quality = {m.name: m.value for m in suite.metrics if m.of_sets}
    values = over_relabellings(quality, suite.sides, fresh.n)
    out = {}
    for metric in suite.metrics:
        if metric.name in values:
            out[metric.name] = spread(values[metric.name])
        elif measure := metric.fresh(fresh):
            out[metric.name] = measure
    return out
