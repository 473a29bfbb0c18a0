"""Ways of being near: by brute force, and on copies that were changed in a known way."""

from collections.abc import Callable

import numpy as np
import pytest

from memctl.answers.views import Nearest, views
from memctl.config import Metrics
from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics.comparison import Comparison
from memctl.metrics.sides import Sides

N, M = 40, 30


def signals(rng: np.random.Generator, n: int) -> np.ndarray:
    t = np.linspace(0, np.pi, 60)
    basis = np.sin(np.outer(np.arange(1, 13), t))
    return (rng.normal(size=(n, 12)) @ basis)[:, None].astype(np.float32)


def images(rng: np.random.Generator, n: int) -> np.ndarray:
    y, x = np.mgrid[:16, :16]
    out = np.zeros((n, 1, 16, 16))
    for k in range(n):
        for cx, cy, a in rng.uniform((3, 3, 0.3), (13, 13, 1), size=(4, 3)):
            out[k, 0] += a * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 6)
    return (out / np.abs(out).max()).astype(np.float32)


def made(kind: str) -> tuple[Sides, Callable[[np.ndarray], dict[str, Nearest]]]:
    rng = np.random.default_rng(0)
    draw = signals if kind == "signals" else images
    examples = Examples(draw(rng, 2 * N), temporal=kind == "signals")
    sides = Sides.of(split(examples), Metrics())
    return sides, lambda x: views(Comparison.of_samples(sides, sides.prepare(x)))


def two_nearest(d: np.ndarray) -> Nearest:
    order = np.sort(d, axis=1)
    return Nearest(d.argmin(axis=1), order[:, 0] / order[:, 1])


@pytest.mark.parametrize("kind", ["signals", "images"])
def test_plain_and_standardised_are_those_of_brute_force(kind: str) -> None:
    sides, of = made(kind)
    draw = signals if kind == "signals" else images
    x = draw(np.random.default_rng(1), M)
    found, flat = of(x), x.reshape(M, -1).astype(float)
    d = np.sqrt(((flat[:, None] - sides.pool[None]) ** 2).mean(axis=2))
    z = lambda a: (a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True)
    e = np.sqrt(((z(flat)[:, None] - z(sides.pool)[None]) ** 2).mean(axis=2))
    for view, known in (("plain", d), ("standardised", e)):
        expected = two_nearest(known)
        np.testing.assert_array_equal(found[view].example, expected.example)
        np.testing.assert_allclose(found[view].ratio, expected.ratio, rtol=1e-9)


def changed(name: str, x: np.ndarray) -> np.ndarray:
    return {
        "late": lambda: np.roll(x, 3, axis=-1),
        "two pixels": lambda: np.roll(x, (2, -1), axis=(-2, -1)),
        "mirrored": lambda: np.roll(x[..., ::-1], 1, axis=-1),
        "bright": lambda: 1.3 * x + 0.2,
        "rough": lambda: x + 0.05 * x.std() * (-1) ** np.arange(x.shape[-1]),
    }[name]()


@pytest.mark.parametrize(
    ("kind", "change", "view"),
    [
        ("signals", "late", "moved"),
        ("images", "two pixels", "moved"),
        ("images", "mirrored", "moved"),
        ("signals", "bright", "standardised"),
        ("images", "bright", "standardised"),
        ("signals", "rough", "smoothed"),
        ("images", "rough", "smoothed"),
    ],
)
def test_a_changed_copy_has_its_example_to_itself(kind: str, change: str, view: str) -> None:
    sides, of = made(kind)
    copies = changed(change, sides.pool[:M].reshape(M, *sides.shape))
    near = of(copies.astype(np.float32))[view]
    np.testing.assert_array_equal(near.example, np.arange(M))
    assert near.ratio.max() < (0.1 if change == "rough" else 0.01)  # single precision


def test_moved_is_the_least_over_shifts() -> None:
    """By brute force, of signals."""
    sides, of = made("signals")
    x = sides.pool[:M].reshape(M, 1, 60) + 0.3 * signals(np.random.default_rng(2), M)
    found, pool = of(x.astype(np.float32))["moved"], sides.pool.reshape(-1, 60)
    d = np.full((M, len(pool)), np.inf)
    for s in range(-3, 4):
        a = x[:, 0, max(0, s) : 60 + min(0, s)]
        b = pool[:, max(0, -s) : 60 + min(0, -s)]
        d = np.minimum(d, np.sqrt(((a[:, None] - b[None]) ** 2).mean(axis=2)))
    expected = two_nearest(d)
    np.testing.assert_array_equal(found.example, expected.example)
    np.testing.assert_allclose(found.ratio, expected.ratio, rtol=1e-3)


def test_tiny_examples_are_not_moved() -> None:
    examples = Examples(np.random.default_rng(3).normal(size=(40, 1, 6)).astype(np.float32))
    sides = Sides.of(split(examples), Metrics())
    assert set(views(Comparison.of_samples(sides, sides.pool[:9]))) == {"plain", "standardised"}


def test_large_images_are_averaged_first() -> None:
    """Copies of 64 pixels moved by four are copies of 16 pixels moved by one."""
    rng = np.random.default_rng(4)
    x = np.kron(images(rng, 40), np.ones((1, 1, 4, 4), dtype=np.float32))
    sides = Sides.of(split(Examples(x)), Metrics())
    copies = np.roll(sides.pool[:10].reshape(10, 1, 64, 64), 4, axis=-1)
    near = views(Comparison.of_samples(sides, sides.prepare(copies)))["moved"]
    np.testing.assert_array_equal(near.example, np.arange(10))
    assert near.ratio.max() < 0.01
