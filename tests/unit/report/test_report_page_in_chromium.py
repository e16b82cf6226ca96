"""A document of every kind of block as Chromium shows it: by day and night, large and small, printed, unscripted."""

import dataclasses
import re
import subprocess
from io import BytesIO

import numpy as np
import pytest
from browser import Opened, chromium, violations
from PIL import Image
from word import program

from neurohlh.report import blocks, document, figures
from neurohlh.report.blocks import Cell, Column, Fold, Paragraph, Row, Section, Table
from neurohlh.report.render.drawings import Drawings
from neurohlh.report.render.html import html

SIZES = (3.04, None, 1.0, 20.0, 2.96)


def row(name, value, kind="body"):
    return Row((Cell(name), Cell("<5 mg" if value is None else f"{value:.0f} mg", value=value)), kind)


FLAT = Table(
    "Doses",
    (Column("Drug", number=False), Column("Dose")),
    tuple(row(f"drug {i}", s) for i, s in enumerate(SIZES)),
    key="flat",
)
GROUPED = Table(
    "Doses by kind",
    (Column("Drug", number=False), Column("Dose")),
    (
        row("Steroids", None, "group"), row("b", 8, "sub"), row("a", 9, "sub"), row("c", 10, "sub"),
        row("Others", None, "group"), row("e", 2, "sub"), row("d", 11, "sub"),
        row("alone", 5),
    ),
    key="grouped",
)  # fmt: skip
LONG = Table(
    "Many", (Column("Name", number=False), Column("Value")), tuple(row(f"n{i}", i) for i in range(90)), fold=10,
    key="long",
)  # fmt: skip


@pytest.fixture(scope="module")
def complete(findings):
    """The report of the small study, a table of each shape, and a fold that another text refers to."""
    built = document.build(findings)
    figure = next(built.find(blocks.Figure))
    folded = Fold("Behind a click", (dataclasses.replace(figure, key="fig-folded"), LONG, Paragraph("Folded words.")))
    more = Section("more", "More", (FLAT, GROUPED, Paragraph("See {ref:table-long}."), folded))
    return dataclasses.replace(built, sections=(*built.sections, more))


@pytest.fixture(scope="module")
def path(complete, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(html(complete), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def opened(browser, path):
    """Opens the page; after the test nothing was asked of anybody and the console is silent."""
    pages = []

    def open_page(**options):
        pages.append(Opened(browser, path, **options))
        return pages[-1].page

    yield open_page
    for one in pages:
        one.close()
        assert one.requests == []
        assert one.faults == []


@pytest.fixture
def page(opened):
    return opened()


def texts(page, selector):
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def test_the_document_holds_every_kind_of_block(complete):
    kinds = {kind for kind in vars(blocks).values() if isinstance(getattr(kind, "block", None), str)}
    assert all(list(complete.find(kind)) for kind in kinds)


@pytest.mark.parametrize("setting", [{}, {"color_scheme": "dark"}, {"width": 390, "height": 844}])
def test_axe_finds_nothing_serious(opened, setting):
    page = opened(**setting)
    page.locator(".contents").evaluate("nav => nav.querySelector('input').checked = true")
    page.locator("[data-does=unfold]").click()
    assert violations(page) == []


def test_axe_finds_nothing_serious_on_paper_nor_in_an_enlarged_figure(page):
    page.locator(".enlarge").first.click()
    assert violations(page, "dialog") == []
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1400])
def test_no_page_wide_scrolling(opened, width):
    page = opened(width=width)
    page.locator("main details").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_column_of_every_table_sorts_up_and_down_and_back(page):
    wrong = page.evaluate(
        """() => {
        const rows = (table) => [...table.tBodies].flatMap((body) => [...body.rows].map((row) => row.textContent));
        const wrong = [];
        for (const table of document.querySelectorAll("main table")) {
          const before = rows(table);
          for (const button of table.querySelectorAll("thead .sort")) {
            const head = button.closest("th");
            const seen = ["ascending", "descending", null].map((way) => {
              button.click();
              return head.getAttribute("aria-sort") === way && rows(table).sort().join() === [...before].sort().join();
            });
            if (seen.includes(false) || rows(table).join() !== before.join()) wrong.push(head.innerText);
          }
        }
        return [wrong, document.querySelectorAll("main table .sort").length];
      }"""
    )
    assert wrong[0] == []
    assert wrong[1] > 40


def test_a_column_of_numbers_sorts_by_its_full_values_and_what_is_missing_comes_last(page):
    dose = page.locator("#table-flat .sort").nth(1)
    order = []
    for _ in range(3):
        dose.click()
        order.append([name.removeprefix("drug ") for name in texts(page, "#table-flat tbody th")])
    assert order == [list("24031"), list("30421"), list("01234")]
    assert texts(page, "#table-flat tbody td")[:1] == ["3 mg"]


