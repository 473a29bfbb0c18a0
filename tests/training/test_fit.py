"""Training: counter-based, so that a resumed run is the same, bit for bit; EMA; learning rate."""

import copy
import os
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from memctl import data, models
from memctl.config import Diffusion, Stage
from memctl.config import Trainer as How
from memctl.runs.journal import Journal
from memctl.samplers import IntervalSampler
from memctl.training import fit as fitting
from memctl.training.average import moving_average
from memctl.training.batches import Batches, generator
from memctl.training.logger import JournalLogger
from memctl.training.module import DiffusionModule
from memctl.training.resume import Resume, resume_step

SAMPLER = IntervalSampler(low=100, high=300)
STAGE = Stage(epochs=4, lr=1e-3, batch_size=8, ema=0.9, seed=3)

RESUME = "resume.ckpt"
NEVER = 1e6  # seconds between two states saved


class Stop(Exception):
    pass


def small(dropout: float = 0.0) -> Any:
    source = data.build({"name": "mitdb208", "n_train": 20, "n_heldout": 20})
    torch.manual_seed(0)
    return data.load(source).train, models.build(
        {"name": "unet1d", "channels": [4, 8], "attention": [1], "dropout": dropout}
    ).network((1, 140))


def fit(
    network: Any,
    train: Any,
    folder: Path,
    stage: Stage = STAGE,
    stop_at: int | None = None,
    terminate_at: tuple[int, ...] = (),
    checkpoint_seconds: float = 1e-9,
) -> Any:
    done = 0

    def advance(n: int) -> None:
        nonlocal done
        done += n > 0
        if stop_at is not None and done > stop_at:
            raise Stop
        if n and done in terminate_at:
            os.kill(os.getpid(), signal.SIGTERM)

    folder.mkdir(exist_ok=True)
    journal = Journal(folder / "metrics.jsonl")
    how = How(accelerator="cpu", checkpoint_seconds=checkpoint_seconds)
    return fitting.fit(
        network,
        Diffusion(),
        SAMPLER,
        stage,
        train,
        Resume(folder / RESUME, "key", journal),
        how,
        JournalLogger(journal, "control"),
        advance,
    )


