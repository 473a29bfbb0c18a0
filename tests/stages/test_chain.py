"""The chain of a run: what is kept is not done again, what is only measured is measured anew."""

import json
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from memctl import data
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import read_json
from memctl.metrics import catalogue
from memctl.runs.lock import lock_of
from memctl.stages import control, finish, generate, probe
from memctl.stages import run as stages
from memctl.stages.runner import Chain, Stage

Make = Callable[..., Experiment]
pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on nothing is trained or generated any more."""

    def forbid() -> None:
        for module, name in (
            (control, "control"),
            (generate, "generate_samples"),
            (stages.base, "base_network"),
        ):
            monkeypatch.setattr(
                module, name, lambda *a, name=name: pytest.fail(f"{name} was called")
            )

    return forbid


@pytest.mark.parametrize("cell", ["sampler=uniform", "sampler=none"])
def test_changed_metrics_are_measured_anew_and_nothing_else(
    experiment: Make, finished_run: Make, untouched: Callable[[], None], cell: str
) -> None:
    first = stages.run(finished_run(cell))
    again = experiment(cell, "metrics.bins=20")
    samples = again.folder.samples.read_bytes()
    assert again.folder.state(again.keys) == "outdated"
    untouched()
    record = stages.run(again)
    assert again.folder.state(again.keys) == "done"
    assert again.folder.samples.read_bytes() == samples
    assert record["metrics"]["js_divergence_C1"] != first["metrics"]["js_divergence_C1"]
    assert record["metrics"]["dcr_share"] == first["metrics"]["dcr_share"]
    assert record["yardsticks"] != first["yardsticks"]
    same = ("sampler", "training", "split", "probe", "seed", "ci")
    assert {k: record[k] for k in same} == {k: first[k] for k in same}
    assert record["environment"]["finished"] == first["environment"]["finished"]
    assert record["seconds"]["generate"] == first["seconds"]["generate"]
    assert record["keys"] == again.keys
    assert record["keys"]["generate"] == first["keys"]["generate"]


def test_a_changed_probe_is_taken_anew_and_nothing_else(
    experiment: Make, finished_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = finished_run("probe.examples=8", "probe.bins=2")
    for module, name in ((control, "control"), (generate, "generate_samples")):
        monkeypatch.setattr(module, name, lambda *a, name=name: pytest.fail(f"{name} was called"))
    record = stages.run(again)
    assert len(record["probe"]) == 2
    assert record["metrics"]["probe_auc"]["value"] > 0
    assert again.folder.picture("probe").exists()
    calls = []
    monkeypatch.setattr(probe, "probe_network", lambda *a: calls.append(a))
    stages.run(experiment("probe.examples=8", "probe.bins=2", "metrics.bins=20"))
    assert calls == []  # the kept one is of these settings


def test_a_mended_metric_is_measured_anew(
    finished_run: Make, untouched: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "dcr_share"
    mended = catalogue.METRICS[name].version + 1
    versions = catalogue.versions
    monkeypatch.setattr(
        "memctl.experiment.versions", lambda config: versions(config) | {name: mended}
    )
    again = finished_run()
    assert again.folder.state(again.keys) == "outdated"
    untouched()
    assert stages.run(again)["science"]["metrics"]["versions"][name] == mended


def test_weights_that_were_not_kept_are_not_made_again(
    experiment: Make, finished_run: Make
) -> None:
    spared = ["trainer.keep_checkpoint=false", "sweep.name=spared"]
    e = finished_run(*spared)
    stages.run(e)
    assert not e.folder.checkpoint.exists()
    assert stages.run(experiment(*spared, "metrics.bins=20"))["metrics"]  # needs none
    with pytest.raises(UserError, match=r"kept no weights .*leave probe\.\* as it was"):
        stages.run(experiment(*spared, "probe.examples=8", "probe.bins=2"))


def test_the_base_is_not_made_again_for_a_run_that_has_left_it(
    experiment: Make, finished_run: Make
) -> None:
    e = finished_run()
    e.base_folder.checkpoint.unlink()
    e.folder.samples.unlink()
    record = e.folder.record()
    (e.folder.path / "record.json").unlink()
    assert record
    assert stages.run(experiment())["metrics"] == record["metrics"]
    assert not e.base_folder.checkpoint.exists()


def test_the_verdict_stands_in_the_record_and_in_what_is_printed(finished_run: Make) -> None:
    record = stages.run(finished_run())
    assert set(record["verdict"]) == {"word", "reason", "also"}
    text = finish.summary(record)
    assert f"verdict: {record['verdict']['word']}: {record['verdict']['reason']}" in text


def test_a_run_and_its_files_are_measured_by_the_same_code(finished_run: Make) -> None:
    e = finished_run()
    record = stages.run(e)
    from memctl import data
    from memctl.analysis.measurement import measure

    measurement = measure(np.load(e.folder.samples), data.load(e.data), e.config.metrics)
    assert json.loads(json.dumps(measurement.metrics)) == {
        k: v for k, v in record["metrics"].items() if not k.startswith("probe_")
    }
    assert measurement.verdict.word == record["verdict"]["word"]


def test_a_chain_goes_on_where_it_failed(experiment: Make) -> None:
    """One runner for all chains: stages that are done are skipped, their time is kept."""
    folder, done, calls = experiment().folder, set[str](), list[str]()
    broken = True

    def do(name: str) -> None:
        calls.append(name)
        if broken and name == "b":
            raise RuntimeError("no")
        done.add(name)

    def stage(name: str) -> Stage:
        return Stage(name, 1, lambda: name in done, lambda progress: do(name))

    def chain(**science: int) -> Chain:
        keys = {"a": str(science), "b": str(science)}
        return Chain(
            folder, keys, science, "t", lambda: "c" in done, lambda: list(map(stage, "abc"))
        )

    with pytest.raises(RuntimeError):
        chain(x=1).run()
    status = folder.status()
    assert status
    assert (status["state"], status["stage"], status["message"]) == ("failed", "b", "no")
    broken = False
    chain(x=1).run()
    chain(x=1).run()  # all is done
    assert calls == ["a", "b", "b", "c"]
    status = folder.status()
    assert status
    assert (status["state"], status["attempt"], set(status["seconds"])) == ("done", 2, set("abc"))
    folder.samples.touch()
    done.clear()
    with pytest.raises(UserError, match="x: 1 -> 2"):
        chain(x=2).run()


def test_who_waits_for_a_base_computes_the_yardsticks_meanwhile(experiment: Make) -> None:
    e = experiment()
    cache, base = finish.yardsticks_cache(e), e.base_folder
    held, found = threading.Event(), list[bool]()

    def another() -> None:
        with base.lock():
            held.set()
            deadline = time.monotonic() + 60
            while not cache.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            found.extend(path.exists() for path in (cache, base.journal.path))

    thread = threading.Thread(target=another)
    thread.start()
    assert held.wait(60)
    record = stages.run(e)
    thread.join()
    assert found == [True, False]
    assert read_json(cache)["yardsticks"] == record["yardsticks"]  # type: ignore[index]


def test_one_of_those_that_wait_computes_them(experiment: Make) -> None:
    e = experiment()
    cache, split = finish.yardsticks_cache(e), data.load(e.data)
    cache.parent.mkdir(parents=True)
    with lock_of(cache.parent):
        finish.prepare(e, split)
        assert not cache.exists()
    finish.prepare(e, split)
    written = cache.stat().st_mtime_ns
    finish.prepare(e, split)
    assert cache.stat().st_mtime_ns == written
