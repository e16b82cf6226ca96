"""What a run leaves of its report: formats, languages, figures drawn once per language, numbers of a journal."""

import docx
import pandas as pd
import pytest

from neurohlh.core.findings import Findings
from neurohlh.core.result import Result, tidy_frame
from neurohlh.report.blocks import Document, Figure, Picture, Section
from neurohlh.study.config import check_config
from neurohlh.study.report_files import Wanted, study_document, study_page, write_reports

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)


class Drawn(Picture):
    """Notes what it is asked for."""

    def __init__(self, asked, code="en"):
        self.asked, self.code = asked, code

    def svg(self, key, title, description):
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" id="{key}"></svg>'

    def png(self, dpi):
        return PNG

    def save(self, stem, formats, dpi):
        self.asked.append((self.code, stem.name, tuple(formats), dpi))

    def said_in(self, language):
        return Drawn(self.asked, language.code)


def document(asked):
    figure = Figure(Drawn(asked), "Survival", "Curves.", key="fig-km", alt="Curves.", name="kaplan_meier")
    return Document("Title", "", Section("summary", "Summary", ()), (Section("survival", "Survival", (figure,)),))


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_the_first_language_has_the_plain_names_and_further_ones_their_code(tmp_path):
    asked = []
    write_reports(document(asked), tmp_path, "report", Wanted(languages=("en", "zh")))
    assert names(tmp_path) == {"report.html", "report.docx", "report.zh.html", "report.zh.docx", "figures"}
    assert 'lang="zh' in (tmp_path / "report.zh.html").read_text(encoding="utf-8")[:400]
    assert docx.Document(tmp_path / "report.zh.docx").core_properties.language == "zh-CN"


def test_each_figure_is_written_once_per_language_as_it_is_asked_for(tmp_path):
    asked = []
    write_reports(document(asked), tmp_path, "report", Wanted(("html",), ("pdf", "png"), 600, ("zh", "en")))
    assert asked == [("zh", "kaplan_meier", ("pdf", "png"), 600), ("en", "kaplan_meier.en", ("pdf", "png"), 600)]


@pytest.mark.parametrize(("formats", "first"), [(("html", "docx"), "report.html"), (("docx",), "report.docx")])
def test_only_the_formats_that_are_asked_for_are_written(tmp_path, formats, first):
    wanted = Wanted(formats)
    write_reports(document([]), tmp_path, "report", wanted)
    assert names(tmp_path) == {*(f"report.{form}" for form in formats), "figures"}
    assert wanted.main_file("report") == first


def findings():
    row = {"term": "as tested", "group": "overall", "n": 8, "events": 3, "measure": "proportion", "estimate": 0.375,
           "conf_low": 0.137, "conf_high": 0.694}  # fmt: skip
    result = Result("frequency", tidy_frame(pd.DataFrame([row])), method={"conf_level": 0.95})
    return Findings("Ward 7", results={"frequency": result})


def config(**sections):
    return check_config({"schema": 1, "source": [{"path": "a.csv"}], **sections}, "test")


def test_numbers_are_printed_as_the_journal_does():
    assert "37.5" in study_page(findings(), config())
    lancet = study_page(findings(), config(report={"style": "lancet"}))
    assert "37·5" in lancet
    assert "37.5" not in lancet


def test_one_report_in_a_style_leaves_the_next_in_its_own():
    study_document(findings(), config(report={"style": "lancet"}))
    assert "37.5" in study_page(findings(), config())
