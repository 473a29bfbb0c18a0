"""A sweep over the whole grid fills every section; a new section needs no other edit."""

import base64
import io
import re
import shutil

import pandas as pd
import pytest
from matplotlib.figure import Figure

from memctl.analysis.sweep_results import read
from memctl.reporting.report import write
from memctl.reporting.section import Section, over_cells
from memctl.reporting.sections import MAIN_NUMBERS, SECTIONS, VERDICTS

OF_FEW = {"halves", "along", "bands"}  # of sweeps made for them
OF_CONTROLS = {"front", "hypervolumes"}  # of sweeps with a uniform run
OF_CELLS = {
    "scorecard",
    "boxes",
    "losses",
    "associations",
    "mirror_pairs",
    "regressions",
    "parity",
}


@pytest.fixture(scope="module")
def written(whole_grid, tmp_path_factory):
    """The report's folder, and what was printed."""
    folder, out = tmp_path_factory.mktemp("written") / "s", io.StringIO()
    shutil.copytree(whole_grid, folder)
    write(folder, out)
    return folder / "report", out.getvalue()


def test_tables_pictures_and_page(written):
    folder, printed = written
    page = (folder / "index.html").read_text()
    for name in (*OF_CELLS, "main", "verdicts", "correlations"):
        assert len(pd.read_csv(folder / f"{name}.csv")) > 0, name
    for name in ("overview", "boxes", "losses"):
        assert (folder / f"{name}.png").stat().st_size > 10_000, name
    for name in ("boxes", "losses"):
        assert f'id="part-{name}">' in page
    assert "the paper's claims, on this sweep:" in printed


def test_every_picture_of_the_page_is_in_it(written):
    folder, _ = written
    pictures = re.findall(r'<img src="([^"]+)"', (folder / "index.html").read_text())
    held = [base64.b64decode(p.removeprefix("data:image/png;base64,")) for p in pictures]
    drawn = {p.name for p in folder.glob("*.png") if (folder / f"{p.stem}.csv").exists()}
    assert len(drawn) >= 3
    assert sorted(held) == sorted((folder / name).read_bytes() for name in drawn)


def test_sections_are_those_of_what_the_sweep_holds(grid):
    sweep = read(grid)
    parts = {section.name: section.fill(sweep) for section in SECTIONS}
    assert {name for name, part in parts.items() if part is None} == OF_FEW
    assert len(parts["verdicts"].table) == 46
    assert set(parts["parity"].table.pooling) == {"raw", "within", "only d"}


def test_few_cells_have_no_trends_and_nothing_to_be_compared_with_no_front(grid):
    for run in [*sorted(grid.glob("cl*"))[7:], *grid.glob("uniform*")]:
        (run / "record.json").unlink()
    sweep = read(grid)
    filled = {section.name for section in SECTIONS if section.fill(sweep)}
    assert len(sweep.cells) == 7
    assert filled == {section.name for section in SECTIONS} - OF_CELLS - OF_CONTROLS - OF_FEW


@pytest.fixture
def section():
    """A section that nobody but this test knows."""

    def draw(sweep, table):
        figure = Figure()
        figure.subplots().plot(table.location, table.twice)
        return figure

    return Section(
        name="doubled",
        title="Twice <the> location",
        note="A note & more",
        table=lambda sweep: sweep.cells[["location"]].assign(twice=2 * sweep.cells.location),
        figure=draw,
        text=lambda table: f"doubled: {table.twice.max():g}",
        needs=over_cells,
    )


def test_a_new_section_is_in_folder_page_and_terminal(grid, section):
    out = io.StringIO()
    write(grid, out, (), [MAIN_NUMBERS, section, VERDICTS])
    table = pd.read_csv(grid / "report" / "doubled.csv")
    assert (table.twice == 2 * table.location).all()
    assert len(table) == 45
    assert (grid / "report" / "doubled.png").read_bytes().startswith(b"\x89PNG")
    page = (grid / "report" / "index.html").read_text()
    assert "<h2>Twice &lt;the&gt; location</h2>" in page
    assert 'id="part-doubled"' in page
    assert "A note &amp; more" in page
    assert "<td>1900</td>" in page  # twice the location of the last cell
    assert "\n\ndoubled: 1900\n\n" in out.getvalue()


def test_a_section_that_does_not_apply_leaves_no_trace(grid, section):
    out = io.StringIO()
    for run in sorted(grid.glob("cl*"))[7:]:
        (run / "record.json").unlink()
    write(grid, out, (), [MAIN_NUMBERS, section, VERDICTS])
    assert not list((grid / "report").glob("doubled*"))
    assert "doubled" not in (grid / "report" / "index.html").read_text() + out.getvalue()
