"""Distances and neighbours against loops, and against scikit-learn."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from memctl.metrics import coverage, distance
from memctl.metrics.coverage import prdc, radii
from memctl.metrics.distance import distances, neighbours, scan
from memctl.metrics.identifiability import identifiability

REDUCE = {
    "rms": lambda a, b: math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)),
    "mse": lambda a, b: sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a),
    "norm": lambda a, b: math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True))),
}

every = pytest.mark.parametrize("reduce", REDUCE)


@pytest.fixture
def sides() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 7)), rng.normal(1, 2, size=(31, 7))


@every
def test_distances_are_those_of_a_loop(sides, reduce: str):
    a, b = sides
    expected = [[REDUCE[reduce](x, y) for y in b] for x in a]
    np.testing.assert_allclose(distances(a, b, reduce), expected, rtol=1e-12)


@every
def test_the_distance_of_a_example_to_itself_is_exactly_0(reduce: str):
    x = 1e6 + np.random.default_rng(0).normal(
        size=(20, 50)
    )  # far from 0, where a rule with products would lose it
    assert (np.diag(distances(x, x, reduce)) == 0).all()
    assert (neighbours(x, x, reduce).first == 0).all()


@every
def test_neighbours_are_those_of_scikit_learn(sides, reduce: str):
    queries, references = sides
    found = neighbours(queries, references, reduce)
    d, index = (
        NearestNeighbors(n_neighbors=2, algorithm="brute").fit(references).kneighbors(queries)
    )
    d = {"rms": d / math.sqrt(7), "mse": d**2 / 7, "norm": d}[reduce]
    np.testing.assert_allclose(found.first, d[:, 0])
    np.testing.assert_allclose(found.second, d[:, 1])
    np.testing.assert_array_equal(found.nearest, index[:, 0])
    np.testing.assert_allclose(
        found.mean, [np.mean([REDUCE[reduce](x, y) for y in references]) for x in queries]
    )


@every
def test_no_example_is_its_own_neighbour_where_it_is_excluded(sides, reduce: str):
    x = sides[1]
    found = neighbours(x, x, reduce, own=np.arange(len(x)))
    for i, row in enumerate(x):
        others = {j: REDUCE[reduce](row, y) for j, y in enumerate(x) if j != i}
        first, second = sorted(others.values())[:2]
        assert found.first[i] == pytest.approx(first)
        assert found.second[i] == pytest.approx(second)
        assert others[found.nearest[i]] == pytest.approx(first)
        assert found.mean[i] == pytest.approx(np.mean(list(others.values())))


def test_some_examples_among_all_are_read_as_when_all_are_asked(sides):
    x, some = sides[1], np.array([2, 9, 30])
    whole, part = neighbours(x, x, own=np.arange(len(x))), neighbours(x[some], x, own=some)
    for ours, theirs in zip(part, whole, strict=True):
        np.testing.assert_allclose(ours, theirs[some])


@every
@pytest.mark.parametrize("others", [False, True], ids=["all", "others"])
@pytest.mark.parametrize("block", [1, 31, 100, 713], ids=lambda block: f"block {block}")
def test_blocks_do_not_change_the_result(
    sides, monkeypatch: pytest.MonkeyPatch, reduce: str, others: bool, block: int
):
    queries, references = (sides[1], sides[1]) if others else sides
    own = np.arange(len(queries)) if others else None
    whole = neighbours(queries, references, reduce, own)
    asked = []
    monkeypatch.setattr(distance, "BLOCK", block)
    monkeypatch.setattr(
        distance, "distances", lambda a, b, *how: asked.append(len(a)) or distances(a, b, *how)
    )
    for ours, theirs in zip(neighbours(queries, references, reduce, own), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sum(asked) == len(queries)
    assert max(asked) == max(1, block // 31)


def test_the_mean_squared_distance_knows_only_the_mean_of_the_data(sides):
    queries, references = sides
    centre = references.mean(axis=0)
    spread = np.trace(np.cov(references.T, ddof=0))
    expected = ((queries - centre) ** 2).sum(axis=1) + spread
    np.testing.assert_allclose(7 * neighbours(queries, references, "mse").mean, expected)
    np.testing.assert_allclose((distances(queries, references, "norm") ** 2).mean(axis=1), expected)


def test_equal_references_are_both_neighbours():
    x = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]])
    found = neighbours(np.array([[3.0, 4.0], [0.0, 0.0]]), x, "norm")
    np.testing.assert_array_equal(found.first, [0, 0])
    np.testing.assert_array_equal(found.second, [0, 5])
    assert found.nearest.tolist() == [1, 0]


@pytest.mark.parametrize("reduce", ["rms", "mse", "norm"])
@pytest.mark.parametrize("offset", [0.0, 50.0], ids=["centred", "far from 0"])
def test_long_examples_are_as_exact_as_short_ones(reduce, offset):
    """600 values: by a matrix product, and near pairs by differences; against scipy's differences
    to a relative 1e-9.
    """
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 600)) + offset, rng.normal(size=(30, 600)) + offset
    b[3], b[4] = a[5], a[6] + 1e-7
    scale = {"rms": 600**0.5, "norm": 1.0, "mse": None}[reduce]
    expected = cdist(a, b) / scale if scale else cdist(a, b, "sqeuclidean") / 600
    found = distances(a, b, reduce)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert found[5, 3] == 0


def test_a_mirror_image_is_as_near_as_its_original():
    rng = np.random.default_rng(1)
    queries, references = (rng.normal(size=(n, 12)) for n in (9, 15))
    d = np.minimum(distances(queries, references), distances(queries[:, ::-1], references))
    found = neighbours(queries, references, mirror=np.fliplr)
    np.testing.assert_array_equal(found.first, d.min(axis=1))
    np.testing.assert_array_equal(found.second, np.sort(d, axis=1)[:, 1])
    np.testing.assert_array_equal(found.nearest, d.argmin(axis=1))
    np.testing.assert_allclose(found.mean, distances(queries, references).mean(axis=1))


def test_one_pass_answers_for_sides_and_subsets(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(2)
    queries, references = (rng.normal(size=(n, 6)) for n in (13, 20))
    subsets = [np.array([1, 5, 19]), np.arange(20)]
    monkeypatch.setattr(distance, "BLOCK", 60)  # three queries a block
    found = scan(queries, references, "rms", (slice(8), slice(8, None)), subsets, np.fliplr)
    for side, part in zip(found.near, (references[:8], references[8:]), strict=True):
        for ours, theirs in zip(side, neighbours(queries, part, mirror=np.fliplr), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    d = np.minimum(distances(queries, references), distances(np.fliplr(queries), references))
    np.testing.assert_array_equal(found.subsets, [d[:, subset].min(axis=1) for subset in subsets])
    np.testing.assert_array_equal(found.tied, (np.arange(13), d.argmin(axis=1)))
    doubled = scan(queries, np.concatenate([references, references])).tied
    np.testing.assert_array_equal(doubled[0], np.repeat(np.arange(13), 2))


def test_equal_references_are_equally_near_however_a_product_rounds():
    """Each reference is there twice; here products of the second half round otherwise."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 600)), np.tile(rng.normal(size=(60, 600)), (2, 1))
    lengths = distance.square_lengths(b)
    lengths[60:] *= 1 + 4e-16
    d = distances(a, b, "mse", lengths)
    assert (d[:, :60] != d[:, 60:]).any()
    first = d.argmin(axis=1)
    assert (first < 60).all()
    rows = np.arange(40)
    np.testing.assert_array_equal(d[rows, first], d[rows, first + 60])


def test_copies_of_neighbours_are_ties_however_products_round(monkeypatch: pytest.MonkeyPatch):
    """A copy of an example's nearest other is as near to it, and one of its k-th neighbour on its
    ball's edge: here distances between sets round otherwise than those within one.
    """
    rng = np.random.default_rng(0)
    train = rng.normal(size=(200, 20))
    copies = train[rng.integers(200, size=97)]
    read = []
    for rounding in (0.0, 1e-13, -1e-13):

        def rounded(a, b, *rest, rounding=rounding):
            return distances(a, b, *rest) * (1 + rounding * (len(a) != len(b)))

        monkeypatch.setattr(coverage, "distances", rounded)
        nearest = rounded(train, copies).min(axis=1)
        exposed = identifiability(nearest, radii(train, 1))
        read.append([exposed.value, *(x.tolist() for x in prdc(copies, train))])
    assert read[0] == read[1] == read[2]
    assert read[0][0] == len(np.unique(copies, axis=0)) / 200
