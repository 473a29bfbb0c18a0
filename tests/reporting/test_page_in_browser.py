"""The page in a real Chromium: menus, clicks, links, the keyboard, a phone, paper."""

import io
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from memctl.reporting import heatmaps, report
from memctl.reporting.anchor import PALETTE, STRONGEST, Anchor, sentence
from memctl.reporting.page import HERE
from memctl.reporting.pool import pool
from tests.conftest import LONG
from tests.page_sweep import EVIL, NAME, page_sweep

pytestmark = [LONG, pytest.mark.filterwarnings("default")]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright to test it")
    if CHROMIUM is None:
        pytest.skip("there is no chromium; apt-get install chromium to test the page in it")
    with api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def path(finished, tmp_path_factory):
    sweep = page_sweep(finished, tmp_path_factory.mktemp("page") / "s")
    report.write(sweep, io.StringIO())
    alone = tmp_path_factory.mktemp("mailed") / "index.html"
    return shutil.copy(sweep / "report" / "index.html", alone)  # as one gets it by mail


@pytest.fixture(scope="module")
def together(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    sweeps = [page_sweep(finished, folder / name, by) for name, by in (("a", 0), ("b", 0.1))]
    pool(sweeps, io.StringIO())
    return folder / "pooled" / "index.html"


@pytest.fixture
def opened(browser, path):
    """Opens the page at a link; no error and no request may have come of it in the end."""
    wrong, pages = [], []

    def open_at(link="", width=1280, file=path, **more):
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)
        page.on("console", lambda said: wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if outside(asked.url) else None)
        page.goto(f"file://{file}{link}")
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector(".tabulator-row")
        pages.append(page)
        return page

    yield open_at
    for page in pages:
        page.close()
    assert wrong == []


def outside(url):
    return not url.startswith(("file:", "data:", "blob:"))


def anchored(k):
    """The k-th set of values and its floor: of any spread, with values that are far off, all alike,
    without a floor.
    """
    draws = np.random.default_rng(k)
    values = draws.normal(draws.normal(), 10.0 ** draws.integers(-3, 3), draws.integers(1, 50))
    if k % 3 == 0:
        values[0] *= 100
    if k % 7 == 0:
        values[:] = values[0]
    middle, half = draws.choice(values), draws.exponential(np.ptp(values) or 1.0) / 2
    return values, ((np.nan, np.nan) if k % 5 == 0 else (middle - half, middle + half))


def test_the_page_and_the_pictures_have_the_same_colours_and_decimals(browser):
    """The rule stands in the page's script and in `anchor.py`."""
    tab = browser.new_page()
    held = json.dumps({"runs": [], "metrics": [], "palette": PALETTE, "strongest": STRONGEST})
    tab.set_content(f'<script type="application/json" id="content">{held}</script>')
    for name in ("state", "colours"):
        tab.add_script_tag(path=HERE / f"{name}.js")
    ask = """([values, low, high, at]) => { const a = anchor(values, low, high);
      return { a, digits: decimals(values), said: reading(a, values, "cells"),
        colours: at.map(v => shade(beyond(a, v))) }; }"""
    for k in range(40):
        values, (low, high) = anchored(k)
        known = Anchor.of(values, (low, high))
        at = np.linspace(known.low - 1.2 * known.reach, known.high + 1.2 * known.reach, 33)
        ends = [None if end != end else end for end in (low, high)]
        found = tab.evaluate(ask, [values.tolist(), *ends, at.tolist()])
        assert found["a"]["floor"] == known.known
        for key in ("low", "high", "reach"):
            assert found["a"][key] == pytest.approx(getattr(known, key), rel=1e-9, abs=1e-12)
        drawn, shades = np.array(found["colours"]), 255 * known.shades(at)[:, :3]
        assert np.abs(drawn - shades).max() < 2  # matplotlib takes the next of 513
        assert np.array_equal((drawn == 255).all(axis=1), (shades == 255).all(axis=1))
        assert found["digits"] == heatmaps.decimals(values)
        if known.known and np.ptp(values):
            assert found["said"].rstrip(".").lower() == sentence(known, values)
    tab.close()


