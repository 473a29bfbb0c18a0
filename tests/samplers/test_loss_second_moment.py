"""The adaptive sampler against a reimplementation of improved-diffusion's
LossSecondMomentResampler.
"""

import copy
import json
import pickle
from collections import deque

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import LossSecondMomentSampler, ScheduleSampler


class Reference:
    """The authors' algorithm in plain Python: the last losses of each t in a queue."""

    def __init__(self, steps: int, history: int = 10, uniform_prob: float = 0.001) -> None:
        self.losses = [deque[float](maxlen=history) for _ in range(steps)]
        self.history, self.uniform_prob = history, uniform_prob

    def update(self, t: list[int], losses: list[float]) -> None:
        for index, loss in zip(t, losses, strict=True):
            self.losses[index].append(loss)

    def weights(self) -> list[float]:
        steps = len(self.losses)
        if any(len(queue) < self.history for queue in self.losses):
            return [1 / steps] * steps
        roots = [(sum(loss**2 for loss in queue) / self.history) ** 0.5 for queue in self.losses]
        return [
            (1 - self.uniform_prob) * root / sum(roots) + self.uniform_prob / steps
            for root in roots
        ]


def batches(
    steps: int, n: int, size: int, seed: int = 0
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Random t, repeated within a batch too, and losses that fall with t, as the noise's do."""
    g = torch.Generator().manual_seed(seed)
    ts = [torch.randint(steps, (size,), generator=g) for _ in range(n)]
    return [(t, torch.rand(size, generator=g) * 5 / (1 + t)) for t in ts]


@pytest.mark.parametrize(
    ("steps", "history", "share"), [(5, 10, 0.001), (12, 3, 0.2), (1, 2, 0.5), (7, 1, 1.0)], ids=str
)
def test_it_is_the_authors_algorithm_after_every_batch(steps: int, history: int, share: float):
    sampler, reference = (
        LossSecondMomentSampler(steps, history, share),
        Reference(steps, history, share),
    )
    cold = warm = 0
    for t, losses in batches(steps, 60, 8):
        sampler.update(t, losses)
        reference.update(t.tolist(), losses.tolist())
        np.testing.assert_allclose(sampler.pmf, reference.weights(), rtol=1e-12)
        np.testing.assert_allclose(sampler.cdf, np.cumsum(reference.weights()), rtol=1e-12)
        warm += sampler.warm
        cold += not sampler.warm
    assert warm > 10
    assert cold > 0 or history * steps <= 8


def test_it_is_uniform_until_every_step_has_its_losses():
    sampler = LossSecondMomentSampler(4, history=2)
    assert sampler.statistics()["warm"] == 0
    sampler.update(torch.tensor([0, 0, 1, 1, 2, 2, 3]), torch.tensor([9.0, 9, 1, 1, 1, 1, 1]))
    assert not sampler.warm
    assert sampler.statistics()["warm"] == 0.75
    np.testing.assert_array_equal(sampler.pmf, [0.25] * 4)
    sampler.update(torch.tensor([3]), torch.tensor([1.0]))
    assert sampler.warm
    np.testing.assert_allclose(
        sampler.pmf, 0.999 * np.array([0.75, 1 / 12, 1 / 12, 1 / 12]) + 0.001 / 4
    )


def test_every_step_keeps_its_share_of_uniform():
    sampler = LossSecondMomentSampler(10, history=1, uniform_prob=0.05)
    sampler.update(torch.arange(10), torch.tensor([1e6] + [0.0] * 9))
    assert sampler.pmf.min() == pytest.approx(0.005)
    assert sampler.pmf[0] == pytest.approx(0.955)


def test_losses_of_zero_leave_it_uniform():
    sampler = LossSecondMomentSampler(10, history=1)
    sampler.update(torch.arange(10), torch.zeros(10))
    np.testing.assert_array_equal(sampler.pmf, [0.1] * 10)


def test_a_loss_that_is_no_number_is_refused_when_drawn_from():
    sampler = LossSecondMomentSampler(3, history=1)
    sampler.update(torch.arange(3), torch.tensor([1.0, float("nan"), 1.0]))
    with pytest.raises(UserError, match="leaves no valid distribution"):
        sampler.sample(4)


@pytest.mark.parametrize("kind", ["sample", "stratified"])
def test_draws_follow_what_it_learns(kind: str):
    n = 50_000
    sampler = LossSecondMomentSampler(6, history=1, uniform_prob=0.1)
    draw = getattr(sampler, kind)
    for losses in ([1.0, 1, 1, 1, 1, 1], [9.0, 1, 1, 1, 1, 1], [0.0, 1, 2, 3, 4, 5]):
        sampler.update(torch.arange(6), torch.tensor(losses))
        p = 0.9 * np.array(losses) / sum(losses) + 0.1 / 6
        found = np.bincount(draw(n, torch.Generator().manual_seed(1)).numpy(), minlength=6) / n
        assert (
            np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / n)
        ).all()  # 4 standard errors of a share of n draws


