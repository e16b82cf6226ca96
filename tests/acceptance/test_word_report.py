"""The Word report of a whole run, printed by LibreOffice: nothing cut off or lost, no empty page, no broken field."""

import pytest
import word

BOUNDS = {"example": (60, 260), "published": (20, 70)}
"""Pages: a report far outside these has lost its layout."""


@pytest.fixture(scope="module", params=sorted(BOUNDS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def path(name, request):
    return request.getfixturevalue(f"{name}_run") / "report.docx"


@pytest.fixture(scope="module")
def pdf(path, tmp_path_factory):
    return word.to_pdf(path, tmp_path_factory.mktemp("pdf"))


@pytest.fixture(scope="module")
def pages(pdf):
    return word.pages_of(pdf)


@pytest.fixture(scope="module")
def printed(pages):
    return "".join(pages)


@pytest.mark.slow
def test_it_has_as_many_pages_as_such_a_report_has(name, pages):
    fewest, most = BOUNDS[name]
    assert fewest <= len(pages) <= most


@pytest.mark.slow
def test_no_page_is_empty(path, pages):
    header = word.bare(word.header_of(path))
    short = [n for n, page in enumerate(pages, start=1) if len(page) - len(header) < 40]  # the footer takes up to nine
    assert short == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "style", ["Title", "Heading1", "Heading2", "Heading3", "TOC1", "TOC2", "Caption", "FigureCaption", "Pointer"]
)
def test_headings_captions_and_references_are_printed_as_they_are_shown_in_the_file(path, printed, style):
    lines = [line for text in word.paragraphs_in_docx(path, style) for line in text.split("\n")]
    assert lines
    assert [line for line in lines if word.bare(line) not in printed] == []


@pytest.mark.slow
def test_every_cell_of_every_table_is_printed(path, printed):
    lost = {
        label: cell
        for label, rows in word.tables_in_docx(path).items()
        for row in rows
        for cell in row
        for line in cell.split("\n")
        if word.bare(line) not in printed
    }
    assert lost == {}


@pytest.mark.slow
def test_nothing_runs_off_the_paper(pdf):
    assert word.outside(pdf, margin=20) == []


@pytest.mark.slow
def test_no_field_is_broken(printed):
    for fault in ("Error!", "Referencesourcenotfound", "{ref:"):
        assert fault not in printed
