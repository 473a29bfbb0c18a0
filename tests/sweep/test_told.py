"""A word of how far long work is."""

import pytest

from memctl.sweep import told


def test_it_is_said_how_far_only_where_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [*told.told("abc", "planning", "runs")] == ["a", "b", "c"]
    assert capsys.readouterr().out == ""
    seconds = iter([0, 1, 2, 6, 6, 7, 12, 12])
    monkeypatch.setattr(told.time, "monotonic", lambda: next(seconds))
    assert len([*told.told("abcde", "composing", "runs")]) == 5
    assert capsys.readouterr().out == "composing: 2 of 5 runs\ncomposing: 4 of 5 runs\n"
