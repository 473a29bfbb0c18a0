"""The measured gradients, against closed forms and brute force."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from memctl.theory.gradients import gradients, measure, steps_of, summary


class Scale(nn.Module):
    """eps_theta(x_t, t) = a x_t: its loss and gradient are known in closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.7))
        self.unused = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.a * x


def examples(n: int = 6) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    return torch.randn(n, 1, 5, generator=g), torch.randn(n, 1, 5, generator=g)


@pytest.mark.parametrize("t", [1, 300, 1000])
def test_gradients_are_those_of_the_loss_at_that_step(t: int) -> None:
    network, scheduler, (x0, eps) = Scale(), DDPMScheduler(1000), examples()
    abar = float(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[t - 1])
    x_t = abar**0.5 * x0 + (1 - abar) ** 0.5 * eps
    error = 0.7 * x_t - eps
    for i, (loss, g) in enumerate(gradients(network, scheduler, x0, eps, t)):
        assert loss == pytest.approx(float(error[i].square().mean()), rel=1e-4)
        assert g.shape == (4,)
        assert float(g[0]) == pytest.approx(
            float((2 * error[i] * x_t[i]).mean()), rel=1e-4
        )  # Eq. 1
        assert g[1:].tolist() == [0, 0, 0]


def test_the_summary_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    g, losses = rng.normal(size=(7, 20)) + 0.3, rng.random(7)
    result = summary(
        [
            (float(v), torch.tensor(row, dtype=torch.float32))
            for v, row in zip(losses, g, strict=True)
        ]
    )
    pairs = [(i, j) for i in range(7) for j in range(7) if i != j]
    cosine = lambda i, j: g[i] @ g[j] / np.linalg.norm(g[i]) / np.linalg.norm(g[j])
    assert result["loss"] == pytest.approx(losses.mean())
    assert result["loss_se"] == pytest.approx(losses.std(ddof=1) / 7**0.5)
    norms = np.linalg.norm(g, axis=1)
    assert result["norm"] == pytest.approx(norms.mean(), rel=1e-6)
    assert result["norm_se"] == pytest.approx(norms.std(ddof=1) / 7**0.5, rel=1e-5)
    assert result["alignment"] == pytest.approx(np.mean([cosine(*p) for p in pairs]), rel=1e-5)
    assert result["mean_norm"] == pytest.approx(
        np.mean([g[i] @ g[j] for i, j in pairs]) ** 0.5, rel=1e-5
    )
    without = [np.mean([cosine(i, j) for i, j in pairs if k not in (i, j)]) for k in range(7)]
    assert result["alignment_se"] == pytest.approx(
        (6 / 7 * np.sum((np.array(without) - np.mean(without)) ** 2)) ** 0.5, rel=1e-4
    )


def test_alignment_is_1_for_one_direction_and_0_for_many() -> None:
    one = summary([(1.0, scale * torch.ones(50)) for scale in (1.0, 2.0, 5.0, 0.1)])
    assert one["alignment"] == pytest.approx(1)
    assert one["alignment_se"] == pytest.approx(0, abs=1e-6)
    g = torch.randn(400, 1000, generator=torch.Generator().manual_seed(1))
    many = summary([(1.0, row) for row in g])
    # the mean of n(n-1)/2 independent cosines, each of variance 1/d: se = sqrt(2 / (n (n - 1) d)) =
    # 0.00011
    assert abs(many["alignment"]) < 4 * (2 / (400 * 399 * 1000)) ** 0.5


def test_gradients_that_cancel_have_a_norm_but_no_mean() -> None:
    v = torch.ones(10)
    result = summary([(1.0, v), (1.0, -v), (1.0, v), (1.0, -v)])
    assert result["norm"] == pytest.approx(10**0.5)
    assert result["mean_norm"] == 0


def test_measuring_counts_every_example() -> None:
    counted: list[int] = []
    x0, eps = examples()
    assert measure(Scale(), DDPMScheduler(1000), x0, eps, 10, counted.append)["t"] == 10
    assert counted == [1] * 6


@pytest.mark.parametrize(
    ("timesteps", "points"), [(1000, 40), (20, 40), (1, 4), (4000, 10)], ids=str
)
def test_the_steps_span_all_and_are_dense_where_snr_falls(timesteps: int, points: int) -> None:
    steps = steps_of(timesteps, points)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (1, timesteps)
    assert len(steps) <= points + 1
    if timesteps == 1000:
        assert sum(t <= 100 for t in steps) >= len(steps) / 3
