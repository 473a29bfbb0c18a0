"""Generators of known behaviour do what they say, by as much as they say."""

import numpy as np
import pytest

from memctl.metrics.distance import distances
from memctl.trials import generators, transformations
from memctl.trials.generators import GENERATORS, KDE, nearest_other
from memctl.trials.populations import POPULATIONS, drawn
from memctl.trials.transformations import TRANSFORMATIONS
from memctl.trials.trial import change

N, M = 40, 60


@pytest.fixture(scope="module")
def draws():
    return {name: drawn(name, N, 0, M) for name in POPULATIONS}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def transformed(name, draw, rng):
    x = draw.split.train.astype(np.float64)
    return x, TRANSFORMATIONS[name](x, draw, rng)


@pytest.mark.parametrize("name", POPULATIONS)
def test_no_two_examples_of_a_draw_are_the_same(draws, name):
    draw = draws[name]
    sides = (draw.split.train, draw.split.heldout, draw.fresh)
    assert [len(side) for side in sides] == [N, N, 2 * M]
    assert len({x.tobytes() for side in sides for x in side}) == 2 * N + 2 * M
    assert draw.split.train[0].size == POPULATIONS[name].values
    assert draw.split.temporal == POPULATIONS[name].temporal


def test_small_data_give_what_is_left():
    draw = drawn("beats", 70, 0, 1000)
    assert len(draw.fresh) == POPULATIONS["beats"].most() - 140
    assert len(generators.fresh(draw, 1000, np.random.default_rng(0)).examples) == len(draw.fresh)


@pytest.mark.parametrize("data", ("digits", "channels"))
@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_gives_so_many_samples_of_which_so_many_are_copies(draws, rng, data, name):
    draw, generator = draws[data], GENERATORS[name]
    if name not in generators.names(draw.split.temporal):
        assert name.startswith("mirror")
        return
    examples, source = generator.make(draw, M, rng)
    if name != "dropped":  # which gives what is left of the spare ones
        assert len(examples) == M
    assert examples.shape[1:] == draw.split.train.shape[1:]
    assert np.isfinite(examples).all()
    known = {x.tobytes() for x in (*draw.split.train, *draw.split.heldout)}
    own = [x.astype(np.float32).tobytes() in known for x in examples]
    if generator.kind == "copies":
        assert (source >= 0).sum() == round(generator.share * M)
        assert (source < N).all()
    if name.startswith(("exact", "part")):
        assert (np.array(own) == (source >= 0)).all()
        assert (examples[source >= 0] == draw.split.train[source[source >= 0]]).all()
    elif generator.kind in ("swapped", "both"):
        assert all(own)
    else:
        assert not any(own)


@pytest.mark.parametrize("percent", (1, 5, 10, 20))
def test_noise_is_of_its_share(draws, rng, percent):
    draw = draws["channels"]
    x, y = transformed(f"noise{percent}", draw, rng)
    assert np.std(y - x) == pytest.approx(percent / 100 * draw.sd, rel=4 / np.sqrt(2 * x.size))


@pytest.mark.parametrize("by", (1, 2))
def test_shifts_move_along_each_axis(draws, rng, by):
    x, y = transformed(f"shift{by}", draws["blobs"], rng)
    assert (y[..., by:, by:] == x[..., :-by, :-by]).all()
    assert (y[..., 0, by:] == x[..., 0, :-by]).all()
    x, y = transformed(f"shift{by}", draws["beats"], rng)
    assert (y[..., by:] == x[..., :-by]).all()
    assert (y[..., :by] == x[..., :1]).all()


def test_a_mirror_image_is_the_image_from_the_right(draws, rng):
    x, y = transformed("mirror", draws["blobs"], rng)
    assert (y[..., 0] == x[..., -1]).all()
    assert (y[..., ::-1] == x).all()


def test_zoom_stretches_a_line_about_its_middle(draws, rng):
    line = np.arange(9.0)
    expected = 4 + transformations.ZOOM * (line - 4)
    assert transformations.zoomed(line[None, None], draws["smooth"], rng)[0, 0] == pytest.approx(
        expected
    )
    plane = 10 * line[:, None] + line
    zoomed = transformations.zoomed(plane[None, None], draws["blobs"], rng)[0, 0]
    assert zoomed == pytest.approx(10 * expected[:, None] + expected)


