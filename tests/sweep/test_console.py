"""What a sweep shows of runs at work."""

from pathlib import Path

import pytest

from memctl.runs.folder import RunFolder, Status
from memctl.sweep import console
from memctl.sweep.console import Console


def test_where_nothing_moves_for_a_minute_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of runs, and of the base that runs wait for."""
    clock = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    runs = [tmp_path / "a", tmp_path / "b"]
    a, b, base = (RunFolder(tmp_path / name) for name in ("a", "b", "base"))
    shown = Console(runs, 2)

    def after(seconds: float, *moved: RunFolder, base_of: str = "", done: float = 1) -> str:
        clock[0] += seconds
        for folder in moved:
            status = Status({}, {}, stage="control", done=done, total=100, base=base_of)
            folder.save(status)
        shown.tick(runs)
        return capsys.readouterr().out

    assert after(31, a, b) == "0/2 ended; now a control 1%, b control 1%\n"
    assert "nothing moved" not in after(59, a, done=2)
    out = after(31, a, done=3)
    assert out.startswith(
        "0/2 ended; now a control 3%, b control 1%, nothing moved for 1 min 30 s;"
    )
    assert "nothing moved" not in after(31, b, a, done=4)
    after(31, a, base, base_of=str(base.path), done=5)
    assert "base 5% (runs wait for it), nothing moved for 1 min 02 s" in after(62)
