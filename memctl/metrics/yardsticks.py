"""What the metrics read where the answer is known: for generators without a model, made from the
data itself.

For SHARES, class_tv, tstr and c_t the held-out examples are halved at random, many times: one half
is where the generator takes its fresh examples from, the other the held-out side, against as many
training examples. A yardstick's interval holds 95 % of these. A generator that makes all from
training examples needs no halves: it is read as samples are, against the same sides.

`floor` is what a perfect model of as many samples would read by chance: fresh real examples of that
number (dcr_share, delta_nn, shift_share and dtw_share: the held-out yardstick itself, of half the
held-out examples against half, and so wider; tstr: training examples, of which there may be fewer
than samples).
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from memctl.data import Split
from memctl.metrics import copying
from memctl.metrics.amplitude import amplitude_js
from memctl.metrics.authenticity import authentic
from memctl.metrics.classes import total_variation
from memctl.metrics.distance import Scan
from memctl.metrics.energy import LIMIT, limited, permuted
from memctl.metrics.generators import GENERATORS, Generator
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.quality import exposed, size
from memctl.metrics.suite import Suite

HALVINGS = 20
SHARES = ("dcr_share", "delta_nn", "shift_share", "dtw_share")


def spread(values: list[float] | Floats) -> Measure:
    """The mean, and the range that holds 95 % of the values."""
    low, high = np.quantile(values, (0.025, 0.975))
    return Measure(float(np.mean(values)), float(low), float(high))


def halvings(suite: Suite, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """For each halving the training and the held-out side, of equal size, as indices of the pool,
    in turn.
    """
    pairs = []
    for _ in range(HALVINGS):
        k = min(len(suite.heldout) // 2, suite.n_train)
        pairs += [
            rng.choice(suite.n_train, k, replace=False),
            suite.n_train + rng.choice(len(suite.heldout), k, replace=False),
        ]
    return pairs


def counted(
    suite: Suite, source: NDArray[np.intp], train: NDArray[np.intp], heldout: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which examples count in a halving: those made from its training side, or from no held-out
    example of it.
    """
    used = np.zeros(len(suite.pool) + 1, dtype=bool)  # the last entry is for -1
    used[suite.n_train :] = True
    used[train], used[heldout] = True, False
    return used[source]


def halved(
    suite: Suite, found: Scan, source: NDArray[np.intp], pairs: list[NDArray[np.intp]]
) -> dict[str, Measure]:
    """dcr_share and delta_nn of a generator, over random halves of the held-out examples.

    Args:
        found: The pass over what it made, with `pairs` as its subsets.
        source: As in `Made`.
    """
    shares, deltas = [], []
    for h in range(0, len(pairs), 2):
        rows = counted(suite, source, pairs[h], pairs[h + 1])
        if rows.any():
            x, y = found.subsets[h][rows], found.subsets[h + 1][rows]
            shares.append(float(copying.closer_to_train(x, y).mean()))
            deltas.append(float((y - x).mean()))
    return {"dcr_share": spread(shares), "delta_nn": spread(deltas)}


