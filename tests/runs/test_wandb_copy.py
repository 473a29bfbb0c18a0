"""Weights & Biases: the offline files are read back and hold every metric; no key, no server, no
prompt, no hang.
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import wandb

from memctl.config import Logger
from memctl.experiment import Experiment
from memctl.reporting import sweep_run
from memctl.runs import content, wandb_copy, wandb_server
from memctl.runs.wandb_copy import Identity, WandbCopy
from memctl.runs.wandb_server import choose_mode
from memctl.stages import generate
from memctl.stages import run as stages
from tests.conftest import LONG
from tests.offline_log import read_back, summary_of

NAMED = Identity(name="n", group="g", run_id="abc", job_type="control")
pytestmark = pytest.mark.usefixtures("blank_pictures")


def numbers(of: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """All numbers in it, with where they are; of 12 digits, for W&B reads its own to 16."""
    if isinstance(of, (dict, list)):
        for name, part in of.items() if isinstance(of, dict) else enumerate(of):
            yield from numbers(part, f"{place}/{name}")
    elif isinstance(of, (int, float)) and not isinstance(of, bool):
        yield place, float(f"{of:.12g}")


@LONG
def test_every_metric_of_the_record_is_in_the_offline_files(
    experiment: Callable[..., Experiment],
    keyless: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """And no key, or other variable of the environment, is in any file of the run."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_PROJECT", "ours")
    secrets = {"WANDB_API_KEY": "0123456789" * 4, "HF_TOKEN": "hf_0123456789", "MINE": "my-value"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    e = experiment("logger.mode=auto", "probe.examples=8", "probe.bins=4")
    record = stages.run(e)
    files = [path for path in e.runs.rglob("*") if path.is_file()]
    assert {"record.json", "config.yaml"} <= {path.name for path in files}
    assert any(path.suffix == ".wandb" for path in files)
    for text in (*(path.read_bytes() for path in files), *map(str.encode, capfd.readouterr())):
        assert [name for name, value in secrets.items() if value.encode() in text] == []
    records = read_back(e.folder.path)
    history: dict[str, list[float]] = {}
    for item in (r["history"]["item"] for r in records if r["type"] == "history"):
        for key, value in item.items():
            history.setdefault(key, []).append(value)
    for name, value in content.values(record).items():
        if value is not None:
            known = pytest.approx(value, rel=1e-12, abs=0) if isinstance(value, float) else value
            assert history[name] == [known], name
    assert len([n for n in history if n.startswith("metrics/")]) > 20
    assert {f"floor/f_mem_{end}" for end in ("low", "high")} <= history.keys()
    for row, t in zip(record["probe"], history["probe/t"], strict=True):
        assert t == (row["t_low"] + row["t_high"]) / 2
    assert history["probe/gap"] == pytest.approx([row["gap"] for row in record["probe"]])
    # Every row of the journal is there too, in order, against its own step.
    rows = [json.loads(line) for line in (e.folder.path / "metrics.jsonl").read_text().splitlines()]
    assert history["control/step"] == [row["step"] for row in rows]
    assert history["control/loss"] == pytest.approx([row["loss"] for row in rows])
    pictures = {f"pictures/{name}.path" for name in ("samples", "timesteps", "suspects")}
    assert pictures <= set(history)
    summary = summary_of(records)
    assert not [name for name in summary if name.startswith(("probe/", "timesteps/"))]
    (run,) = [r["run"] for r in records if r["type"] == "run"]
    assert run["run_group"] == e.config.sweep.name
    assert run["project"] == "ours"
    assert run["display_name"] == e.name
    assert run["job_type"] == "control"
    assert run["tags"] == [e.config.sweep.name, "interval", "base"]
    config = run["config"]["update"]
    ci = {"low": 700, "high": 1000, "coverage": 0.5, "allow_degenerate": False}
    assert config["ci"] == ci
    assert {k: config[k] for k in ("kind", "location", "width", "seed")} == {
        "kind": "cell",
        "location": 850,
        "width": 300,
        "seed": 0,
    }
    assert any(r["type"] == "exit" for r in records)
    # With the sweep's own run, which has the yardsticks, it is all that the record knows.
    sweep_run.send(e.sweep_directory, e.config.logger)
    tables = [json.loads(p.read_text()) for p in e.sweep_directory.rglob("media/table/**/*.json")]
    later = [r["config"] for r in records if r["type"] == "config"]
    held = [history, config, later, [t["data"] for t in tables]]
    sent = {value for _, value in numbers(held)}
    assert [place for place, value in numbers(record) if value not in sent] == []
    (yardsticks,) = (t for t in tables if "yardstick" in t["columns"])
    known = {(row[1], row[2]): row[3:] for row in yardsticks["data"]}
    assert known == {
        (name, metric): [measure[end] for end in ("value", "low", "high")]
        for name, readings in record["yardsticks"].items()
        for metric, measure in readings.items()
    }


@LONG
def test_a_resumed_run_leaves_one_whole_offline_copy(
    experiment: Callable[..., Experiment], keyless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = experiment("logger.mode=offline")
    with monkeypatch.context() as patch:
        patch.setattr(
            generate, "generate_samples", lambda *a: (_ for _ in ()).throw(RuntimeError("cut"))
        )
        with pytest.raises(RuntimeError, match="cut"):
            stages.run(e)
    stages.run(e)
    steps = [
        r["history"]["item"].get("control/step")
        for r in read_back(e.folder.path)
        if r["type"] == "history"
    ]
    assert [s for s in steps if s is not None] == [3, 6, 9]


@pytest.mark.long
def test_the_base_run_carries_the_bases_own_curve(
    experiment: Callable[..., Experiment], keyless: None
) -> None:
    e = experiment("logger.mode=offline", "sampler=none")
    stages.run(e)
    items = [r["history"]["item"] for r in read_back(e.folder.path) if r["type"] == "history"]
    assert [i["base/step"] for i in items if "base/step" in i] == [3, 6]


def test_without_a_key_it_is_offline(keyless: None) -> None:
    assert choose_mode("auto")[0] == "offline"
    assert "no W&B key" in choose_mode("online")[1]


def test_a_key_is_found_where_wandb_login_leaves_it(
    keyless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine api.example.org login user password " + "a" * 40)
    (tmp_path / "netrc").chmod(0o600)
    assert wandb_server.has_key("https://api.example.org")
    assert not wandb_server.has_key("https://api.other.org")
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    assert wandb_server.has_key("https://api.other.org")


def test_the_environment_decides_auto(keyless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert choose_mode("auto")[0] == "disabled"
    assert choose_mode("offline")[0] == "offline"


def start(directory: Path) -> WandbCopy:
    return WandbCopy(Logger(mode="auto"), directory, NAMED)


def test_a_server_that_is_not_there_means_offline_at_once(
    keyless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    init, modes = wandb.init, list[str]()
    monkeypatch.setattr(wandb, "init", lambda **k: (modes.append(k["mode"]), init(**k))[1])
    with socket.socket() as closed:  # bound all the while, so that no one else answers there
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        m = start(tmp_path)
        m.log({"stage": "control", "step": 1, "loss": 0.5})
        m.finish()
    assert m.mode == "offline"
    assert "does not answer" in m.reason
    assert modes == ["offline"]  # W&B itself would have waited for the server
    assert any(
        r.get("history", {}).get("item", {}).get("control/loss") == 0.5 for r in read_back(tmp_path)
    )


def test_a_self_hosted_server_is_the_one_that_is_asked(
    keyless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert choose_mode("auto")[0] == "offline"
        server.listen()
        assert choose_mode("auto") == ("online", "key found")


def test_a_copy_that_breaks_does_not_break_the_run(keyless: None, tmp_path: Path) -> None:
    m = start(tmp_path)

    class Gone:
        name, dir = "n", "wandb/offline-run-1-abc/files"

        def log(self, values: object) -> None:
            raise ConnectionResetError("W&B's process died")

    m.run.finish()
    m.run = Gone()
    m.log({"stage": "control", "step": 1})
    m.log({"stage": "control", "step": 2})
    m.finish()
    assert m.run is None


def test_a_server_that_took_no_run_of_the_sweep_is_not_asked_again(
    keyless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wandb_copy, "choose_mode", lambda wanted: ("online", "key found"))
    (tmp_path / ".wandb-refused").touch()
    m = start(tmp_path / "run")
    m.finish()
    assert m.mode == "offline"
    assert "half hour" in m.reason


@pytest.mark.parametrize("age", [wandb_copy.RETRY + 9.0, -9e9], ids=["long ago", "clock set back"])
def test_a_server_is_asked_again_after_half_an_hour(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, age: float
) -> None:
    """And where a clock that was wrong then would have it wait for years."""
    modes: list[str] = []
    monkeypatch.setattr(wandb_copy, "choose_mode", lambda wanted: ("online", "key found"))
    monkeypatch.setattr(WandbCopy, "_start", lambda self: modes.append(self.mode))
    refused, then = tmp_path / ".wandb-refused", time.time() - age
    refused.touch()
    os.utime(refused, (then, then))
    start(tmp_path / "run")
    assert modes == ["online"]


@pytest.mark.slow
def test_a_server_that_never_answers_means_offline_in_the_end(
    keyless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held: list[socket.socket] = []
        threading.Thread(
            target=lambda: [held.append(silent.accept()[0]) for _ in range(99)], daemon=True
        ).start()
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        m = start(tmp_path)
        m.finish()
    assert m.mode == "offline"


def test_the_working_folder_names_no_server(
    tmp_path: Path, keyless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's would be handed the key."""
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "settings").write_text("[default]\nbase_url = http://127.0.0.1:9\n")
    monkeypatch.chdir(tmp_path)
    copy = WandbCopy(Logger(mode="offline"), tmp_path, NAMED)
    assert copy.run.settings.base_url == wandb_copy.server() != "http://127.0.0.1:9"
    copy.finish()


def test_a_full_disk_under_wandbs_own_log_prints_nothing(
    keyless: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Logging would print a traceback for each line that it can't write."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.setattr(
        wandb,
        "init",
        lambda **how: SimpleNamespace(define_metric=lambda *a, **k: None, entity="", project="p"),
    )
    with Path("/dev/full").open("w") as full:
        handler = logging.StreamHandler(full)
        record = logging.LogRecord("wandb", logging.ERROR, "", 0, "a line", None, None)
        handler.handle(record)
        assert "No space left on device" in capsys.readouterr().err
        assert WandbCopy(Logger(mode="offline"), tmp_path, NAMED).mode == "offline"
        handler.handle(record)
        with suppress(OSError):
            full.close()
    assert capsys.readouterr().err == ""
