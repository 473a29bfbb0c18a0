"""The drill tells what differs and what is left behind; a small one passes."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memctl.runs.folder import RunFolder
from tests.drill.comparison import left_behind, unequal
from tests.drill.drill import Drill
from tests.drill.kills import HITS, SIGNALS, Kill, drawn
from tests.drill.sweep import Sweep, seeds

RUN = "mitdb208/cl700_ch1000_s0"


@pytest.fixture
def sweeps(finished: Path, tmp_path: Path) -> Iterator[tuple[Sweep, Sweep]]:
    """Two finished sweeps that are equal."""
    made = Sweep(tmp_path / "undisturbed", 1), Sweep(tmp_path / "disturbed", 1)
    for sweep in made:
        shutil.copytree(finished, sweep.runs, dirs_exist_ok=True)
    yield made
    for sweep in made:
        sweep.temporary.rmdir()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_record(path: Path, change: Callable[[dict], None]) -> None:
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def test_what_differs_is_named(sweeps: tuple[Sweep, Sweep]) -> None:
    whole, other = (sweep.runs for sweep in sweeps)
    change_record(other / RUN / "record.json", lambda r: r["environment"].update(host="another"))
    assert list(unequal(whole, other)) == []
    changed = [f"{RUN}/{name}" for name in ("samples.npy", "checkpoint.pt", "metrics.jsonl")]
    for path in (*other.glob("bases/*/checkpoint.pt"), *other.glob("yardsticks/*.json")):
        changed.append(str(path.relative_to(other)))
    assert len(changed) == 5
    for name in changed:
        flip(other / name)
    (other / RUN / "timesteps.json").unlink()
    change_record(other / RUN / "record.json", lambda r: r["metrics"]["f_mem"].update(value=0.123))
    found = dict(reversed([(line.split()[0], line) for _, line in unequal(whole, other)]))
    for name in changed:
        half = (whole / name).stat().st_size // 2
        assert found.pop(name) == f"{name} differs from byte {half} on"
    assert found.pop(f"{RUN}/timesteps.json") == f"{RUN}/timesteps.json is missing"
    assert found.popitem()[1].endswith("-> 0.123")
    assert found == {}
    shutil.rmtree(other / RUN)
    assert f"{RUN}/record.json is missing" in [line for _, line in unequal(whole, other)]
    assert {folder for folder, _ in unequal(whole, other)} >= {RUN}


def test_what_is_left_behind_is_named(sweeps: tuple[Sweep, Sweep]) -> None:
    whole, other = sweeps
    assert left_behind(whole, other) == []
    part = other.runs / RUN / ".status.json.0123456789abcdef.part"
    folder = other.temporary / "pymp-left"
    part.touch()
    folder.mkdir()
    with RunFolder(other.runs / RUN).lock():
        lines = left_behind(whole, other)
    folder.rmdir()
    assert lines == [str(part), str(folder), f"{other.runs / RUN / '.lock'} is held"]


def test_every_process_of_a_sweep_is_seen(sweeps: tuple[Sweep, Sweep]) -> None:
    """Also one that has another temporary folder, within the sweep's."""
    whole, other = sweeps
    other.command = ["sleep", "60"]
    process = other.start({})
    try:
        assert left_behind(whole, other) == [f"process {process.pid}"]
        assert other.victims(process.pid) == {
            "run": [], "fork server": [], "launcher": [process.pid], "group": [process.pid],
        }  # fmt: skip
        (kill,) = (k for k in drawn(20, 0) if (k.hit, k.signal) == ("group", "TERM"))
        assert kill.deliver([process.pid])
        assert process.wait() == -15
        assert not kill.deliver([process.pid])
        assert not kill.deliver([])
    finally:
        process.kill()
        process.wait()


def test_kills_are_drawn_from_a_seed_and_meet_every_kind() -> None:
    kills = list(drawn(60, 0))
    assert set(Counter((k.hit, k.signal) for k in kills).values()) == {3}
    assert {k.hit for k in kills} == set(HITS)
    assert {k.signal for k in kills} == set(SIGNALS)
    assert kills == list(drawn(60, 0)) != list(drawn(60, 1))
    early = [kill for kill in kills if kill.early]
    assert early
    assert all(kill.hit != "run" for kill in early)
    assert all(isinstance(kill, Kill) and 0 <= kill.when < 1 for kill in kills)


def test_at_least_as_many_runs_as_asked_for() -> None:
    assert [2 + 10 * seeds(runs) for runs in (1, 12, 13, 200)] == [12, 12, 22, 202]


@pytest.mark.slow
def test_a_small_drill_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert Drill(tmp_path, 12, 6, 0).run() == 0, capfd.readouterr().out
    assert "PASSED: 12 of 12 runs are equal after 6 kills" in capfd.readouterr().out