def test_brightness_and_contrast_are_of_their_size(draws, rng):
    draw = draws["smooth"]
    x, y = transformed("bright", draw, rng)
    assert y - x == pytest.approx(np.full_like(x, transformations.BRIGHTER * draw.sd))
    x, y = transformed("contrast", draw, rng)
    assert y.mean(axis=(1, 2)) == pytest.approx(x.mean(axis=(1, 2)), abs=1e-6)
    assert y.std(axis=(1, 2)) == pytest.approx(transformations.CONTRAST * x.std(axis=(1, 2)))


def test_crops_keep_what_is_within_a_border(draws, rng):
    x, y = transformed("crop", draws["digits"], rng)
    assert (y[..., 1:-1, 1:-1] == x[..., 1:-1, 1:-1]).all()
    assert (y[..., 0, :] == y[..., 1, :]).all()
    assert (y[..., -1] == y[..., -2]).all()
    x, y = transformed("crop", draws["beats"], rng)  # 5 % of 140
    assert (y[..., :7] == x[..., 7:8]).all()
    assert (y[..., 7:-7] == x[..., 7:-7]).all()


def test_signals_are_coded_in_a_few_levels(draws, rng):
    x, y = transformed("reencode", draws["smooth"], rng)
    step = (x.max() - x.min()) / (transformations.LEVELS - 1)
    assert len(np.unique(y.round(9))) <= transformations.LEVELS
    assert 0.4 * step < np.abs(y - x).max() <= 0.5 * step + 1e-9


@pytest.mark.parametrize("data", ("digits", "blobs"))
def test_images_are_coded_as_jpeg(draws, rng, data):
    x, y = transformed("reencode", draws[data], rng)
    pixels = (y + 1) / 2 * 255
    assert pixels == pytest.approx(pixels.round(), abs=1e-9)
    assert 0.001 < np.abs(y - x).mean() < 0.15
    grey = np.full((1, *x.shape[1:]), 0.2)
    assert transformations.reencoded(grey, draws[data], rng) == pytest.approx(grey, abs=2 / 255)


def test_soft_copies_have_the_same_sum_and_less_detail(draws, rng):
    spike = np.zeros((1, 1, 9, 9))
    spike[0, 0, 4, 4] = 1
    soft = transformations.softened(spike, draws["blobs"], rng)
    assert soft.sum() == pytest.approx(1)
    # exp(-1 / 2 / 0.7^2) of its middle a pixel away
    assert soft[0, 0, 4, 5] / soft[0, 0, 4, 4] == pytest.approx(np.exp(-0.5 / 0.49), rel=1e-3)


def test_a_change_is_in_distances_to_a_neighbour(draws, rng):
    draw = draws["smooth"]
    flat = draw.sides.train
    d = distances(flat, flat)
    np.fill_diagonal(d, np.inf)
    for name, expected in (("exact_50", 0.0), ("bright_20", transformations.BRIGHTER * draw.sd)):
        output = GENERATORS[name].make(draw, M, rng)
        found = change(draw.sides, draw.sides.prepare(output.examples), output)
        assert found == pytest.approx(expected / np.median(d.min(axis=1)), rel=1e-6)


def test_averages_lie_half_way_to_the_nearest_other(draws, rng):
    draw = draws["smooth"]
    train, other = draw.sides.train, draw.once(nearest_other)
    d = distances(train, train)
    np.fill_diagonal(d, np.inf)
    assert (other == d.argmin(axis=1)).all()
    middle = (train + train[other]) / 2
    x = draw.sides.prepare(GENERATORS["average"].make(draw, M, rng).examples)
    assert distances(x, middle).min(axis=1) == pytest.approx(np.zeros(M), abs=1e-7)
    # On the way from one to the other, and not all half way.
    x = draw.sides.prepare(GENERATORS["smote"].make(draw, M, rng).examples)
    detour = distances(x, train) + distances(x, train[other]) - d.min(axis=1)
    assert detour.min(axis=1) == pytest.approx(np.zeros(M), abs=1e-7)
    assert distances(x, middle).min(axis=1).max() > 0.1 * np.median(d.min(axis=1))