@pytest.mark.parametrize("stop", [0, 3, 25, 59])
def test_it_goes_on_from_its_state(stop: int, tmp_path):
    """Saved by torch and loaded as weights alone, as checkpoints are."""
    data = batches(8, 60, 6)
    straight, first = LossSecondMomentSampler(8, history=4), LossSecondMomentSampler(8, history=4)
    for t, losses in data:
        straight.update(t, losses)
    for t, losses in data[:stop]:
        first.update(t, losses)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    resumed = LossSecondMomentSampler(8, history=4)
    _ = resumed.sample(3)  # its tables are made before the state comes
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    np.testing.assert_array_equal(resumed.pmf, first.pmf)
    for t, losses in data[stop:]:
        resumed.update(t, losses)
    np.testing.assert_array_equal(resumed.pmf, straight.pmf)
    assert straight.warm
    g = [torch.Generator().manual_seed(2) for _ in range(2)]
    assert torch.equal(resumed.sample(100, g[0]), straight.sample(100, g[1]))


def test_a_state_is_a_copy():
    sampler = LossSecondMomentSampler(2, history=1)
    state = sampler.state_dict()
    sampler.update(torch.tensor([0, 1]), torch.tensor([3.0, 1.0]))
    assert state["seen"].sum() == 0
    other = LossSecondMomentSampler(2, history=1)
    other.load_state_dict(sampler.state_dict())
    sampler.update(torch.tensor([0]), torch.tensor([100.0]))
    assert other.pmf[0] == pytest.approx(0.999 * 0.75 + 0.0005)


@pytest.mark.parametrize(
    "again",
    [
        copy.deepcopy,
        lambda s: pickle.loads(pickle.dumps(s)),
        lambda s: samplers.build(json.loads(json.dumps(s.spec()))),
    ],
    ids=["deepcopy", "pickle", "spec"],
)
def test_a_copy_has_the_parameters_and_has_learned_nothing(again):
    sampler = LossSecondMomentSampler(2, history=1)
    sampler.update(torch.tensor([0, 1]), torch.tensor([3.0, 1.0]))
    assert again(sampler) == sampler
    np.testing.assert_array_equal(again(sampler).pmf, [0.5, 0.5])


def test_with_the_weight_of_its_authors_the_expected_loss_stays_that_of_uniform_training():
    """E_p[L_t / (T p(t))] = mean L_t at every stage of learning, and the weights are those of the
    present p.
    """
    loss_by_t = np.array([8.0, 4, 2, 1, 0.5])
    drawing = ScheduleSampler(LossSecondMomentSampler(5, history=2), mode="correct")
    for t, losses in batches(5, 20, 8):
        drawing.update_with_local_losses(t, losses)
        w = drawing.weight(torch.arange(5)).double().numpy()
        np.testing.assert_allclose(w, 1 / (5 * drawing.sampler.pmf), rtol=1e-6)  # float32
        assert drawing.weights() @ (w * loss_by_t) == pytest.approx(loss_by_t.mean(), rel=1e-6)
    assert drawing.sampler.pmf.max() > 2 * drawing.sampler.pmf.min()


def test_it_has_no_place_in_a_mixture_or_a_mirror():
    for spec in (
        {"name": "mixture", "parts": [{"name": "loss_second_moment"}]},
        {"name": "mirror", "of": {"name": "loss_second_moment"}},
    ):
        with pytest.raises(UserError, match="fixed distribution"):
            samplers.build(spec)
