"""From headers to variables: spellings, groups, units, the study's own words, and what must be asked."""

import numpy as np
import pytest

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.codebook import codebook
from neurohlh.etl.columns import SourceHints, guess, questions, read_columns, understand
from neurohlh.etl.questions import answer_lines
from neurohlh.etl.table import Distinct, Kind, RawColumn, RawTable, column_letter

BOOK = codebook()


class Untouched(AssertionError):
    """A column's cells were read although nothing hung on them."""


def never():
    raise Untouched


def column(header, texts=None, position=0, label="", kind=Kind.TEXT):
    levels = header if isinstance(header, tuple) else (header,)
    if texts is None:
        return RawColumn(levels, position, never, label)
    cells = Distinct(list(texts), [kind] * len(texts), np.arange(len(texts), dtype=np.int32))
    return RawColumn(levels, position, lambda: cells, label)


def table(*headers):
    return [c if isinstance(c, RawColumn) else column(c, position=i) for i, c in enumerate(headers)]


def one(header, texts=None, label="", **hints):
    (item,) = understand([column(header, texts, label=label)], SourceHints(**hints), BOOK)
    return item


def asked(header, texts, **hints):
    return questions([column(header, texts)], SourceHints(**hints), BOOK)


class TestSpellings:
    def test_the_codebooks_own_name_states_its_unit(self):
        item = one("ferritin")
        assert (item.variable, item.how, item.unit_known) == ("ferritin", "name", True)

    def test_an_alias_leaves_the_unit_open_and_says_so(self):
        item = one("血清铁蛋白")
        assert (item.variable, item.how, item.unit, item.unit_known) == ("ferritin", "alias", None, False)
        assert "ug/L" in item.note

    def test_a_label_of_the_file_is_a_second_chance(self):
        item = one("v17", label="血红蛋白 (g/dL)")
        assert (item.variable, item.how, item.unit) == ("hemoglobin", "label", "g/dL")

    def test_a_label_adds_the_unit_to_the_header(self):
        assert one("hb", label="Haemoglobin (g/dL)").unit == "g/dL"

    def test_a_label_that_contradicts_the_header_leaves_the_column_unused(self):
        item = one("hct", label="Ferritin")
        assert item.variable is None
        assert "hsct" in item.note
        assert "ferritin" in item.note

    def test_a_near_miss_is_shown_and_not_used(self):
        item = one("feritin")
        assert item.variable is None
        assert item.how == "unrecognised"
        assert item.suggestions[0] == "ferritin"

    @pytest.mark.parametrize("header", ["潘氏试验", "备注", "comments", "", "Unnamed 3"])
    def test_what_is_not_in_the_codebook_is_not_guessed(self, header):
        assert one(header).variable is None

    @pytest.mark.parametrize("header", ["姓名", "Name", "身份证号", "联系电话", "家庭住址", ("患者信息", "姓名")])
    def test_personal_data_is_recognised_and_never_used(self, header):
        item = one(header)
        assert (item.variable, item.how) == (None, "personal")
        assert "should not be in the file" in item.note

    def test_a_pseudonym_may_be_declared(self):
        item = one("name", rename={"name": "patient_id"})
        assert (item.variable, item.how) == ("patient_id", "rename")
        assert "pseudonyms" in item.note