def halved_in_time(
    suite: Suite, samples: Floats, source: NDArray[np.intp]
) -> Iterator[tuple[str, Measure]]:
    """shift_share and dtw_share of a generator of signals, over random halves of what they compare
    with.
    """
    elastic, rng = suite.elastic, suite.rng(14)
    if elastic is None:
        return
    k, source = len(elastic.index) // 2, source[elastic.chosen(len(samples))]
    halves = [
        (rng.choice(k, k // 2, replace=False), k + rng.choice(k, k // 2, replace=False))
        for _ in range(HALVINGS)
    ]
    for name, d in elastic.distances(samples):
        shares = []
        for train, heldout in halves:
            rows = d[counted(suite, source, elastic.index[train], elastic.index[heldout])]
            if len(rows):
                shares.append(
                    float(
                        copying.closer_to_train(
                            rows[:, train].min(axis=1), rows[:, heldout].min(axis=1)
                        ).mean()
                    )
                )
        yield name, spread(shares)


def halved_classes(
    suite: Suite,
    samples: Floats,
    found: Scan,
    source: NDArray[np.intp],
    pairs: list[NDArray[np.intp]],
) -> dict[str, Measure]:
    """class_tv and tstr of a generator, over random halves of the held-out examples."""
    classified = suite.classified(samples, found.near[0].nearest)
    if classified is None:
        return {}
    source, asked = limited(source), limited(np.arange(suite.n_train, len(suite.pool)))
    rows: list[dict[str, Measure]] = []
    for train, heldout in zip(pairs[::2], pairs[1::2], strict=True):
        used, asks = counted(suite, source, train, heldout), np.isin(asked, heldout)
        if used.any() and asks.any():
            rows.append(classified.part(used, asks).measure())
    return {name: spread([row[name].value for row in rows]) for name in rows[0]} if rows else {}


def class_floor(suite: Suite, fresh: Floats, found: Scan, n: int) -> dict[str, Measure]:
    """The floors of class_tv and tstr.

    class_tv: n draws from the held-out examples as classified, against their labels, whose shares
    are the data's own, for the split is stratified. tstr: as many training examples as there are, at
    most n.
    """
    classified = suite.classified(fresh, found.near[0].nearest)
    if classified is None:
        return {}
    rng, said = suite.rng(16), classified.samples
    lost = [
        total_variation(said[rng.integers(len(said), size=n)], classified.heldout)
        for _ in range(suite.config.repeats)
    ]
    train = rng.choice(suite.n_train, min(n, suite.n_train), replace=False)
    real = suite.classified(suite.train[train], train)
    return {"class_tv": spread(lost), "tstr": real.measure()["tstr"]} if real else {}


def floor(suite: Suite, fresh: Floats, found: Scan, n: int) -> dict[str, Measure]:
    """The spread of each metric over n fresh real examples.

    Means of one value an example are resampled twice, for the held-out examples are themselves a
    sample: once to their own number, and from that to n. The energy distance is that of random
    relabellings of train and held-out, in the ratio of 1/n + 1/m that its null distribution scales
    with (a degenerate U-statistic). f_mem is the beta-binomial prediction.

    Args:
        fresh: Held-out examples, shape (m, D), and `found`, the pass over them.
    """
    config, rng, m, near = suite.config, suite.rng(5), len(fresh), found.near[0]
    each = {"distance_to_train": near.mean, "nn_train": near.first}
    if config.full:
        each["adaptive_share"] = (copying.adaptive_ratio(found.closest) < 1).astype(float)
        each["authpct"] = 100 * authentic(near, suite.nearest_other(near.nearest))
        each["corr_train"] = suite.resemblance(fresh, near)
    if not suite.bounded:
        each["js_amplitude"] = amplitude_js(fresh, suite.train, config.amplitude_js, config.bins)
    draws: dict[str, list[float]] = {name: [] for name in each}
    scores = np.concatenate(
        [suite.projection.scores, suite.projection.pca.transform(suite.heldout)]
    )
    for _ in range(config.repeats):
        for name, values in each.items():
            source = values[rng.integers(m, size=m)]
            draws[name].append(float(source[rng.integers(m, size=n)].mean()))
        a, b = (scores[rng.integers(len(scores), size=size)] for size in (n, suite.n_train))
        for name, value in suite.projection.compare(a, b).items():
            draws.setdefault(name, []).append(value)
    relabelled = permuted(suite.train, suite.heldout, rng, config.repeats, config.reduce)
    of = lambda *sizes: sum(1 / min(size, LIMIT) for size in sizes)
    for name, other in (("energy_train", suite.n_train), ("energy_heldout", len(suite.heldout))):
        draws[name] = list(relabelled * of(n, other) / of(suite.n_train, len(suite.heldout)))
    hits = copying.f_mem(near, config.threshold).value * m
    low, high = stats.betabinom(n, hits + 0.5, m - hits + 0.5).ppf((0.025, 0.975)) / n
    out = {name: spread(values) for name, values in draws.items()} | {
        "f_mem": Measure(hits / m, float(low), float(high))
    }
    return out | (dict(relabellings(suite, n)) if config.full else {})


def relabellings(suite: Suite, n: int) -> Iterator[tuple[str, Measure]]:
    """The floors of `Suite.variety`, as many examples a side as n samples have there: train and
    held-out labelled anew by chance.

    C_T is standard normal for fresh examples.
    """
    reach = float(stats.norm.ppf(0.975))
    yield "c_t", Measure(0.0, -reach, reach)
    k, rng = size(n, suite.n_train, len(suite.heldout)), suite.rng(11)
    rows: list[dict[str, float]] = []
    for _ in range(HALVINGS if k else 0):
        g, y = np.split(rng.choice(len(suite.pool), 2 * k, replace=False), 2)
        found = suite.quality.measure(suite.pool[g], suite.pool[y], rng, 2)
        rows.append(
            {name: m.value for name, m in found.items()}
            | {"identifiability": exposed(suite.pool[g], suite.pool[y]).value}
        )
    for name in rows[0] if rows else ():
        yield name, spread([row[name] for row in rows])


def yardsticks(
    suite: Suite, split: Split, n: int, generators: Mapping[str, Generator] = GENERATORS
) -> dict[str, dict[str, Measure]]:
    """Every yardstick's reading of every metric, of at most n examples each.

    Args:
        n: Number of generated samples that the readings will stand beside.
        generators: By name; one of them is `heldout`.
    """
    out, fair = {}, {}
    pairs = halvings(suite, suite.rng(3))
    for k, (name, generator) in enumerate(generators.items()):
        made = generator(split, n, suite.rng(4, k))
        samples = suite.prepare(made.examples)
        follows = bool(((made.source >= 0) & (made.source < suite.n_train)).all())
        found = suite.measured(samples) if follows else suite.scan(samples, pairs)
        energies = dict(suite.energies(samples, found))
        fresh = bool(
            (made.source >= suite.n_train).any()
        )  # made from held-out examples: comparing it with them would be no test
        if fresh:
            energies["energy_heldout"] = energies["energy_train"]
        sides = (
            dict(suite.against_heldout(found))
            if follows
            else halved(suite, found, made.source, pairs)
        )
        nearer = {metric: sides[metric] for metric in ("dcr_share", "delta_nn")}
        out[name] = {**dict(suite.distribution(samples, found.near[0])), **nearer, **energies}
        if suite.config.full:
            out[name] |= dict(suite.copying(samples, found))
            out[name] |= dict(suite.variety(samples, suite.train if fresh else suite.heldout))
            out[name] |= (
                dict(suite.sides(samples, found))
                if follows
                else halved_sides(suite, samples, found, made.source, pairs)
            )
        if name == "heldout":
            fair = floor(suite, samples, found, n) | {
                k: out[name][k] for k in SHARES if k in out[name]
            }
            fair |= class_floor(suite, samples, found, n) if suite.config.full else {}
    return {**out, "floor": fair}


def halved_sides(
    suite: Suite,
    samples: Floats,
    found: Scan,
    source: NDArray[np.intp],
    pairs: list[NDArray[np.intp]],
) -> dict[str, Measure]:
    """`Suite.sides` of a generator, over random halves of the held-out examples; c_t over the first
    of them.
    """
    apart = counted(suite, source, pairs[0], pairs[1])
    ranks = dict(suite.ranks(samples[apart], suite.pool[pairs[1]])) if apart.any() else {}
    return (
        ranks
        | dict(halved_in_time(suite, samples, source))
        | halved_classes(suite, samples, found, source, pairs)
    )
