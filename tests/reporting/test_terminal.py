"""Heat-maps in a terminal, and a report's text in its columns."""

import re

import pytest

from memctl.reporting import report, terminal
from memctl.reporting.heatmaps import Map

CELLS = [(100, 200, 0.02), (100, 300, 0.5), (200, 300, float("nan"))]


def test_a_triangle_has_numbers_and_signs_against_the_floor() -> None:
    content = Map("f_mem: copies", CELLS, (0.1, 0.2), {"copies": 1.0})
    lines = terminal.triangle(content, 79).plain.splitlines()
    assert lines == [
        "f_mem: copies",
        "of 2 cells 1 above, 1 below fresh data, 0.1 to 0.2",
        "  300     0.50+       ? ",
        "  200     0.02-         ",
        "  c_h      100      200 ",
        "      c_l; copies 1",
    ]


def test_colours_are_those_of_the_pictures() -> None:
    content = Map("m", [*CELLS, (100, 400, 0.15)], (0.1, 0.2), {})
    styles = {str(span.style) for span in terminal.triangle(content, 79).spans}
    assert "#000000 on #ffffff" in styles  # within the floor
    assert any(re.fullmatch(r"#ffffff on #[5-9a-f]\w0\w\w\w", style) for style in styles)  # red


def test_where_numbers_have_no_room_there_are_signs() -> None:
    cells = [(low, low + 10, 0.3) for low in range(0, 300, 10)] + [(0, 300, 0.9)]
    lines = terminal.triangle(Map("m", cells, (0.2, 0.4), {}), 70).plain.splitlines()
    assert max(map(len, lines)) <= 70
    assert lines[2].split()[:3] == ["300", "+", "?"]
    assert lines[-1].strip() == "c_l from 0 to 290"


def test_the_command_draws_the_main_metrics_and_writes_nothing(grid, memctl, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out = memctl("report", str(grid), "--text")
    assert code == 0
    assert not (grid / "report").exists()
    assert "distance_to_train: mean distance to the training set" in out
    assert sum(line.startswith(" 1000 ") for line in out.splitlines()) == 4
    assert max(map(len, out.splitlines())) <= 80
    code, out = memctl("report", str(grid), "--text", "--metric", "f_men")
    assert (code, out.count("\n")) == (1, 1)
    assert "no metric f_men (did you mean f_mem?)" in out


@pytest.mark.parametrize("width", [79, 40])
def test_a_reports_text_is_folded_between_words(width) -> None:
    text = f"{'word ' * 40}\n\n  short\n/a/path/{'x' * 100}"
    lines = report.folded(text, width).splitlines()
    assert max(map(len, lines[:-1])) <= width
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert report.folded(text, None) == text