class TestUnits:
    @pytest.mark.parametrize(
        ("header", "variable", "unit"),
        [
            ("铁蛋白(ng/ml)", "ferritin", "ng/mL"),
            ("Hb g/dL", "hemoglobin", "g/dL"),
            ("WBC (×10⁹/L)", "wbc", "10^9/L"),
            (("铁蛋白", "ng/ml"), "ferritin", "ng/mL"),
            (("生化", "铁蛋白", "μg/L"), "ferritin", "ug/L"),
            ("月龄", "age_years", "months"),
            ("日龄", "age_days", "days"),
            ("随访天数", "followup_days", "days"),
            ("os_months", "followup_days", "months"),
            ("随访时间（月）", "followup_days", "months"),
            ("血小板(PLT)(10^9/L)", "platelets", "10^9/L"),
            ("serum ferritin (ug/L) at diagnosis", "ferritin", "ug/L"),
        ],
    )
    def test_named_by_the_header(self, header, variable, unit):
        item = one(header)
        assert (item.variable, item.unit, item.unit_known) == (variable, unit, True)

    def test_named_by_the_study(self):
        item = one("脑脊液蛋白", units={"csf_protein": "mg/L"})
        assert (item.unit, item.unit_known) == ("mg/L", True)

    def test_a_rename_to_a_variable_whose_name_states_the_unit_names_it(self):
        item = one("随访", rename={"随访": "followup_days"})
        assert (item.variable, item.how, item.unit_known) == ("followup_days", "rename", True)

    def test_the_header_still_names_the_unit_of_a_renamed_column(self):
        assert one("观察(月)", rename={"观察(月)": "followup_days"}).unit == "months"

    def test_a_rename_cannot_make_a_count_of_a_percentage(self):
        with pytest.raises(InputError, match="percentage is not anc") as caught:
            one("NEUT%", rename={"NEUT%": "anc"})
        assert "ignore" in caught.value.do

    def test_any_other_rename_leaves_the_unit_open(self):
        assert not one("plt_raw", rename={"plt_raw": "platelets"}).unit_known

    def test_header_and_study_must_agree(self):
        with pytest.raises(InputError, match="header says mg/dL"):
            one("TG (mg/dL)", units={"triglycerides": "mmol/L"})
        assert one("铁蛋白(ng/ml)", units={"ferritin": "ug/L"}).unit == "ug/L"

    def test_a_unit_that_the_variable_cannot_have_is_refused(self):
        with pytest.raises(InputError, match="cannot be in") as caught:
            one("TG", units={"triglycerides": "10^9/L"})
        assert "mg/dL" in caught.value.do

    def test_scd25_keeps_units_that_are_never_converted(self):
        assert one("sCD25 (pg/mL)").unit == "pg/mL"

    @pytest.mark.parametrize(
        "header", ["中性粒细胞%", "NEUT%", "中性粒细胞（%）", ("血常规", "中性粒细胞%"), ("中性粒细胞", "%")]
    )
    def test_a_percentage_is_no_count(self, header):
        item = one(header)
        assert item.variable is None
        assert "percentage is not anc" in item.note

    def test_a_unit_of_another_measurement_is_not_ignored(self):
        assert one("WBC (mg/dL)").variable is None
        assert one("发热(℃)").variable is None


class TestGroups:
    def test_an_unknown_group_is_said(self):
        item = one(("甲院", "血小板"))
        assert item.variable == "platelets"
        assert "'甲院'" in item.note

    def test_two_rows_that_say_the_same_need_no_remark(self):
        assert one(("血小板计数", "PLT(10^9/L)")).note == ""

    def test_a_later_value_is_not_the_value_at_diagnosis(self):
        item = one(("治疗后", "铁蛋白"))
        assert item.variable is None
        assert "later time" in item.note

    def test_a_flattened_two_row_header(self):
        assert one("血常规_白细胞").variable == "wbc"
        assert one("CSF - WBC").variable == "csf_wbc"
        assert one("治疗后_铁蛋白").variable is None


class TestRename:
    def test_wins_over_the_header(self):
        item = one("血小板", rename={"血小板": "wbc"})
        assert (item.variable, item.how) == ("wbc", "rename")

    def test_ignore_leaves_a_column_out(self):
        item = one("血小板", rename={"血小板": "ignore"})
        assert (item.variable, item.how) == (None, "ignored")

    def test_names_a_two_row_header_by_all_its_levels_or_the_lowest(self):
        header = ("实验室", "指标甲")
        assert one(header, rename={"实验室 / 指标甲": "ferritin"}).variable == "ferritin"
        assert one(header, rename={"指标甲": "ferritin"}).variable == "ferritin"

    def test_the_lowest_level_must_be_unique(self):
        with pytest.raises(InputError, match="several columns") as caught:
            understand(table(("甲", "值1"), ("乙", "值1")), SourceHints(rename={"值1": "ferritin"}), BOOK)
        assert "甲 / 值1" in caught.value.do

    def test_to_an_unknown_variable_names_the_nearest(self):
        with pytest.raises(InputError, match="no variable of the codebook") as caught:
            one("Age", rename={"Age": "age_year"})
        assert "'age_years'" in caught.value.do

    def test_of_a_header_that_is_not_there_names_the_nearest(self):
        with pytest.raises(InputError, match="does not have") as caught:
            one("Platelet", rename={"Platelets": "platelets"})
        assert "'Platelet'" in caught.value.do


