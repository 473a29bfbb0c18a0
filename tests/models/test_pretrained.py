"""Diffusers' checkpoints as bases: found, refused where they do not fit, and the same numbers as
memctl's own where they do.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel, UNet2DModel
from omegaconf import DictConfig
from safetensors.torch import load_file, save_file

from memctl import export
from memctl.config import Diffusion
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.models.pretrained import NOTE, Pretrained
from memctl.reporting import report
from memctl.runs.folder import RunFolder
from memctl.stages import run as stages

DIGITS = [
    "data=digits", "model=unet2d_8", "model.channels=[8,8]", "data.n_train=24", "data.n_heldout=24",
    "base.epochs=2", "base.batch_size=8", "control.epochs=1", "control.batch_size=8",
    "generate.steps=4", "generate.samples=16", "metrics.repeats=20", "metrics.full=false",
    "logger.mode=disabled",
]  # fmt: skip
UNet = {"block_out_channels": (8, 8), "layers_per_block": 1, "norm_num_groups": 8, "in_channels": 1,
    "out_channels": 1, "sample_size": 8,
        "down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}  # fmt: skip


pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(composed: Callable[..., DictConfig], runs: Path) -> Callable[..., dict[str, Any]]:
    def go(*overrides: str) -> dict[str, Any]:
        return stages.task(composed(*DIGITS, f"paths.runs={runs}", *overrides))

    return go


@pytest.fixture
def exported(run: Callable[..., dict[str, Any]], runs: Path) -> Path:
    """A controlled run as a pipeline."""
    example = run("ci.low=700", "ci.high=1000")
    export.export(runs / "digits" / example["name"], runs / "pipeline")
    return runs / "pipeline"


def saved(path: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    UNet2DModel(**{**UNet, **changes}).save_pretrained(path)
    return path


def test_an_exported_run_as_base_generates_what_the_run_did(
    run: Callable[..., dict[str, Any]], runs: Path, exported: Path
) -> None:
    example = run(f"base.path={exported}", "sampler=none", "sweep.name=again")
    assert example["base"] == {"path": str(exported), "saw_heldout": False}
    np.testing.assert_array_equal(
        np.load(runs / "again/base/samples.npy"),
        np.load(runs / "digits/cl700_ch1000_s0/samples.npy"),
    )


def test_a_checkpoint_that_may_know_the_held_out_side_needs_a_switch_and_is_marked(
    run: Callable[..., dict[str, Any]],
    runs: Path,
    exported: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    foreign = tmp_path / "foreign"
    shutil.copytree(exported, foreign)
    (foreign / NOTE).unlink()
    with pytest.raises(
        UserError, match=r"does not say what it was trained on.*go on with base.saw_heldout=true"
    ):
        run(f"base.path={foreign}", "sampler=none", "sweep.name=foreign")
    with pytest.raises(UserError, match="was trained on another split"):
        run(f"base.path={exported}", "data.split_seed=1", "sampler=none", "sweep.name=other")
    example = run(
        f"base.path={foreign}", "base.saw_heldout=true", "sampler=none", "sweep.name=foreign"
    )
    assert example["base"]["saw_heldout"] is True
    report.write(runs / "foreign", __import__("sys").stdout)
    assert "CAUTION: the base was not made on this split" in capsys.readouterr().out
    assert "may have seen the held-out examples" in (runs / "foreign/report/index.html").read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sample_size": 16},
            "is for 16 x 16 pixels, and these examples are 8 x 8; set data.size=16",
        ),
        ({"in_channels": 3, "out_channels": 3}, "is for images of 3 channels, and these have 1"),
        ({"block_out_channels": (8, 16)}, r"fitting would be: model\.channels=\[8,16\]$"),
        (
            {"layers_per_block": 2, "freq_shift": 1, "norm_eps": 1e-6},
            r"model\.layers=2 'model\.options=\{freq_shift:1,norm_eps:1e-06\}'$",
        ),
        (
            {
                "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
                "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
            },
            r"fitting would be: model\.attention=\[1\]$",
        ),
    ],
    ids=["resolution", "channels", "widths", "options", "attention"],
)
def test_what_does_not_fit_is_refused_with_what_would(
    run: Callable[..., dict[str, Any]], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = saved(tmp_path / "unet", **changes)
    with pytest.raises(UserError, match=message) as error:
        run(
            f"base.path={path}",
            "base.saw_heldout=true",
            "sampler=none",
            f"sweep.name={tmp_path.name}",
        )
    if "fitting would be: " in str(error.value):
        overrides = [
            text.strip("'") for text in str(error.value).split("fitting would be: ")[1].split(" ")
        ]
        assert run(
            f"base.path={path}",
            "base.saw_heldout=true",
            "sampler=none",
            f"sweep.name={tmp_path.name}",
            *overrides,
        )["metrics"]


def test_another_noise_schedule_is_refused_with_the_fitting_one(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    saved(tmp_path / "p" / "unet")
    DDPMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="sample").save_pretrained(
        tmp_path / "p" / "scheduler"
    )
    asked = (
        f"base.path={tmp_path / 'p'}",
        "base.saw_heldout=true",
        "sampler=none",
        "sweep.name=schedule",
    )
    with pytest.raises(
        UserError, match=r"diffusion\.schedule=squaredcos_cap_v2 diffusion\.prediction=sample$"
    ):
        run(*asked)
    assert run(*asked, "diffusion.schedule=squaredcos_cap_v2", "diffusion.prediction=sample")[
        "metrics"
    ]


def test_other_models_and_damage_are_refused(
    run: Callable[..., dict[str, Any]], composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    conditional = tmp_path / "conditional"
    UNet2DConditionModel(
        sample_size=8, block_out_channels=(8,), down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",), norm_num_groups=8, cross_attention_dim=8,
        attention_head_dim=8,
    ).save_pretrained(conditional)  # fmt: skip
    with pytest.raises(
        UserError, match="holds a UNet2DConditionModel; a base must be a UNet2DModel"
    ):
        Pretrained.find(str(conditional))
    with pytest.raises(UserError, match=r"holds no config\.json of a diffusers model"):
        Pretrained.find(str(tmp_path))
    torn = saved(tmp_path / "torn")
    weights = torn / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"cannot be loaded .*fetch or export it again"):
        run(f"base.path={torn}", "base.saw_heldout=true", "sampler=none", "sweep.name=torn")
    with pytest.raises(
        UserError, match="is a UNet2DModel, for images; this run's model is a UNet1d"
    ):
        stages.task(
            composed(
                f"base.path={saved(tmp_path / 'whole')}",
                f"paths.runs={tmp_path}",
                "sampler=none",
                "logger.mode=disabled",
            )
        )


def loaded(path: Path) -> torch.nn.Module:
    """The network with the weights of a checkpoint."""
    from memctl import models

    spec = {"name": "unet2d", "channels": [8, 8], "attention": [], "layers": 1, "norm_groups": 8}
    torch.manual_seed(1)
    network = models.build(spec).network((1, 8, 8))
    found = Pretrained.find(str(path))
    assert found is not None
    assert found.files()
    found.load_into(network)
    return network


def is_saved(network: Any, half: bool = False) -> bool:
    torch.manual_seed(0)
    original = UNet2DModel(**UNet)
    state = (original.half().float() if half else original).state_dict()
    return all(torch.equal(v, state[k]) for k, v in network.unet.state_dict().items())


def test_every_form_of_a_checkpoint_is_taken(tmp_path: Path) -> None:
    """As diffusers' own training, its running mean and its variants leave them."""
    assert is_saved(loaded(saved(tmp_path / "a", sample_size=(8, 8))))
    assert is_saved(loaded(saved(tmp_path / "b", sample_size=None)))
    saved(tmp_path / "c" / "unet_ema")
    assert is_saved(loaded(tmp_path / "c"))
    assert is_saved(loaded(tmp_path / "c" / "unet_ema"))
    mean = saved(tmp_path / "d")
    config = json.loads((mean / "config.json").read_text())
    (mean / "config.json").write_text(json.dumps({**config, "decay": 0.9, "power": 0.75}))
    assert is_saved(loaded(mean))
    torch.manual_seed(0)
    for k, how in enumerate(({"variant": "fp16"}, {"variant": "fp16", "max_shard_size": "9KB"})):
        torch.manual_seed(0)
        UNet2DModel(**UNet).half().save_pretrained(tmp_path / f"e{k}", **how)
        assert is_saved(loaded(tmp_path / f"e{k}"), half=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_size": (8, 16)}, "is for 8 x 16 pixels, .* images are square, so name another"),
        ({"out_channels": 2}, r"predicts 2 channels of 1, such as a learned variance"),
        ({"num_class_embeds": 10}, r"generates images of a class that is told \(10\)"),
        ({"in_channels": 4, "out_channels": 4}, "of 4 channels, and these have 1; name another"),
    ],
    ids=["oblong", "learned sigma", "classes", "latents"],
)
def test_what_can_be_no_base_is_refused_without_settings_that_do_not_help(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        loaded(saved(tmp_path / "x", **changes))
    assert "model.options" not in str(error.value)


def test_the_folder_to_name_is_said_and_is_one(tmp_path: Path) -> None:
    for name in ("unet", "unet_ema"):
        saved(tmp_path / "checkpoint-500" / name)
    with pytest.raises(UserError, match="holds weights and their running mean") as error:
        loaded(tmp_path / "checkpoint-500")
    named = str(error.value).split("base.path=")[2].split(" ")[0]
    assert is_saved(loaded(Path(named)))
    with pytest.raises(UserError, match="neither there nor in unet/ or unet_ema/") as error:
        loaded(tmp_path)
    assert is_saved(loaded(Path(str(error.value).split("there is base.path=")[1])))
    weights = tmp_path / "checkpoint-500" / "unet" / "diffusion_pytorch_model.safetensors"
    with pytest.raises(UserError, match="is one file of a diffusers model") as error:
        loaded(weights)
    assert is_saved(loaded(Path(str(error.value).split("base.path=")[2])))
    weights.rename(tmp_path / "mine.safetensors")
    with pytest.raises(UserError, match="weights without the architecture"):
        loaded(tmp_path / "mine.safetensors")


def test_weights_that_are_missing_or_no_numbers_are_named(tmp_path: Path) -> None:
    file = saved(tmp_path / "x") / "diffusion_pytorch_model.safetensors"
    state = load_file(file)
    name = next(iter(state))
    save_file({k: v for k, v in state.items() if k != name}, file, {"format": "pt"})
    with pytest.raises(UserError, match=f"lacks the weights {name}; fetch or export it again"):
        loaded(tmp_path / "x")
    save_file({**state, name: state[name] * torch.nan}, file, {"format": "pt"})
    with pytest.raises(UserError, match=f"has NaN or infinity in the weights {name}"):
        loaded(tmp_path / "x")
    save_file({**state, name: state[name][:1].clone()}, file, {"format": "pt"})
    with pytest.raises(UserError, match=r"cannot be loaded|lacks the weights") as error:
        loaded(tmp_path / "x")
    assert "\n" not in str(error.value)


def test_a_schedule_that_memctl_has_not_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "p" / "unet")
    DDPMScheduler(beta_schedule="laplace").save_pretrained(tmp_path / "p" / "scheduler")
    found = Pretrained.find(str(tmp_path / "p"))
    assert found is not None
    with pytest.raises(UserError, match=r"diffusion\.schedule=laplace, which memctl has not"):
        found.check_schedule(Diffusion())


def test_a_name_that_cannot_be_fetched_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match=r"base.path=somebody/nothing is neither .* check the name and the network"
    ) as error:
        Pretrained.find("somebody/nothing")
    assert "\n" not in str(error.value)
    assert Pretrained.find("missing/checkpoint.pt") is None  # a file's name


def test_a_name_of_the_hub_is_fetched(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda name, **_: asked.append(name) or str(exported)
    )
    found = Pretrained.find("somebody/ddpm-digits")
    assert asked == ["somebody/ddpm-digits"]
    assert found is not None
    assert found.unet == exported / "unet"
    assert found.split == json.loads((exported / NOTE).read_text())["split"]


def test_the_weights_decide_the_fingerprint_and_their_place_does_not(
    composed: Callable[..., DictConfig], exported: Path, tmp_path: Path
) -> None:
    other, moved = saved(tmp_path / "other"), tmp_path / "moved"
    shutil.copytree(exported, moved)
    prints = [
        Experiment.of(composed(*DIGITS, f"base.path={p}", "sampler=none")).keys["base"]
        for p in (exported, moved, other)
    ]
    assert prints[0] == prints[1] != prints[2]
    assert RunFolder(exported).record() is None
