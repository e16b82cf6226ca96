"""The report of the example as Chromium shows it: whole, silent, sortable, inside every screen and sheet of paper."""

import pytest
from browser import Opened, chromium, violations

pytestmark = pytest.mark.slow
MOST_BYTES = 3_000_000
"""A report is sent by mail; without its drawings made small it had more."""


@pytest.fixture(scope="module")
def report(example_run):
    return example_run / "report.html"


@pytest.fixture(scope="module")
def opened(report):
    """The page with every fold open."""
    with chromium() as browser:
        one = Opened(browser, report)
        one.page.locator("[data-does=unfold]").click()
        yield one
        one.close()


@pytest.fixture
def page(opened):
    """The page on a wide screen; the console stays silent and nobody was asked for anything."""
    opened.page.set_viewport_size({"width": 1280, "height": 900})
    opened.page.emulate_media(media="screen")
    yield opened.page
    assert opened.requests == []
    assert opened.faults == []


def test_the_report_can_be_sent_by_mail(report):
    assert report.stat().st_size < MOST_BYTES


def test_every_language_has_a_page_that_asks_for_nothing(example_run, opened):
    pages = sorted(example_run.glob("report*.html"))
    tags = {}
    for path in pages:
        one = Opened(opened.browser, path, width=390)
        tags[path.name] = one.page.locator("html").get_attribute("lang")
        assert one.page.locator("[data-does=unfold]").count() == 1  # its script runs
        assert (one.requests, one.faults) == ([], [])
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "{ref:" not in one.page.content()  # every reference of ours leads somewhere
        one.close()
    assert sorted(tags.values()) == ["en", "zh-Hans"]


def test_every_id_is_there_once_and_every_link_leads_somewhere(page):
    ids, links = page.evaluate(
        """[[...document.querySelectorAll("[id]")].map((element) => element.id),
            [...document.querySelectorAll("main a, nav a")].map((link) => link.getAttribute("href"))]"""
    )
    assert len(ids) == len(set(ids)) > 100
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_every_table_sorts_by_every_column_and_back(page):
    wrong, columns = page.evaluate(
        """() => {
        const rows = (table) => [...table.tBodies].flatMap((body) => [...body.rows]);
        const wrong = [];
        let columns = 0;
        for (const table of document.querySelectorAll("main table")) {
          const before = rows(table);
          for (const button of table.querySelectorAll("thead .sort")) {
            columns += 1;
            for (const way of ["ascending", "descending", null]) {
              button.click();
              const now = rows(table);
              const same = now.length === before.length && new Set(now).size === before.length;
              if (!same || button.closest("th").getAttribute("aria-sort") !== way) wrong.push(button.innerText);
            }
            if (rows(table).some((row, at) => row !== before[at])) wrong.push(button.innerText);
          }
        }
        return [wrong, columns];
      }"""
    )
    assert wrong == []
    assert columns > 500


def test_every_numbered_figure_and_table_is_in_the_list(page):
    captions = page.locator(".mark").all_text_contents()
    assert page.locator(".numbered a").all_text_contents() == captions
    assert len(captions) == len(set(captions)) > 100


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_wide_scrolling(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_leaves_the_paper(page):
    page.set_viewport_size({"width": 680, "height": 1000})  # the width of the text on A4
    page.emulate_media(media="print")
    beyond = page.evaluate(
        """[...document.querySelectorAll("main table, main svg")]
          .filter((part) => part.getBoundingClientRect().right > 681).map((part) => part.closest("figure").id)"""
    )
    assert beyond == []
    hidden = page.evaluate(
        "[...document.querySelectorAll('main tbody tr')].filter((row) => !row.getBoundingClientRect().height).length"
    )
    assert hidden == 0


def test_axe_finds_nothing_serious_in_any_chapter(page):
    # The rows of a table are alike, and colours are judged on a small document: all of both takes axe a minute.
    page.evaluate(
        """() => document.querySelectorAll("main tbody").forEach((body) => {
        [...body.rows].slice(3).forEach((row) => row.remove());
      })"""
    )
    assert violations(page, colours=False) == []
