"""A composed text is said whole in the other language, or stays English whole."""

import pytest

from neurohlh.report.language.book import book_of
from neurohlh.report.language.compose import Composer

ROWS = (
    ("{0} patients", "{0} 例患者"),
    ("Of {0} rows supplied, {1} patients are in the analysis.", "提供的 {0} 行中，{1} 例患者进入分析。"),
    ("hazard ratio", "风险比"),
    ("{0} interval", "{0}置信区间"),
    ("{0} intervals", "{0}置信区间"),
    ("{0} to {1}", "{0} 至 {1}"),
    ("The {0} of death with CNS involvement was {1}.", "中枢神经系统受累者死亡的{0}为 {1}。"),
    ("age", "年龄"),
    ("platelets", "血小板"),
    ("albumin", "白蛋白"),
    ("confidence level {0}", "置信水平 {0}"),
    ("ties", "结"),
    ("Left out: {0}", "未计入：{0}"),
    ("time or outcome unknown", "时间或结局未知"),
    ("died by day {0}", "第 {0} 天前死亡"),
    ("not estimable: {0}", "无法估计：{0}"),
    ("no events in this level; nothing follows", "该水平无事件；无从推断"),
    ('Say it: codes = { {0} = "{1}" } under [[source]].', '写明：[[source]] 下 codes = { {0} = "{1}" }。'),
    ("CNS involved", "中枢神经系统受累"),
    ("CNS not involved", "中枢神经系统未受累"),
    ("verified", "已核实"),
    ("the table cannot be read{0}", "无法读取该表{0}"),
    ("sheet {0}", "工作表 {0}"),
    ("fever", "发热"),
    ("per doubling", "每翻倍"),
)


@pytest.fixture
def say():
    return Composer(book_of(ROWS)).text


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Hazard ratio", "风险比"),
        ("hazard ratio.", "风险比。"),
        (
            "Of 412 rows supplied, 359 patients are in the analysis. 12 patients.",
            "提供的 412 行中，359 例患者进入分析。12 例患者。",
        ),
        ("The hazard ratio of death with CNS involvement was 2.92.", "中枢神经系统受累者死亡的风险比为 2.92。"),
        ("age, platelets and albumin", "年龄、血小板和白蛋白"),
        ("Confidence level 95 %; ties: age", "置信水平 95 %；结：年龄"),
        ("Left out: time or outcome unknown 1; died by day 14 8.", "未计入：时间或结局未知 1；第 14 天前死亡 8。"),
        ("Not estimable: no events in this level; nothing follows", "无法估计：该水平无事件；无从推断"),
        ("CNS involved vs CNS not involved", "中枢神经系统受累 vs 中枢神经系统未受累"),
        ("Platelets (per doubling)", "血小板（每翻倍）"),
        ("Platelets > 100 10⁹/L", "血小板 > 100 10⁹/L"),
        ("−0.02 to 0.03", "−0.02 至 0.03"),
        ("Hayden 2017, Blood Adv 1(26):2529 [verified]", "Hayden 2017, Blood Adv 1(26):2529 [已核实]"),
        ("The table cannot be read, sheet '基线'", "无法读取该表，工作表 '基线'"),
        ("the table cannot be read", "无法读取该表"),
    ],
)
def test_a_composed_text_is_said(say, english, chinese):
    assert say(english) == chinese


def test_a_text_of_which_a_piece_is_missing_is_not_said(say):
    assert say("age, platelets and creatinine") is None
    assert say("Of 412 rows supplied, many patients are in the analysis.") is None


def test_what_stands_in_code_is_not_translated(say):
    said = say('Say it: codes = { fever = "fever" } under [[source]].')
    assert said == '写明：[[source]] 下 codes = { fever = "fever" }。'


def test_the_template_with_most_words_wins():
    rows = (("{0} of the patients", "患者的 {0}"), ("{0}% of the patients died", "{0}% 的患者死亡"))
    assert Composer(book_of(rows)).text("12% of the patients died") == "12% 的患者死亡"


def test_a_name_that_is_kept_stays_within_a_sentence():
    composer = Composer(book_of(ROWS), kept=frozenset({"Example Hospital"}))
    assert composer.text("The Example Hospital of death with CNS involvement was 3.") is not None
    assert Composer(book_of(ROWS)).text("Example Hospital") is None


def test_a_row_without_translation_says_nothing():
    assert Composer(book_of((("age", ""), ("albumin", " ")))).text("age") is None


def test_a_number_keeps_its_own_bracket():
    rows = (
        ("The ratio was {0}.", "比值为{0}。"),
        ("{0} ({1}) crude", "未调整 {0}（{1}）"),
        ("{0} ({1}) adjusted", "调整后 {0}（{1}）"),
    )
    said = Composer(book_of(rows)).text("The ratio was 3.97 (1.71–9.22) crude and 2.92 (1.25–6.87) adjusted.")
    assert said == "比值为未调整 3.97（1.71–9.22）和调整后 2.92（1.25–6.87）。"