def test_rows_of_a_group_stay_beneath_its_head(page):
    drug, dose = page.locator("#table-grouped .sort").all()
    dose.focus()
    page.keyboard.press("Enter")
    assert page.locator("#table-grouped th[aria-sort=ascending]").inner_text().strip().startswith("Dose")
    assert texts(page, "#table-grouped tbody th") == ["alone", "Steroids", "b", "a", "c", "Others", "e", "d"]
    drug.click()
    assert page.locator("#table-grouped [aria-sort]").count() == 1
    assert texts(page, "#table-grouped tbody th") == ["alone", "Others", "d", "e", "Steroids", "a", "b", "c"]


def test_a_sorted_long_table_shows_its_first_rows_and_folds_the_others(page):
    page.goto(page.url + "#table-long")
    shown = page.locator("#table-long tbody tr:visible th")
    assert shown.count() == 10
    value = page.locator("#table-long .sort").nth(1)
    value.click()
    value.click()
    assert shown.all_inner_texts() == [f"n{i}" for i in range(89, 79, -1)]
    page.locator("#table-long summary").click()
    assert shown.count() == 90


def test_a_figure_is_enlarged_and_closed_by_keyboard_and_the_focus_returns(page):
    button = page.locator(".enlarge").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    assert dialog.is_visible()
    assert dialog.get_attribute("aria-label").startswith("Figure 2")
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    small, large = (page.locator(s).first.bounding_box()["width"] for s in ("figure.drawn svg", "dialog svg"))
    assert large > small
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert button.evaluate("button => button === document.activeElement")
    button.press("Space")
    page.locator("dialog [data-does=close]").press("Enter")
    assert not dialog.is_visible()
    assert button.evaluate("button => button === document.activeElement")


def test_ids_stay_unique_while_a_figure_is_enlarged_and_every_link_leads_somewhere(page):
    page.locator(".enlarge").first.click()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


def test_a_reference_into_a_fold_opens_it(page):
    assert not page.locator("#table-long").is_visible()
    page.locator("p a[href='#table-long']").click()
    assert page.locator("#table-long caption").is_visible()


def test_all_folds_open_and_close(page):
    unfold = page.locator("[data-does=unfold]")
    folds = page.locator("main details")
    total, was_open = folds.count(), page.locator("main details[open]").count()
    assert total > was_open == 0
    unfold.click()
    assert page.locator("main details[open]").count() == total
    assert unfold.get_attribute("aria-pressed") == "true"
    unfold.click()
    assert page.locator("main details[open]").count() == 0


def test_the_contents_list_marks_where_the_reader_is(page):
    page.goto(page.url + "#survival")
    page.wait_for_selector(".contents a[href='#survival'][aria-current]")
    assert page.locator(".contents [aria-current]").count() == 1


def test_on_a_small_screen_the_contents_list_waits_behind_its_head(opened):
    page = opened(width=390, height=844)
    entry = page.locator(".contents a[href='#cox']")
    assert not entry.is_visible()
    page.locator("#contents-open").focus()
    page.keyboard.press("Space")
    entry.click()
    assert not entry.is_visible()
    head = page.locator("#cox-heading").bounding_box()
    bar = page.locator(".contents").bounding_box()
    assert bar["y"] == 0  # it stays in reach
    assert bar["height"] <= head["y"] < 844


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_night_follows_the_system_until_the_button_is_used_and_never_reaches_paper(opened):
    day, night = opened(), opened(color_scheme="dark")
    white, dark = background(day), background(night)
    assert white == "rgb(255, 255, 255)" != dark
    for page, then in ((day, dark), (night, white)):
        button = page.locator("[data-does=theme]")
        was = button.get_attribute("aria-pressed")
        button.click()
        assert background(page) == then
        assert button.get_attribute("aria-pressed") != was
        page.emulate_media(media="print")
        assert background(page) == white


