"""The sampler that changes in a training: each phase is its sampler, the whole their mixture."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from memctl import samplers
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.samplers import (
    BandSampler,
    FixedSampler,
    IntervalSampler,
    LossSecondMomentSampler,
    MirrorSampler,
    MixtureSampler,
    ScheduleSampler,
    SwitchSampler,
    TimestepSampler,
    UniformSampler,
)

T = 1000
FIRST, THEN = UniformSampler(), IntervalSampler(low=700, high=1000)


def switch(at: float = 0.25) -> SwitchSampler:
    return SwitchSampler(T, (FIRST, THEN), at)


@pytest.mark.parametrize("draw", ["sample", "exact", "stratified"])
def test_each_phase_draws_as_its_sampler_bit_for_bit(draw: str):
    sampler = switch()
    drawn = lambda of: getattr(of, draw)(64, torch.Generator().manual_seed(5))
    for share, expected in ((0, FIRST), (0.2499, FIRST), (0.25, THEN), (0.999, THEN)):
        sampler.set_progress(share)
        assert torch.equal(drawn(sampler), drawn(expected)), share
    sampler.set_progress(None)
    assert torch.equal(drawn(sampler), drawn(MixtureSampler(T, (FIRST, THEN), (0.25, 0.75))))


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_its_distribution_is_that_of_the_whole_trainings_draws(at: float):
    np.testing.assert_allclose(switch(at).pmf, at / T + (1 - at) * THEN.pmf, rtol=1e-12)
    sampler, counts, n, steps = switch(at), np.zeros(T), 500, 400
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        sampler.set_progress(step / steps)
        counts += np.bincount(sampler.sample(n, generator), minlength=T)
    bins = lambda x: x.reshape(20, -1).sum(axis=1)
    p = bins(sampler.pmf)  # within 4 standard errors; the phases have their due exactly
    assert (np.abs(bins(counts) / (n * steps) - p) <= 4 * np.sqrt(p / (n * steps))).all()


def test_copies_know_no_progress():
    sampler = switch()
    sampler.set_progress(0.0)
    again = samplers.build(sampler.spec())
    assert again == sampler
    assert again.current.pmf == pytest.approx(sampler.pmf)


@pytest.mark.parametrize("mode", ["weight", "correct"])
def test_it_is_drawn_from_alone(mode: str):
    with pytest.raises(UserError, match=rf"sampler.mode={mode}: switch changes .*\.mode=sample"):
        ScheduleSampler(switch(), mode)


@pytest.mark.parametrize(
    "part", [None, UniformSampler(20), LossSecondMomentSampler(), switch(), "uniform"], ids=str
)
def test_wrong_parts_are_refused(part: object):
    for parts in ((), (FIRST,), (FIRST, part), (part, FIRST), (FIRST, FIRST, FIRST)):
        with pytest.raises(UserError, match="of a switch must be two fixed distributions over"):
            SwitchSampler(parts=parts)


@pytest.mark.parametrize("kind", [MirrorSampler, MixtureSampler])
def test_it_is_no_part_of_what_does_not_tell_it_its_progress(kind: type[TimestepSampler]):
    with pytest.raises(UserError, match="fixed distribution"):
        kind(**({"of": switch()} if kind is MirrorSampler else {"parts": (switch(),)}))


def test_the_order_is_science_and_name(experiment: Callable[..., Experiment]):
    one, other = (
        experiment("sampler=switch", f"sampler.parts=[{{name: {a}}},{{name: {b}}}]")
        for a, b in (("uniform", "band"), ("band", "uniform"))
    )
    assert one.name != other.name
    assert one.keys["control"] != other.keys["control"]
    assert one.sampler == SwitchSampler(T, (FIRST, BandSampler()), 0.5)
    later = experiment("sampler=switch", "sampler.at=0.75")
    assert later.sampler == SwitchSampler(T, (FIRST, THEN), 0.75)
    assert later.fingerprint != experiment("sampler=switch", "sampler.at=0.25").fingerprint


def test_a_label_of_long_parts_is_fit_for_a_folder():
    parts = tuple(FixedSampler(t=t) for t in range(1, 30))
    assert len(SwitchSampler(T, (MixtureSampler(parts=parts), FIRST)).label) <= 100