def test_kde_is_noise_around_training_examples(draws, rng):
    draw = draws["channels"]
    x = GENERATORS["kde"].make(draw, M, rng).examples
    gap = np.square(x[:, None] - draw.split.train).mean(axis=(2, 3)).min(axis=1)
    assert np.sqrt(gap.mean()) == pytest.approx(KDE * draw.sd, rel=0.05)


@pytest.mark.parametrize("name", ("gauss", "gauss_diag"))
def test_a_gaussian_has_the_mean_and_covariance_of_the_training_examples(rng, name):
    draw = drawn("digits", 200, 0, 1000)
    x = GENERATORS[name].make(draw, 1000, rng).examples.reshape(1000, -1)
    train = draw.split.train.reshape(200, -1)
    cov = np.cov(train.T, bias=True) + generators.RIDGE * draw.sd**2 * np.eye(64)
    if name == "gauss_diag":
        cov = np.diag(np.diag(cov))
    sd = np.sqrt(np.diag(cov))
    assert np.abs((x.mean(axis=0) - train.mean(axis=0)) / (sd / np.sqrt(1000))).max() < 5
    error = np.abs(np.cov(x.T, bias=True) - cov) / (sd[:, None] * sd)
    assert error.max() < 5 * np.sqrt(2 / 1000)


def test_a_wide_gaussian_keeps_the_noise_beyond_its_axes(draws, rng):
    draw = draws["blobs"]
    train = draw.split.train.reshape(N, -1).astype(np.float64)
    x = GENERATORS["gauss"].make(draw, M, rng).examples.reshape(M, -1)
    total = np.square(train - train.mean(axis=0)).sum(axis=1).mean()
    assert np.square(x - train.mean(axis=0)).sum(axis=1).mean() == pytest.approx(total, rel=0.2)


def test_faults_of_contrast_and_variety(draws, rng):
    draw = draws["smooth"]
    mean = draw.split.train.mean(axis=0, dtype=np.float64)
    make = lambda name: GENERATORS[name].make(draw, M, np.random.default_rng(1)).examples
    fresh = make("fresh")
    for name, factor in (("mean", 0.0), ("shrunk", 0.5), ("strong", 1.5)):
        assert make(name) - mean == pytest.approx(factor * (fresh - mean), abs=1e-6)
    for name, count in (("one", 1), ("few", M // 20)):
        x = make(name)
        assert len(np.unique(x, axis=0)) == count
        assert (x[:count] == fresh[:count]).all()
    half = make("half_noise")
    assert (half[M // 2 :] == fresh[M // 2 :]).all()
    assert (half[: M // 2] - mean).std() == pytest.approx(draw.sd, rel=0.05)
    assert (make("noise") - fresh).std() == pytest.approx(generators.NOISE * draw.sd, rel=0.05)


@pytest.mark.parametrize("data", ("digits", "smooth"))
def test_the_commonest_classes_are_dropped(draws, rng, data):
    draw = draws[data]
    known, rest = draw.once(generators.classes)
    x = GENERATORS["dropped"].make(draw, 2 * M, rng).examples.astype(np.float32)
    names = {e.tobytes(): label for e, label in zip(draw.fresh, rest, strict=True)}
    left = {names[e.tobytes()] for e in x}
    gone = [np.mean(known == name) for name in set(known) - left]
    assert sum(gone) >= generators.DROPPED > sum(gone) - min(gone)
    assert min(gone) >= max(np.mean(known == name) for name in left)
    assert len(x) == sum(label in left for label in rest)


def test_a_part_is_copied_often(draws, rng):
    _, source = GENERATORS["part"].make(draws["smooth"], M, rng)
    assert (source >= 0).sum() == M // 5
    assert len(np.unique(source[source >= 0])) <= N // 20


def test_swapped_and_both(draws, rng):
    assert (GENERATORS["swapped"].make(draws["smooth"], M, rng).source >= N).all()
    source = GENERATORS["both"].make(draws["smooth"], M, rng).source
    assert 0.2 < np.mean(source < N) < 0.8