def contrast(ink, paper):
    def luminance(colour):
        parts = np.array([float(v) for v in colour[colour.index("(") + 1 : -1].split(",")[:3]]) / 255
        return float(
            np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
        )

    low, high = sorted((luminance(ink), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("setting", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"},
                                     {"forced_colors": "active", "color_scheme": "dark"}])  # fmt: skip
def test_words_in_drawings_can_be_read_on_any_page(opened, setting):
    page = opened(**setting)
    inks = page.evaluate(
        """[...document.querySelectorAll("main svg text")]
          .filter((text) => /[a-z0-9]/i.test(text.textContent)).map((text) => getComputedStyle(text).fill)"""
    )
    assert len(inks) > 20
    assert min(contrast(ink, background(page)) for ink in set(inks)) >= 3.0


def printed(page, folder):
    file = folder / "page.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    tool = program("pdftotext", "poppler-utils")
    done = subprocess.run([tool, "-layout", str(file), "-"], check=True, capture_output=True)
    return done.stdout.decode()


@pytest.mark.parametrize("scripted", [True, False])
def test_paper_holds_what_is_folded_and_no_button(opened, tmp_path, scripted):
    text = printed(opened(java_script_enabled=scripted), tmp_path)
    assert "Folded words." in text
    assert all(f"n{i} " in text for i in range(90))
    assert len(re.findall(r"Name +Value", text)) >= 2  # the head of a table stands on each of its pages
    assert not [word for word in ("Enlarge", "Open all folds", "Show all", "Skip to") if word in text]


def test_paper_is_a4_and_nothing_leaves_it(page):
    page.set_viewport_size({"width": 680, "height": 1000})  # the width of the text on A4
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_without_its_script_the_page_is_still_read_and_walked(opened):
    page = opened(java_script_enabled=False, width=390)
    assert page.locator("button").count() == 0
    page.locator("label[for=contents-open]").click()
    page.locator(".contents a[href='#more']").click()
    assert page.locator("#more h2").is_visible()
    page.locator(".more:has(#table-long) > summary").click()
    page.locator("#table-long summary").click()
    assert page.locator("#table-long tbody tr:visible").count() == 90


def test_the_policy_stops_any_script_and_any_request_that_is_not_the_pages_own(browser, path):
    opened = Opened(browser, path)
    opened.page.evaluate(
        """() => {
        const script = document.createElement("script");
        script.textContent = "window.reached = true";
        const image = document.createElement("img");
        image.src = "https://example.org/x.png";
        document.body.append(script, image);
      }"""
    )
    assert opened.page.evaluate("window.reached") is None
    opened.page.wait_for_timeout(100)
    assert len([fault for fault in opened.faults if "Content Security Policy" in fault]) == 2
    opened.close()


def test_a_drawing_made_small_looks_the_same(browser, kaplan_meier, cox):
    sheet = ".drawing { display: block; width: 800px; stroke-linejoin: round; stroke-linecap: butt } " \
            ":root { --ink: #1c2430; --muted: #5b6675; --line: #d9dee4; --blue: #0072b2; --vermillion: #d55e00; " \
            "--grey: #8a929c; --paper: #ffffff }"  # fmt: skip
    for result in (kaplan_meier, cox):
        full = figures.inline_svg(result, "fig-a", "A title", "What it shows")
        drawings = Drawings()
        small = drawings.compact(full)
        pictures = [
            seen(browser, f"<style>{sheet}{css}</style>{svg}") for svg, css in ((full, ""), (small, drawings.css()))
        ]
        assert pictures[0].shape == pictures[1].shape
        assert pictures[0].std() > 10
        assert np.mean(np.abs(pictures[0] - pictures[1]).max(axis=2) > 64) < 0.002


def seen(browser, markup):
    page = browser.new_page(viewport={"width": 900, "height": 900})
    page.set_content(f"<!DOCTYPE html>{markup}")
    shot = page.locator("svg").screenshot()
    page.close()
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), dtype=float)


def test_chinese_is_set_in_the_shipped_font_where_the_reader_has_none(browser, complete, tmp_path):
    file = tmp_path / "zh.html"
    file.write_text(
        html(dataclasses.replace(complete, lang="zh", title="噬血细胞综合征的中枢神经系统受累")), encoding="utf-8"
    )
    opened = Opened(browser, file)
    assert opened.page.locator("html").get_attribute("lang") == "zh-Hans"
    loaded = """document.fonts.load('20px "NeuroHLH Sans SC"', '噬血').then((faces) => faces.map((f) => f.status))"""
    assert opened.page.evaluate(loaded) == ["loaded"]
    assert (opened.requests, opened.faults) == ([], [])
    opened.close()


def test_a_table_in_a_dark_notebook_is_read_on_its_own_paper_and_leaves_the_notebook_as_it_is(browser, cox, tmp_path):
    file = tmp_path / "notebook.html"
    cell = '<body style="background: #111111; color: #eeeeee"><p id="own">A text</p>'
    file.write_text(f"<!DOCTYPE html>{cell}{cox._repr_html_()}", encoding="utf-8")
    opened = Opened(browser, file, color_scheme="dark")
    read = "(e) => { const style = getComputedStyle(e); return [style.color, style.backgroundColor]; }"
    names = ("#own", "td", ".neurohlh", "body")
    colours = {name: opened.page.locator(name).first.evaluate(read) for name in names}
    assert colours["body"] == ["rgb(238, 238, 238)", "rgb(17, 17, 17)"]
    assert colours["#own"][0] == "rgb(238, 238, 238)"
    assert contrast(colours["td"][0], colours[".neurohlh"][1]) > 7
    opened.close()
