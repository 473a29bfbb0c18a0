"""A model that memctl does not know yet: one class, one place in the list."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig
from torch import Tensor, nn

from memctl import data, models
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.keys import settings
from memctl.models import ModelConfig
from memctl.stages.base import base_network
from memctl.sweep.plugins import install


class Pointwise(nn.Module):
    """A network of one layer, the same at each position, whatever the dimensions."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels + 1, width), nn.SiLU(), nn.Linear(width, channels)
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        known = x.movedim(1, -1)
        at = (t.float() / 1000).reshape(-1, *[1] * (known.ndim - 1)).expand(*known.shape[:-1], 1)
        return self.layers(torch.cat([known, at], dim=-1)).movedim(-1, 1)


@dataclass
class PointwiseConfig(ModelConfig):
    name = "pointwise"
    width: int = 8

    def network(self, shape: Sequence[int]) -> Pointwise:
        return Pointwise(shape[0], self.width)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    install()  # what is there without the model, which other tests find again
    monkeypatch.setitem(models.MODELS, PointwiseConfig.name, PointwiseConfig)
    store = ConfigStore.instance()  # of the process: other tests shall not find the model in it
    monkeypatch.setattr(store, "repo", copy.deepcopy(store.repo))
    install()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("shape", [(2, 40), (3, 8, 8)], ids=str)
def test_a_listed_config_builds_its_own_network(shape: tuple[int, ...]) -> None:
    network = models.build({"name": "pointwise", "width": 5}).network(shape)
    assert isinstance(network, Pointwise)
    assert network.layers[0].out_features == 5
    x = torch.randn(4, *shape)
    assert network(x, torch.arange(4)).shape == x.shape


@pytest.mark.usefixtures("known")
def test_a_listed_config_is_a_choice_whose_base_is_trained(
    composed: Callable[..., DictConfig], tmp_path: Path
) -> None:
    cfg = composed(
        "model=pointwise", "model.width=3", "ci.low=100", "ci.high=300", f"paths.runs={tmp_path}"
    )
    cfg.merge_with({"data": {"n_train": 24}, "base": {"steps": 2}, "logger": {"mode": "disabled"}})
    made = Experiment.of(cfg)
    network = base_network(made, data.load(made.data))
    assert isinstance(network, Pointwise)
    assert network.layers[0].out_features == 3
    assert settings(made.science, "base")["model"] == {"name": "pointwise", "width": 3}
    torch.manual_seed(made.config.base.seed)
    untrained = made.model.network((1, 140)).state_dict()
    assert all((v != untrained[k]).any() for k, v in network.state_dict().items())


def test_a_config_that_is_not_listed_is_unknown() -> None:
    with pytest.raises(UserError, match="model=pointwise is unknown"):
        models.build({"name": "pointwise"})


def test_a_config_without_a_network_cannot_be_built() -> None:
    @dataclass
    class Sizes(ModelConfig):
        name = "sizes"

    with pytest.raises(TypeError, match="network"):
        Sizes()
