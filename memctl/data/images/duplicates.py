"""Images that are one image: exact copies, near duplicates, and mirror images of each other."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from memctl.data.images import Pixels

SIDE = 16  # of the reduced images in which candidates are found
BLOCK = 1024


class Duplicates(NamedTuple):
    """Pairs of images that show the same, and the groups that they make.

    Attributes:
        pairs: Indices i < j, shape (k, 2).
        distance: RMS difference of each pair as a share of their contrast, shape (k,); 0 is an
            exact copy, and images that have nothing in common are at sqrt(2) or more.
        mirrored: Whether i is nearer to the mirror image of j than to j, shape (k,).
        group: The group of every image, shape (n,); images without a duplicate are alone in theirs.
    """

    pairs: NDArray[np.intp]
    distance: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    group: NDArray[np.intp]

    @property
    def kept(self) -> NDArray[np.intp]:
        """The first image of each group, in order."""
        return np.sort(np.unique(self.group, return_index=True)[1])

    @property
    def kind(self) -> list[str]:
        """What each pair is: exact duplicate, near duplicate, or mirror image of another."""
        return [
            "mirror image of another" if m else "exact duplicate" if d == 0 else "near duplicate"
            for d, m in zip(self.distance, self.mirrored, strict=True)
        ]

    def counts(self) -> dict[str, int]:
        """How many images are left out as a duplicate, by the kind of their closest pair."""
        left = set(range(len(self.group))) - set(self.kept.tolist())
        closest: dict[int, tuple[float, str]] = {}
        for pair, distance, kind in zip(
            self.pairs.tolist(), self.distance.tolist(), self.kind, strict=True
        ):
            for image in left.intersection(pair):
                closest[image] = min(closest.get(image, (np.inf, "")), (distance, kind))
        return dict(Counter(kind for _, kind in closest.values()))


def block_means(pixels: Pixels) -> NDArray[np.float32]:
    """Means over SIDE x SIDE blocks, each with the root of its area as weight: shape (n, D)."""
    n, _, height, width = pixels.shape
    rows, columns = (
        np.linspace(0, side, min(SIDE, side) + 1).astype(int) for side in (height, width)
    )
    sums = np.add.reduceat(
        np.add.reduceat(pixels.astype(np.float32), rows[:-1], axis=2), columns[:-1], axis=3
    )
    area = np.diff(rows)[:, None] * np.diff(columns)[None]
    return (sums / (255 * np.sqrt(area * area.mean()))).reshape(n, -1).astype(np.float32)


def find_duplicates(pixels: Pixels, threshold: float) -> Duplicates:
    """Find the pairs whose distance, or that to the mirror image, is at most `threshold`.

    Contrast is the standard deviation of an image's values, of a pair the root mean square of both:
    pictures on white are not alike for their background. Block means are no farther apart than the
    images themselves, in RMS (Jensen): every pair passes the first sieve, a matrix product; those
    that do are measured exactly.

    Args:
        pixels: uint8, shape (n, channels, height, width).
        threshold: At least 0, which finds exact copies alone.
    """
    variance = (pixels.reshape(len(pixels), -1) / np.float32(255)).var(axis=1, dtype=np.float64)
    small, flipped = block_means(pixels), block_means(pixels[..., ::-1])
    best: dict[tuple[int, int], tuple[float, bool]] = {}
    for start in range(0, len(pixels), BLOCK):
        rows = small[start : start + BLOCK]
        for mirrored, other in ((False, small), (True, flipped)):
            limit = (
                threshold**2 * (variance[start : start + BLOCK, None] + variance[None, start:]) / 2
            )
            for row, column in np.argwhere(
                mean_square(rows, other[start:]) <= limit + 1e-5
            ).tolist():  # float32 near 0
                a, b = row + start, column + start
                if a < b:
                    d = rms(pixels[a], pixels[b][..., ::-1] if mirrored else pixels[b])
                    d = d / np.sqrt((variance[a] + variance[b]) / 2) if d else 0.0
                    if d <= threshold:
                        best[a, b] = min(best.get((a, b), (np.inf, False)), (float(d), mirrored))
    pairs = np.array(sorted(best), dtype=np.intp).reshape(-1, 2)
    links = coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(pixels), len(pixels))
    )
    values = [best[a, b] for a, b in pairs.tolist()]
    return Duplicates(
        pairs,
        np.array([d for d, _ in values]),
        np.array([m for _, m in values], dtype=bool),
        connected_components(links, directed=False)[1].astype(np.intp),
    )


def mean_square(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean square differences of all rows: shape (len(a), len(b)), by |a|^2 + |b|^2 - 2 a.b, so off
    by some 1e-6.
    """
    square = np.square(a).sum(1)[:, None] + np.square(b).sum(1)[None] - 2 * (a @ b.T)
    return square / a.shape[1]


def rms(a: Pixels, b: Pixels) -> float:
    return float(np.sqrt(np.mean(np.square(a.astype(np.float64) - b))) / 255)