class TestQuestions:
    def test_two_headers_for_one_variable_are_asked(self):
        with pytest.raises(InputError) as caught:
            understand(table("血小板", "PLT (10^9/L)"), SourceHints(), BOOK, Location("a.xlsx", "基线"))
        message = str(caught.value)
        assert "'血小板' (column A) and 'PLT (10^9/L)' (column B) both mean platelets" in message
        assert 'rename = { "PLT (10^9/L)" = "ignore" }' in message
        assert "a.xlsx" in message

    def test_the_answer_is_accepted(self):
        hints = SourceHints(rename={"PLT (10^9/L)": "ignore"})
        items = understand(table("血小板", "PLT (10^9/L)"), hints, BOOK)
        assert [i.variable for i in items] == ["platelets", None]

    def test_of_two_the_doubtful_one_is_proposed_to_go(self):
        cells = column("中性粒细胞", ["65", "70"], 0)
        (question,) = questions([cells, column("中性粒细胞绝对值", position=1)], SourceHints(), BOOK)
        assert question.answers == {"rename": {"中性粒细胞": '"ignore"'}}

    def test_equal_headers_can_only_be_changed_in_the_file(self):
        (question,) = questions(table("WBC", "WBC"), SourceHints(), BOOK)
        assert not question.answers
        assert "in the file" in question.remarks

    def test_all_questions_come_at_once(self):
        columns = [column("年龄", ["3"]), column("随访时间", ["12"], 1), column("肝脾大", None, 2)]
        with pytest.raises(InputError) as caught:
            understand(columns, SourceHints(), BOOK)
        assert "3 questions" in caught.value.what
        assert 'units = { age_years = "years", followup_days = "days" }' in caught.value.do
        assert 'rename = { "肝脾大" = "ignore" }' in caught.value.do

    def test_they_can_be_shown_without_stopping(self):
        items, open_questions = read_columns([column("随访时间", ["12"])], SourceHints(), BOOK)
        assert items[0].variable == "followup_days"
        assert [q.variable for q in open_questions] == ["followup_days"]

    def test_cells_are_read_only_where_a_question_hangs_on_them(self):
        headers = [
            "住院号",
            "年龄（岁）",
            "随访时间（月）",
            "中性粒细胞计数",
            "脑脊液蛋白(g/L)",
            "血小板",
            "性别",
            "是否死亡",
            "铁蛋白",
        ]
        assert len(understand(table(*headers), SourceHints(), BOOK)) == len(headers)
        with pytest.raises(Untouched):
            understand(table("年龄"), SourceHints(), BOOK)

    def test_no_cell_stands_in_a_message(self):
        with pytest.raises(InputError) as caught:
            understand(
                [column("年龄", ["77.1234"]), column("PLT", ["5"], 1), column("血小板", ["6"], 2)], SourceHints(), BOOK
            )
        assert "77.1234" not in str(caught.value)

    def test_values_that_the_file_explains_are_not_asked(self):
        columns = (column("生存状态", ["0", "1"]),)
        rows = np.arange(2, dtype=np.int64)
        bare = RawTable("a.sav", "", rows, columns)
        told = RawTable("a.sav", "", rows, columns, value_labels={"生存状态": {"0": "存活", "1": "死亡"}})
        assert len(questions(bare, SourceHints(), BOOK)) == 1
        assert questions(told, SourceHints(), BOOK) == []

    def test_answers_of_one_kind_share_a_line(self):
        found = [*asked("年龄", ["3"]), *asked("脑脊液蛋白", ["0.4"])]
        assert answer_lines(found) == ['units = { age_years = "years", csf_protein = "mg/L" }']

    @pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
    def test_columns_are_lettered_as_a_spreadsheet_does(self, position, letters):
        assert column_letter(position) == letters


class TestLegends:
    def test_codes_in_the_header_are_read(self):
        assert one("性别（1=男,2=女）").codes == {"1": "M", "2": "F"}
        assert one("性别(1男2女)").codes == {"1": "M", "2": "F"}
        assert one("是否死亡(0=否;1=是)").codes == {"0": "0", "1": "1"}

    def test_a_reversed_legend_is_read_as_written(self):
        assert one("生存状态（1=存活，0=死亡）", ["0", "1"]).codes == {"1": "0", "0": "1"}

    def test_the_studys_codes_win(self):
        assert one("性别(1男2女)", codes={"sex": {"1": "F", "2": "M"}}).codes == {"1": "F", "2": "M"}

    def test_a_legend_not_understood_gives_no_codes(self):
        assert one("性别(1=甲,2=乙)").codes == {}


class TestGuess:
    @pytest.mark.parametrize(
        ("header", "variable", "confidence"),
        [
            ("ferritin", "ferritin", "exact"),
            ("铁蛋白 (ng/ml)", "ferritin", "exact"),
            ("serum_ferritin", "ferritin", "alias"),
            ("feritin", "ferritin", "near miss"),
            ("备注", None, "none"),
            ("姓名", None, "none"),
        ],
    )
    def test_says_how_sure_it_is(self, header, variable, confidence):
        (found,) = guess([header])
        assert (found.variable, found.confidence) == (variable, confidence)

    def test_never_reads_a_cell(self):
        assert guess([column("年龄")], BOOK)[0].variable == "age_years"


def test_understanding_is_independent_of_the_order_of_columns():
    headers = ["住院号", "铁蛋白(ng/ml)", ("血常规", "白细胞"), ("脑脊液", "白细胞"), "x1", "姓名"]
    forward = {i.column.header: (i.variable, i.unit, i.how) for i in understand(table(*headers), SourceHints(), BOOK)}
    backward = {
        i.column.header: (i.variable, i.unit, i.how) for i in understand(table(*headers[::-1]), SourceHints(), BOOK)
    }
    assert forward == backward