def test_the_first_screen_has_question_answer_and_tally(opened):
    page = opened()
    for text in ("Does the interval of diffusion steps", "copy single training examples"):
        box = page.get_by_text(text).first.bounding_box()
        assert box["y"] + box["height"] < 900
    below = page.locator("#first p:not(.answer)").first.bounding_box()["y"]
    assert page.locator("#tally").bounding_box()["y"] < min(below, 400)
    tally = page.locator("#tally").inner_text()
    assert "1 failed" in re.sub(r"\s+", " ", tally)
    assert "1 missing" in re.sub(r"\s+", " ", tally)


def test_a_click_opens_a_cell_and_the_address_says_so(opened):
    page = opened()
    page.click('[data-cell="700-1000"]')
    pane = page.locator("#pane")
    assert pane.locator("h2").inner_text() == "[700, 1000]"
    assert pane.locator(".suspects figure").count() == 8
    assert pane.locator(".suspects svg path").count() == 8 * 5  # three curves, two differences
    assert pane.locator(".samples svg path").count() == 16
    assert pane.locator(".curves .js-plotly-plot").count() >= 2
    widths = pane.locator("figure img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert widths == [660, 660]  # ratios and projection, as the run drew them
    assert "python -m memctl.train" in pane.locator(".command").inner_text()
    assert "cell=700-1000" in page.url
    page.go_back()
    assert "cell=" not in page.url
    assert "Choose a cell" in pane.inner_text()


def test_a_link_brings_cell_metric_and_what_is_beside(opened):
    page = opened("#cell=500-700&metric=energy_heldout&beside=uniform_s0")
    assert page.locator("#pane h2").inner_text() == "[500, 700] beside uniform"
    assert page.locator("#metric").input_value() == "energy_heldout"
    assert page.locator("#pane .samples").count() == 2
    assert "open" in page.get_attribute('[data-cell="500-700"]', "class")
    page.evaluate("location.hash = '#cell=100-300'")
    page.wait_for_selector('[data-cell="100-300"].open')


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("#cell=1-2", "There is no cell 1-2"),
        ("#run=<b>", "There is no run <b>"),
        ("#metric=none", "There is no metric none"),
    ],
)
def test_a_link_to_what_is_not_there_says_so(opened, link, said):
    assert said in opened(link).locator("#pane").inner_text()


def test_a_metric_is_chosen_by_the_menu_and_one_that_is_the_same_everywhere_is_a_sentence(opened):
    page = opened()
    assert page.locator("#cells [data-cell]").count() == 10
    page.select_option("#metric", "dcr_share")
    assert re.search(r"(above|below|as) fresh data", page.locator("#reads").inner_text())
    assert page.locator("#scale svg").count() == 1
    page.select_option("#metric", "f_mem")
    assert "It reads 0 in all 8 cells; fresh data read" in page.locator("#reads").inner_text()
    assert page.locator("#cells [data-cell]").count() == 10  # two of them are not finished
    assert "metric=f_mem" in page.url


def test_failed_and_missing_cells_say_why(opened):
    page = opened()
    failed = page.locator('[data-cell="300-500"]')
    assert failed.inner_text() == "failed"
    assert failed.get_attribute("aria-label") == "c_l 300, c_h 500: failed: loss was <nan>"
    failed.click()
    assert "loss was <nan>" in page.locator("#pane").inner_text()
    page.click('[data-cell="500-1000"]')
    assert "missing" in page.locator("#pane").inner_text()
    assert "The sweep's own command, given again, makes" in page.locator("#pane").inner_text()


def test_names_and_reasons_are_texts(opened):
    page = opened(f"#run={NAME.replace('<', '%3C').replace(' ', '%20').replace('>', '%3E')}")
    assert NAME in page.locator("#pane").inner_text()
    page.click('[data-cell="100-300"]')
    assert EVIL in page.locator("#pane").inner_text()
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "memctl: sweep s"


def test_the_keyboard_reaches_and_opens_cells(opened):
    page = opened("#cell=300-700")
    page.focus('[data-cell="300-700"]')
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.cell") == "500-1000"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert "cell=700-1000" in page.url
    assert page.evaluate("document.activeElement.dataset.cell") == "700-1000"


