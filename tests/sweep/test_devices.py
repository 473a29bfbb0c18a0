"""Which GPUs are used, by what torch says of them; made-up ones, and this machine."""

import json
import re
from collections.abc import Callable, Sequence

import pytest

from memctl.errors import UserError
from memctl.sweep import cards, devices
from memctl.sweep.devices import Card

Answer = Callable[..., None]


@pytest.fixture
def torch_says(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Has torch use the cards of these names alone."""

    def answer(*usable: str) -> None:
        found = {name: Card(name, "made up", int(80e9)) for name in usable}
        ask = lambda names: tuple(
            found.get(name, Card(name, problem="no CUDA GPUs are available"))
            for name in names or usable
        )
        monkeypatch.setattr(devices, "ask", ask)

    monkeypatch.setattr(devices.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(devices, "cores", lambda: 8)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return answer


def pool(named: Sequence[str] | None = None, each: int = 1, threads: int = 1, on: str = "auto"):
    given = None if named is None else list(named)
    return [slot.device for slot in devices.pool(given, each, threads, on)]


def test_slots_are_gpus_or_shares_of_the_cores(
    torch_says: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch_says("0", "1")
    assert pool() == ["0", "1"]
    assert pool(each=2) == ["0", "1"] * 2
    assert pool(["1"]) == ["1"]
    assert pool(on="cpu") == pool([]) == [""] * 8
    assert pool([], threads=3) == [""] * 2
    assert pool([], threads=99) == [""]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert pool() == [""] * 8


def test_names_are_numbers_uuids_and_those_of_mig(
    torch_says: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch_says("2", "GPU-5", "MIG-8a/1/0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-5,MIG-8a/1/0")
    assert pool() == ["2", "GPU-5", "MIG-8a/1/0"]


def test_what_torch_cannot_use_is_no_place(
    torch_says: Answer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A card that the driver lists, words that name none; then the cores are the places."""
    torch_says("0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert pool() == ["0"]
    assert capsys.readouterr().out == "GPU 1 is not used: no CUDA GPUs are available\n"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "NoDevFiles")
    assert pool() == [""] * 8
    assert "GPU NoDevFiles is not used" in capsys.readouterr().out
    with pytest.raises(UserError, match=re.escape("devices=[0,7]: torch cannot use 7: no CUDA")):
        pool(["0", "7"])


def test_a_machine_without_a_driver_is_not_asked(
    torch_says: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "ask", lambda names: pytest.fail("torch was asked"))
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    monkeypatch.setattr(devices, "DRIVERS", ())
    assert pool() == [""] * 8


def test_what_the_question_came_to(tool: Callable[[str, str], None], tmp_path, monkeypatch) -> None:
    """In place of Python a shell script: a hanging driver, a broken torch, an answer."""
    monkeypatch.setattr(devices.sys, "executable", str(tmp_path / "tools" / "python"))
    tool("python", "exec sleep 9")
    monkeypatch.setattr(devices, "PATIENCE", 0.05)
    with pytest.raises(UserError, match=r"do not say within 0\.05 s which GPUs can be used"):
        devices.ask.__wrapped__(("0",))
    monkeypatch.setattr(devices, "PATIENCE", 9)
    tool("python", "echo 'ImportError: libcudart' >&2; exit 1")
    with pytest.raises(UserError, match="can use is not known: ImportError: libcudart"):
        devices.ask.__wrapped__(("0",))
    line = json.dumps({"name": "0", "title": "H100", "memory": 5})
    tool("python", f"echo 'a note of a library'; echo '{line}'")
    assert devices.ask.__wrapped__(()) == (Card("0", "H100", 5),)


def test_torch_itself_says_what_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(cards.sys, "argv", ["cards", "0", "GPU-5"])
    cards.main()
    found = [Card(**json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [card.name for card in found] == ["0", "GPU-5"]
    assert all(card.problem for card in found)
