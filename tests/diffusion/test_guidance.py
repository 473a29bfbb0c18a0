"""Dissimilarity guidance: closed forms, and that it leads a memorising denoiser away from its
examples.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from memctl import models
from memctl.config import Diffusion, Generate
from memctl.diffusion.generate import generate
from memctl.diffusion.guidance import ALPHA, Guidance, similarity
from memctl.diffusion.objective import along, predicted_x0
from memctl.diffusion.schedule import forward_process
from memctl.experiment import Experiment
from memctl.probes.optimal import denoise
from memctl.stages import run as stages

CPU = torch.device("cpu")
KINDS = ("epsilon", "sample", "v_prediction")
Network = Callable[[Tensor, Tensor], Tensor]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def said_as(kind: str, x0: Tensor, x: Tensor, abar: Tensor) -> Tensor:
    """What a network predicts that takes x0 for the example behind x."""
    a, s = along(abar.sqrt(), x), along((1 - abar).sqrt(), x)
    eps = (x - a * x0) / s
    return {"epsilon": eps, "sample": x0, "v_prediction": a * eps - s * x0}[kind]


@pytest.mark.parametrize(("n", "k"), [(80, 50), (9, 9)], ids=["more than k", "fewer"])
def test_similarity_is_the_nearest_distance_over_that_of_the_neighbours(n: int, k: int) -> None:
    x, examples = drawn(7, 5), drawn(n, 5, seed=1)
    for one, found in zip(x, similarity(x, examples), strict=True):
        nearest = sorted(float((one - z).norm()) for z in examples)[:k]
        assert float(found) == pytest.approx(-nearest[0] / (ALPHA * np.mean(nearest)), rel=1e-5)
    others = similarity(examples, examples, skip=1)
    alone = [similarity(examples[[i]], examples[torch.arange(n) != i]) for i in range(n)]
    torch.testing.assert_close(others, torch.cat(alone))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [50, 400, 800])
def test_the_predicted_example_moves_by_the_gradient(kind: str, t: int) -> None:
    """On a line, between examples at 0 and L, sigma = -4 x_0 / L near the first. The network takes
    x_t itself for x_0, so the gradient is -4 / L, eps moves by -4 c s / L and x_0 by 4 c s^2 / L a.
    """
    scale, length = 0.1, 5.0
    scheduler = forward_process(Diffusion(prediction=kind))
    abar = scheduler.alphas_cumprod[[t, t]]
    guidance = Guidance(torch.tensor([[0.0], [length]]), scheduler, scale, threshold=-1.0)
    x, steps = torch.tensor([[[0.5]], [[2.4]]]), torch.full((2,), t)
    network = lambda x, t: said_as(kind, x, x, abar)
    moved = predicted_x0(guidance(network, x, steps), x, abar, kind) - x
    expected = scale * float((1 - abar[0]) / abar[0].sqrt()) * 4 / length
    # sigma is -0.4 of the first, which is guided, and -1.92 of the second, which is not.
    torch.testing.assert_close(moved[0], torch.tensor([[expected]]), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(moved[1], torch.zeros(1, 1), rtol=0, atol=1e-5)


def test_the_gradient_goes_through_the_network() -> None:
    """Twice as steep a network, twice the move of eps."""
    scheduler = forward_process(Diffusion(prediction="sample"))
    guidance = Guidance(torch.tensor([[0.0], [5.0]]), scheduler, 1.0, threshold=-1.0)
    x, t = torch.tensor([[[0.3]]]), torch.tensor([400])
    moves = [guidance(lambda x, t, w=w: w * x, x, t) - w * x for w in (1.0, 2.0)]
    torch.testing.assert_close(moves[1], 2 * moves[0])
    assert float(moves[0]) > 0


def test_the_threshold_rises_with_falling_t_as_the_papers() -> None:
    guidance = Guidance(drawn(3, 2), forward_process(Diffusion()), 1.0, threshold=-1.5)
    assert guidance.threshold_at(0) == pytest.approx(-1.5)
    assert guidance.threshold_at(999) == pytest.approx(-1.95, abs=0.01)
    # -1.95 + 0.45 exp(-0.025 t), 250 steps
    assert guidance.threshold_at(200) == pytest.approx(-1.95 + 0.45 * np.exp(-0.025 * 50))


def test_by_default_one_in_twenty_training_examples_would_be_guided() -> None:
    train = drawn(200, 1, 4)
    guidance = Guidance.of(Generate(guidance=1.0), Diffusion(), train)
    assert guidance is not None
    own = similarity(train.flatten(1), train.flatten(1), skip=1)
    assert int((own > guidance.threshold).sum()) == 10


def test_examples_shown_mirrored_are_kept_away_from_mirrored_too() -> None:
    train = drawn(5, 1, 2, 3)
    guidance = Guidance.of(Generate(guidance=1.0), Diffusion(), train, flip=True)
    assert guidance is not None
    torch.testing.assert_close(guidance.examples[5:].view_as(train), train.flip(-1))


def test_without_signal_there_is_nothing_to_lead() -> None:
    config = Diffusion(zero_terminal_snr=True, prediction="v_prediction")
    guidance = Guidance(drawn(9, 4), forward_process(config), 1.0, threshold=-1.99)
    x, t = drawn(3, 1, 4), torch.full((3,), 999)
    network = lambda x, t: 0.5 * x
    assert torch.equal(guidance(network, x, t), network(x, t))


def memorising(examples: Tensor, config: Diffusion, width: float = 0.3) -> Network:
    """E[x_0 | x_t] of examples that are blurred by so little that most samples are copies."""
    abar_of = forward_process(config).alphas_cumprod.double()

    def network(x: Tensor, t: Tensor) -> Tensor:
        abar = abar_of[t]
        a = along(abar.sqrt(), x)
        gain = width**2 * a / (width**2 * a**2 + 1 - a**2)
        # The example in the middle of the blur is found at the noise and the blur together.
        centre = denoise(x, examples, abar / (1 + width**2 * abar))
        return said_as(config.prediction, centre + gain * (x - a * centre), x, abar).float()

    return network


def shares(samples: Tensor, examples: Tensor) -> Tensor:
    d = torch.cdist(samples.flatten(1), examples.flatten(1)).sort(dim=1).values
    return d[:, 0] / d[:, 1]


@pytest.mark.parametrize("shape", [(1, 12), (1, 4, 4)], ids=["signals", "images"])
@pytest.mark.parametrize(("method", "scale"), [("ddim", 30.0), ("ddpm", 100.0)])
@pytest.mark.parametrize("prediction", KINDS)
def test_a_memorising_denoiser_is_led_away_from_its_examples(
    method: str, scale: float, shape: tuple[int, ...], prediction: str
) -> None:
    config, train = Diffusion(prediction=prediction), drawn(40, *shape)
    network = memorising(train, config)

    def f_mem(scale: float) -> float:
        how = Generate(method=method, steps=40, guidance=scale)
        guidance = Guidance.of(how, config, train)
        found = generate(network, config, how, range(30), shape, CPU, guidance=guidance)
        assert found.isfinite().all()
        return float((shares(found, train) < 1 / 3).float().mean())

    assert f_mem(0.0) > 0.6
    assert f_mem(scale) < 0.3


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
def test_a_guided_sample_depends_on_its_seed_alone(method: str) -> None:
    train, how = drawn(40, 1, 6), Generate(method=method, steps=20, guidance=3.0)
    network, guidance = memorising(train, Diffusion()), Guidance.of(how, Diffusion(), train)
    make = lambda seeds: generate(network, Diffusion(), how, seeds, (1, 6), CPU, guidance=guidance)
    alone = torch.cat([make([seed]) for seed in range(4)])
    torch.testing.assert_close(make(range(4)), alone, rtol=0, atol=1e-4)


def test_networks_are_guided_in_bfloat16() -> None:
    sizes = {"channels": [4, 8], "attention": [1]}
    network = models.build({"name": "unet1d", **sizes}).network((1, 20)).eval()
    train, how = drawn(30, 1, 20), Generate(steps=5, guidance=1.0, guidance_threshold=-1.9)
    guidance = Guidance.of(how, Diffusion(), train)
    make = lambda guidance: generate(
        network, Diffusion(), how, range(3), (1, 20), CPU, 3.0, guidance=guidance
    )
    with torch.autocast("cpu", torch.bfloat16):
        plain, guided = make(None), make(guidance)
    assert guided.isfinite().all()
    assert not torch.allclose(plain, guided)
    assert all(p.grad is None for p in network.parameters())


def test_no_guidance_is_no_other_science(experiment: Callable[..., Experiment]) -> None:
    plain = experiment()
    assert not {"guidance", "guidance_threshold"} & set(plain.science["generate"])
    assert experiment("generate.guidance_threshold=-0.5").keys == plain.keys
    guided = experiment("generate.guidance=1")
    assert guided.keys["control"] == plain.keys["control"]
    assert guided.keys["generate"] != plain.keys["generate"]
    other = experiment("generate.guidance=1", "generate.guidance_threshold=-0.5")
    assert other.keys["generate"] != guided.keys["generate"]


@pytest.mark.usefixtures("blank_pictures")
def test_a_run_is_guided(finished_run: Callable[..., Experiment]) -> None:
    plain = finished_run()
    guided = finished_run(
        "generate.guidance=1", "generate.guidance_threshold=-1.99", "sweep.name=guided"
    )
    assert stages.run(guided)["science"]["generate"]["guidance"] == 1
    a, b = (np.load(e.folder.samples) for e in (plain, guided))
    assert a.shape == b.shape
    assert not np.allclose(a, b)
