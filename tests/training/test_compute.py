"""Precision, memory format and compilation: what auto chooses, and that the numbers stay."""

import platform
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import DictConfig
from torch import nn

from memctl import data, models
from memctl.config import Diffusion, Stage, Trainer
from memctl.errors import UserError
from memctl.runs.journal import Journal
from memctl.samplers import ScheduleSampler, UniformSampler
from memctl.stages import run as stages
from memctl.training import compute as module
from memctl.training.compute import Compute
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.resume import Resume


def network(dims: int = 2) -> nn.Module:
    torch.manual_seed(0)
    if dims == 1:
        sizes = {"name": "unet1d", "channels": [4, 8], "attention": [1]}
        return models.build(sizes).network((1, 40))
    sizes = {"name": "unet2d", "channels": [8, 16], "attention": [1], "layers": 1, "norm_groups": 4}
    return models.build(sizes).network((1, 8, 8))


def predicted(net: nn.Module, compute: Compute, dims: int = 2) -> torch.Tensor:
    x = torch.randn(
        (6, 1, 40) if dims == 1 else (6, 1, 8, 8), generator=torch.Generator().manual_seed(0)
    )
    with torch.inference_mode(), compute.autocast():
        return compute.place(net).eval()(x, torch.arange(0, 600, 100)).float()


def test_auto_leaves_small_networks_on_a_cpu_as_they_are() -> None:
    chosen = Compute.of(Trainer(), network())
    assert (chosen.device.type, chosen.bf16, chosen.memory_format, chosen.compile) == (
        "cpu",
        False,
        None,
        False,
    )
    assert chosen.plugin == "32-true"


@pytest.mark.parametrize(
    ("how", "large", "expected"),
    [
        ({}, False, (True, False)),
        ({}, True, (True, True)),
        ({"precision": "fp32", "compile": "false"}, True, (False, False)),
        ({"compile": "true"}, False, (True, True)),
    ],
    ids=str,
)
def test_what_auto_takes_on_cuda(
    monkeypatch: pytest.MonkeyPatch, how: dict[str, str], large: bool, expected: tuple[bool, bool]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: not including_emulation
    )
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    monkeypatch.setattr(module, "LARGE", 0 if large else 10**9)
    chosen = Compute.of(Trainer(**how), network())
    assert chosen.device == torch.device("cuda", 0)
    assert (chosen.bf16, chosen.compile) == expected


@pytest.mark.parametrize("has", [False, True], ids=["without AMX", "with AMX"])
def test_wide_networks_take_bf16_where_the_cpu_multiplies_in_it(
    monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has)
    monkeypatch.setattr(module, "WIDE", 0)
    assert Compute.of(Trainer(accelerator="cpu"), network()).bf16 is has


@pytest.mark.parametrize(
    "setting", ["precision=fp16", "memory_format=nhwc", "compile=yes", "accelerator=gpu"]
)
def test_what_cannot_be_is_said(setting: str) -> None:
    key, value = setting.split("=")
    with pytest.raises(UserError, match=f"trainer.{key}={value}"):
        Compute.of(Trainer(**{key: value}), network())


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_the_memory_format_does_not_change_the_numbers(dims: int, layout: str) -> None:
    net = network(dims)
    plain = predicted(net, Compute.of(Trainer(accelerator="cpu"), net), dims)
    chosen = Compute.of(Trainer(accelerator="cpu", memory_format=layout), net)
    torch.testing.assert_close(predicted(net, chosen, dims), plain, rtol=1e-4, atol=1e-5)
    assert all(
        p.is_contiguous(memory_format=chosen.memory_format) for p in net.parameters() if p.ndim == 4
    )


@pytest.mark.parametrize("dims", [1, 2])
def test_bf16_is_near_and_keeps_weights_in_float32(dims: int) -> None:
    """Eight bits of precision: half a percent of the largest value a layer, of some thirty."""
    net = network(dims)
    plain = predicted(net, Compute(torch.device("cpu")), dims)
    rounded = predicted(net, Compute(torch.device("cpu"), bf16=True), dims)
    assert 0 < (rounded - plain).abs().max() < 0.1 * plain.abs().max()
    assert {p.dtype for p in net.parameters()} == {torch.float32}


def test_training_in_bf16_learns_what_training_in_fp32_does(tmp_path: Path) -> None:
    train = data.load(data.build({"name": "digits", "n_train": 32, "n_heldout": 32})).train
    losses = {}
    for precision in ("fp32", "bf16"):
        net, rows = network(), []
        (tmp_path / precision).mkdir()
        journal = Journal(tmp_path / precision / "metrics.jsonl")
        how = Trainer(accelerator="cpu", precision=precision)
        fit(
            net,
            Diffusion(),
            ScheduleSampler(UniformSampler()),
            Stage(epochs=6, batch_size=8, lr=2e-3, ema=0),
            train,
            Resume(tmp_path / precision / "resume.ckpt", "key", journal),
            how,
            JournalLogger(journal, "control"),
            rows.append,
        )
        assert {p.dtype for p in net.parameters()} == {torch.float32}
        with torch.inference_mode():
            x = torch.from_numpy(train)
            losses[precision] = float((net(x, torch.full((32,), 900)) - x).square().mean())
        assert len(rows) >= 24
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.05)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("g++") is None, reason="torch.compile on a CPU needs a C++ compiler"
)
def test_a_compiled_network_has_the_same_numbers_and_names() -> None:
    net = network()
    names = list(net.state_dict())
    plain = predicted(net, Compute(torch.device("cpu")))
    torch.testing.assert_close(
        predicted(net, Compute(torch.device("cpu"), compile=True)), plain, rtol=1e-3, atol=1e-4
    )
    assert list(net.state_dict()) == names


@pytest.mark.slow
def test_metrics_of_bf16_generation_agree_with_fp32_within_the_noise_floor(
    composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    """One base, digits, 300 samples from the same noise: every metric differs by less than the
    range of fresh real data.
    """
    overrides = [
        "data=digits", "model=unet2d_8", "sampler=none", "base.epochs=60", "base.batch_size=64",
        "base.lr=2e-3", "base.cosine=true", "generate.samples=300", "logger.mode=disabled",
        f"paths.runs={tmp_path}",
    ]  # fmt: skip
    examples: dict[str, dict[str, Any]] = {}
    for precision in ("fp32", "bf16"):
        cfg = composed(*overrides, f"sweep.name={precision}", f"trainer.precision={precision}")
        examples[precision] = stages.task(cfg)
        assert examples[precision]["environment"]["precision"] == precision
    a, b = (np.load(tmp_path / precision / "base" / "samples.npy") for precision in examples)
    assert 0 < np.abs(a - b).mean() < 0.2  # the same pictures, not the same numbers
    floor = examples["fp32"]["yardsticks"]["floor"]
    for name, measure in examples["fp32"]["metrics"].items():
        if name in floor and floor[name]["low"] is not None:
            other = examples["bf16"]["metrics"][name]["value"]
            assert abs(other - measure["value"]) <= floor[name]["high"] - floor[name]["low"], name


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is of glibc")
def test_freed_memory_is_kept_for_the_next_step() -> None:
    """Few pages are got anew for the activations of a later step."""
    module.keep_memory()

    def pages() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        _ = [torch.ones(2**21) for _ in range(16)]  # 8 MiB each, of 2,048 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    assert min(pages() for _ in range(3)) < 2**10