def test_runs_are_chosen_in_one_place_and_marked_in_all(opened):
    page = opened()
    page.locator("#points").scroll_into_view_if_needed()
    box = page.locator("#points .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=5)
    page.mouse.up()
    page.wait_for_selector("#clear:not([hidden])")
    assert page.locator("#clear").inner_text() == "9 chosen: let go"
    assert page.locator("#cells .chosen").count() == 8
    page.wait_for_selector(".tabulator-row.chosen >> nth=8")
    page.click("#clear")
    assert page.locator("#cells .chosen").count() == 0
    page.click("#tally button:has-text('failed')")
    assert page.locator("#cells .chosen").count() == 1


@pytest.mark.parametrize(("x", "y"), [("dcr_share", "f_mem"), ("f_mem", "dcr_share")])
def test_the_front_is_drawn_in_its_plane_whichever_way_it_lies(opened, path, tmp_path, x, y):
    points = [[0.1, 0.3, "a", "cl100_ch300_s0", 1], [0.4, 0.2, "b", "uniform_s0", 0.5]]
    known = {"copying": "dcr_share", "quality": "f_mem", "points": points, "right": 0.9}
    made = tmp_path / "index.html"
    front = f'"fronts":{json.dumps([known])},"palette"'
    text, found = re.subn('"fronts":.*?,"palette"', front, path.read_text())
    assert found == 1
    made.write_text(text)
    page = opened(f"#x={x}&y={y}", file=made)
    of = "document.querySelector('#points').data.find(d => d.name === 'front')"
    assert page.evaluate(f"{of}.{'x' if x == 'dcr_share' else 'y'}") == [0.1, 0.4, 0.9]
    assert page.evaluate(f"{of}.{'y' if x == 'dcr_share' else 'x'}") == [0.3, 0.2, 0.2]
    assert page.evaluate(f"{of}.line.shape") == ("hv" if x == "dcr_share" else "vh")
    assert "The line is the front" in page.locator("#plane").inner_text()
    page.select_option("#up", "energy_heldout")
    assert page.evaluate(f"{of} === undefined")


def test_the_table_sorts_filters_opens_and_is_downloaded(opened):
    page = opened()
    title = page.locator('.tabulator-col[tabulator-field="dcr_share"] .tabulator-col-title').first
    title.click()
    title.click()
    first = page.locator(".tabulator-row").first
    assert "cl700_ch1000_s0" in first.inner_text()
    page.locator('.tabulator-col[tabulator-field="name"] input').press_sequentially("uniform")
    page.wait_for_selector(".tabulator-row >> nth=1", state="detached")
    assert page.locator("#count").inner_text() == "1 of 11 runs"
    with page.expect_download() as made:
        page.click("#csv")
    assert pd.read_csv(made.value.path()).run.tolist() == ["uniform_s0"]
    page.locator(".tabulator-row").first.click()
    assert "run=uniform_s0" in page.url
    other = page.locator('.tabulator-col[tabulator-field="js_amplitude"]')
    assert not other.is_visible()
    page.select_option("#columns", "all")
    assert other.is_visible()


def test_two_sweeps_are_compared_cell_by_cell(opened, together):
    page = opened("#metric=dcr_share", file=together)
    assert "b less a: of 9 settings in both, 8 differ" in page.locator("#reads").inner_text()
    cell = page.locator('[data-cell="700-1000"]')
    assert cell.inner_text().split() == ["0.085", "\u00b10.028"]  # sqrt(2) 0.02
    label = cell.get_attribute("aria-label")
    assert label == "c_l 700, c_h 1000: [700, 1000]: +0.085 [0.0567, 0.113]"
    cell.click()
    heading = page.locator("#pane h2").inner_text()
    assert heading == "b/cl700_ch1000_s0 beside a/cl700_ch1000_s0"
    page.select_option("#of", "all")
    assert "fresh data" in page.locator("#reads").inner_text()
    assert page.locator("#cells .js-plotly-plot").count() == 1


def test_a_phone_shows_it_without_overflow(opened):
    page = opened("#cell=700-1000&beside=uniform_s0", width=390, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("innerWidth") == 390
    page.tap('[data-cell="100-300"]')
    assert page.locator("#pane h2").inner_text().startswith("[100, 300]")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_paper_has_maps_runs_and_the_open_cell(opened, tmp_path):
    page = opened("#cell=700-1000")
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes()))
    assert 3 <= pages <= 14
    page.emulate_media(media="print")
    assert page.locator("#paper .still").count() >= 8
    assert "1 failed" in re.sub(r"\s+", " ", page.locator("#tally").inner_text())
    assert page.locator(".printed tr").count() == 10
    assert not page.locator("#table").is_visible()
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right"
        " > document.documentElement.clientWidth + 1).length"
    )
    assert wide == 0