def test_a_sigterm_that_ends_nothing_is_saved_at_and_no_more(tmp_path: Path) -> None:
    """As in a job of submitit, which has an answer of its own to SIGTERM."""
    train, network = small()
    steps: list[int] = []
    previous = signal.signal(
        signal.SIGTERM, lambda *_: steps.append(resume_step(tmp_path / RESUME))
    )
    try:
        fit(network, train, tmp_path, terminate_at=(3, 7), checkpoint_seconds=NEVER)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert steps == [3, 7]
    assert resume_step(tmp_path / RESUME) == 7


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, str]:
    """A training that nobody stopped, of twelve steps, three an epoch: the network, what `fit`
    gives, and the journal.
    """
    folder = tmp_path_factory.mktemp("straight")
    train, network = small()
    result = fit(network, train, folder, checkpoint_seconds=NEVER)
    return network, result, (folder / "metrics.jsonl").read_text()


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4, 7, 11])
def test_a_stopped_training_resumes_bit_for_bit(
    tmp_path: Path, straight: tuple[Any, Any, str], stop_at: int
) -> None:
    """Stopped within an epoch and at its end."""
    (whole, expected, rows), (train, broken) = straight, small()
    fresh = copy.deepcopy(broken)
    with pytest.raises(Stop):
        fit(broken, train, tmp_path / "broken", stop_at=stop_at)
    assert 0 < resume_step(tmp_path / "broken" / RESUME) < 12
    resumed = fit(fresh, train, tmp_path / "broken")
    for (name, a), b in zip(whole.state_dict().items(), fresh.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert torch.equal(expected.drawn, resumed.drawn)
    assert int(expected.drawn.sum()) == 4 * 20
    assert (tmp_path / "broken" / "metrics.jsonl").read_text() == rows


def test_masks_of_dropout_are_of_the_step_and_the_seed_alone(tmp_path: Path) -> None:
    """A stopped training goes on with the masks that it would have had, wherever torch's global
    generator is.
    """
    train, whole = small(dropout=0.3)
    fit(whole, train, tmp_path / "whole", checkpoint_seconds=NEVER)
    for seed, stop_at in ((1, 4), (2, 7)):
        train, network = small(dropout=0.3)
        torch.manual_seed(seed)
        folder = tmp_path / f"stopped{stop_at}"
        with pytest.raises(Stop):
            fit(copy.deepcopy(network), train, folder, stop_at=stop_at)
        fit(network, train, folder)
        pairs = zip(whole.parameters(), network.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_masks_of_dropout_differ_by_step_and_seed_and_leave_the_global_generator_alone() -> None:
    def mask(seed: int, step: int) -> torch.Tensor:
        with Batches(torch.zeros(1, 1, 2), 1, seed).layers_seeded(step):
            return torch.nn.Dropout(0.5)(torch.ones(64))

    before = torch.get_rng_state()
    assert torch.equal(mask(0, 1), mask(0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(mask(0, 1), mask(0, 2))
    assert not torch.equal(mask(0, 1), mask(1, 1))


@pytest.mark.parametrize(
    "stops", [[5, 1], [3, 3], [4, 1, 1], [3, 1, 2], [6, 3], [1, 2, 3], [9, 2], [11, 0]], ids=str
)
def test_a_training_stopped_often_takes_no_step_more_or_less(
    tmp_path: Path, straight: tuple[Any, Any, str], stops: list[int]
) -> None:
    """Stopped after so many further steps each, also at the ends of epochs (every third step)."""
    (whole, _, rows), (train, fresh) = straight, small()
    for stop_at in stops:
        with pytest.raises(Stop):
            fit(copy.deepcopy(fresh), train, tmp_path / "broken", stop_at=stop_at)
    fit(fresh, train, tmp_path / "broken")
    assert all(
        torch.equal(a, b) for a, b in zip(whole.parameters(), fresh.parameters(), strict=True)
    )
    journal = tmp_path / "broken" / "metrics.jsonl"
    assert [row["step"] for row in Journal(journal).rows()] == [3, 6, 9, 12]
    assert journal.read_text() == rows


@pytest.mark.parametrize("fault", ["torn", "flipped", "another key", "of an earlier memctl"])
def test_a_state_that_is_damaged_or_anothers_means_a_fresh_start(
    tmp_path: Path, straight: tuple[Any, Any, str], fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither its weights nor its rows are gone on with, and it is said."""
    (whole, _, rows), (train, fresh) = straight, small()
    with pytest.raises(Stop):
        fit(copy.deepcopy(fresh), train, tmp_path, stop_at=5)
    path, journal = tmp_path / RESUME, Journal(tmp_path / "metrics.jsonl")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    key = "another" if fault == "another key" else "key"
    if fault == "torn":
        path.write_bytes(content[:-100])
    elif fault == "flipped":
        path.write_bytes(content)
    elif fault == "of an earlier memctl":
        torch.save({"global_step": 5}, path)
    assert Resume(path, key, journal).begin() == 0
    assert "starts anew" in capfd.readouterr().out
    assert not path.exists()
    assert journal.rows() == []
    fit(fresh, train, tmp_path)
    assert all(map(torch.equal, whole.parameters(), fresh.parameters()))
    assert (tmp_path / "metrics.jsonl").read_text() == rows


def test_rows_that_were_lost_are_in_the_state_too(
    tmp_path: Path, straight: tuple[Any, Any, str]
) -> None:
    (_, _, rows), (train, fresh) = straight, small()
    with pytest.raises(Stop):
        fit(copy.deepcopy(fresh), train, tmp_path, stop_at=8)
    (tmp_path / "metrics.jsonl").write_text("")
    fit(fresh, train, tmp_path)
    assert (tmp_path / "metrics.jsonl").read_text() == rows


def test_a_state_is_written_beside_the_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary folder that is full, or not there, is in nobody's way."""
    train, network = small()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(Stop):
        fit(network, train, tmp_path / "run", stop_at=2)
    assert resume_step(tmp_path / "run" / RESUME) > 0
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["metrics.jsonl", RESUME]


def test_the_kept_weights_are_the_moving_average(tmp_path: Path) -> None:
    train, network = small()
    raw = copy.deepcopy(network)
    average = copy.deepcopy(network)
    stage = Stage(**{**vars(STAGE), "epochs": 1})
    fit(network, train, tmp_path / "ema", stage, checkpoint_seconds=NEVER)
    # By hand: the same steps without EMA, averaging after each; the first average is the first
    # step's weights.
    states: list[dict[str, torch.Tensor]] = []
    for k in (1, 2, 3):
        each = copy.deepcopy(raw)
        with pytest.raises(Stop):
            fit(
                each,
                train,
                tmp_path / f"raw{k}",
                Stage(**{**vars(stage), "ema": 0.0, "epochs": 2}),
                stop_at=k,
            )
        kept = Resume(tmp_path / f"raw{k}" / RESUME, "key", Journal(tmp_path / "metrics.jsonl"))
        states.append(kept.state()["state_dict"])
    for name in average.state_dict():
        value = states[0][f"network.{name}"].clone()
        for state in states[1:]:
            value = 0.9 * value + 0.1 * state[f"network.{name}"]
        torch.testing.assert_close(network.state_dict()[name], value, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_weights_decay_apart_from_their_gradient(tmp_path: Path, weight_decay: float) -> None:
    """A weight without a say in the loss has no gradient: twelve steps leave (1 - lr decay)^12."""
    train, network = small()
    network.unused = torch.nn.Parameter(torch.ones(1))
    forward = network.forward
    network.forward = lambda x, t: forward(x, t) + 0 * network.unused
    stage = Stage(**{**vars(STAGE), "lr": 0.1, "ema": 0.0, "weight_decay": weight_decay})
    fit(network, train, tmp_path, stage, checkpoint_seconds=NEVER)
    assert network.unused.item() == pytest.approx((1 - 0.1 * weight_decay) ** 12, rel=1e-6)


def test_an_epoch_serves_every_example_once_and_epochs_differ() -> None:
    batches = Batches(torch.arange(10.0)[:, None, None], 4, seed=0)
    epochs = [torch.cat([batches(3 * e + k)[0].flatten() for k in range(3)]) for e in range(2)]
    assert [sorted(e.tolist()) for e in epochs] == [list(range(10))] * 2
    assert not torch.equal(*epochs)
    assert batches.per_epoch == 3


def test_randomness_is_of_the_step_and_the_seed_alone() -> None:
    a, b = Batches(torch.zeros(8, 1, 2), 4, seed=1), Batches(torch.zeros(8, 1, 2), 4, seed=2)
    draw = lambda batches, step: torch.rand(3, generator=batches(step)[1])
    assert torch.equal(draw(a, 5), draw(a, 5))
    assert not torch.equal(draw(a, 5), draw(a, 6))
    assert not torch.equal(draw(a, 5), draw(b, 5))
    assert not torch.equal(
        torch.rand(2, generator=generator(1, 2)), torch.rand(2, generator=generator(2, 1))
    )


def test_learning_rate_rises_then_stays_or_falls() -> None:
    def rates(**changes: Any) -> list[float]:
        module = DiffusionModule(
            torch.nn.Identity(), None, Batches(torch.zeros(1), 1, 0), Stage(**changes), steps=10
        )  # type: ignore[arg-type]
        return [module.learning_rate(k) for k in range(10)]

    assert rates() == [1.0] * 10
    assert rates(warmup=4)[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    falling = rates(cosine=True)
    assert falling[0] == 1.0
    assert falling[5] == pytest.approx(0.5)
    assert all(a > b for a, b in pairwise(falling))


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    train, network = small()
    stage = Stage(epochs=40, lr=3e-3, batch_size=10, ema=0.9)
    fit(network, train, tmp_path / "long", stage, checkpoint_seconds=NEVER)
    rows = Journal(tmp_path / "long" / "metrics.jsonl").rows()
    first, last = (sum(r["loss"] for r in part) / 5 for part in (rows[:5], rows[-5:]))
    assert last < 0.8 * first


def test_a_warmed_up_average_forgets_the_first_weights():
    """One weight that is 1 at first and 0 ever after: what is left of it is the product of the
    decays.
    """
    left = {}
    for warmup in (False, True):
        averaged = [torch.ones(1)]
        update = moving_average(0.999, warmup)
        for n in range(1, 201):
            update(averaged, [torch.zeros(1)], torch.tensor(n))
        left[warmup] = float(averaged[0])
    assert left[False] == pytest.approx(0.999**200, rel=1e-4)
    expected = np.prod([(1 + n) / (10 + n) for n in range(1, 201)])
    assert left[True] == pytest.approx(expected, rel=1e-4)
    assert left[True] < 1e-9
    long = [torch.ones(1)]
    moving_average(0.9, True)(long, [torch.zeros(1)], torch.tensor(10**6))
    assert float(long[0]) == pytest.approx(0.9)
