"""Duplicates, near duplicates and mirror images, against brute force."""

import numpy as np
import pytest

from memctl.data.images.duplicates import block_means, find_duplicates, mean_square


def random_images(n: int, size: int = 20, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 3, size, size), dtype=np.uint8)


def brute(pixels: np.ndarray, threshold: float) -> dict[tuple[int, int], tuple[float, bool]]:
    found = {}
    for i in range(len(pixels)):
        for j in range(i + 1, len(pixels)):
            contrast = np.sqrt((pixels[i].var() + pixels[j].var()) / 2)
            d = [
                float(np.sqrt(np.mean((pixels[i].astype(float) - other) ** 2)) / contrast)
                for other in (pixels[j], pixels[j][..., ::-1])
            ]
            if min(d) <= threshold:
                found[i, j] = (min(d), d[1] < d[0])
    return found


@pytest.mark.parametrize("size", [8, 16, 20, 33])
@pytest.mark.parametrize("threshold", [0.0, 0.07, 0.3, 1.4])
def test_the_pairs_are_those_of_brute_force(size: int, threshold: float) -> None:
    base = random_images(30, size)
    noise = np.random.default_rng(1).normal(0, 5, base[:8].shape)
    pixels = np.concatenate(
        [base, base[:4], base[4:8, ..., ::-1], np.clip(base[:8] + noise, 0, 255).astype(np.uint8)]
    )
    found, expected = find_duplicates(pixels, threshold), brute(pixels, threshold)
    assert [tuple(p) for p in found.pairs.tolist()] == sorted(expected)
    for (i, j), d, m in zip(found.pairs.tolist(), found.distance, found.mirrored, strict=True):
        assert d == pytest.approx(expected[i, j][0], abs=1e-6)
        assert m == expected[i, j][1]


def test_one_of_each_group_is_kept_also_of_chains() -> None:
    a = random_images(1)[0]
    steps = [
        np.clip(a.astype(int) + 6 * k, 0, 255).astype(np.uint8) for k in range(5)
    ]  # each near to the next alone
    others = random_images(3, seed=5)
    found = find_duplicates(
        np.stack(
            [others[0], steps[0], steps[2], others[1], steps[1], steps[3], steps[4], others[2]]
        ),
        0.1,
    )
    assert found.kept.tolist() == [0, 1, 3, 7]


def test_a_mirror_image_is_the_same_image_and_a_symmetric_one_no_duplicate_of_itself() -> None:
    a = random_images(2)
    symmetric = np.concatenate([a[:1, ..., :10], a[:1, ..., :10][..., ::-1]], axis=-1)
    found = find_duplicates(np.concatenate([a, a[:1, ..., ::-1], symmetric]), 0.0)
    assert found.pairs.tolist() == [[0, 2]]
    assert found.mirrored.tolist() == [True]
    assert found.distance.tolist() == [0.0]


def test_no_duplicates_in_random_images() -> None:
    found = find_duplicates(random_images(50), 0.3)
    assert len(found.pairs) == 0
    assert found.kept.tolist() == list(range(50))


def test_the_sieve_is_a_lower_bound() -> None:
    pixels = random_images(20, 21)
    small = block_means(pixels)
    for i in range(20):
        exact = ((pixels[i].astype(float) - pixels) ** 2).mean(axis=(1, 2, 3)) / 255**2
        assert (mean_square(small[i : i + 1], small)[0] <= exact + 1e-5).all()


def test_pictures_on_white_are_not_alike_for_their_background() -> None:
    pixels = np.full((2, 3, 32, 32), 255, dtype=np.uint8)
    pixels[0, :, 4:8, 4:8] = 180
    pixels[1, :, 20:24, 20:24] = 180
    found = find_duplicates(pixels, 0.9)
    assert len(found.pairs) == 0
    assert find_duplicates(np.concatenate([pixels, pixels[:1] - 2]), 0.3).pairs.tolist() == [[0, 2]]


def test_plain_images_are_equal_or_not() -> None:
    pixels = np.stack([np.full((1, 8, 8), v, dtype=np.uint8) for v in (10, 10, 200)])
    assert find_duplicates(pixels, 0.5).pairs.tolist() == [[0, 1]]
