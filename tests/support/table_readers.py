"""What a reader sees in each rendering of a table, read back from the rendering itself: heads and cells as text.

Each reader takes a `Table`, renders it, and reads the rendering with a parser of that format. The cells of a row are
those of `table.grid()`: lines below each other are joined by '; ', letters of notes are left out.
"""

import csv as csv_module
import io
import re

from lxml import html as lxml_html

from neurohlh.report.render import delimited, gt, html, markdown

SPACE = re.compile(r"[ \t\n\u2003\xa0]+")


def plain(text):
    return SPACE.sub(" ", text).strip()


def shown(table):
    """The cells as the table itself holds them."""
    return [[plain("; ".join(p for p in (c.text, *c.sub.splitlines()) if p)) for c in row] for row in table.grid()]


def from_html(table):
    return page_rows(lxml_html.fromstring(html.fragment([table])).find(".//table"))


def page_rows(element):
    """The rows of a table of an HTML page."""
    return [[text for cell in row for text in _html_cell(cell)] for row in element.findall("tbody/tr")]


def page_numbers(element):
    """What stands in the number columns of a table of an HTML page, line by line, whatever the order of the lines."""
    lines = (
        [_html_cell(cell)[0] for cell in row if cell.get("class") == "number"] for row in element.findall("tbody/tr")
    )
    return sorted([text for text in line if text] for line in lines)


def shown_numbers(table):
    """What stands in the number columns of a table, as `page_numbers`."""
    lines = ([t for t, c in zip(line, table.columns, strict=True) if c.number and t] for line in shown(table))
    return sorted(line for line in lines)


def _html_cell(cell):
    for mark in cell.findall("sup"):
        mark.drop_tree()
    below = [line for part in cell.findall("span[@class='sub']") for line in (part.text or "").split("\n")]
    for part in cell.findall("span[@class='sub']"):
        part.drop_tree()
    text = plain("; ".join(p for p in (cell.text_content(), *below) if p))
    return [text] + [""] * (int(cell.get("colspan", 1)) - 1)


def from_gt(table):
    element = lxml_html.fromstring(gt.gt(table).as_raw_html())
    return [[_gt_cell(cell) for cell in row] for row in element.findall(".//tbody/tr")]


def _gt_cell(cell):
    for mark in cell.findall("sup"):
        mark.drop_tree()
    below = [part.text or "" for part in cell.findall("small")]
    for part in cell.findall("small"):
        part.drop_tree()
    return plain("; ".join(p for p in (cell.text_content(), *below) if p))


def from_markdown(table):
    lines = [line for line in markdown.markdown([table]).splitlines() if line.startswith("|")]
    return [[_markdown_cell(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def _markdown_cell(text):
    text = re.sub(r"<sup>.*?</sup>", "", text).replace("&emsp;", " ").replace("<br>", "; ")
    bold = re.fullmatch(r"\s*\*\*(.*)\*\*\s*", text)
    text = re.sub(r"\\(.)", r"\1", bold[1] if bold else text)
    return plain(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def from_csv(table):
    rows = list(csv_module.reader(io.StringIO(delimited.csv(table))))
    width = len(table.columns)
    return [[plain(text.removeprefix("'")) for text in row[:width]] for row in rows[1:]]


READERS = {"html": from_html, "markdown": from_markdown, "csv": from_csv, "great_tables": from_gt}
"""Every rendering that must say the same; a rendering of its own joins by one more reader."""
