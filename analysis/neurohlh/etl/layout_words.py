"""What single cells look like: a value, a unit, a total, a footnote."""

from __future__ import annotations

import re

from neurohlh.etl.units import parse_unit

_NUMBER = re.compile(r"[<>≤≥＜＞=~≈±+\-−]{0,2}\s*\d[\d\s.,:/\-年月日T]*([eE][+\-]?\d+)?\s*%?")
_ANSWERS = frozenset(
    [
        *("yes", "no", "y", "n", "true", "false", "pos", "neg", "positive", "negative", "unknown", "na", "n/a", "nd"),
        *("m", "f", "male", "female", "alive", "dead", "+", "-", "±", "(+)", "(-)", "（+）", "（-）", "＋", "－"),
        *(
            "是",
            "否",
            "有",
            "无",
            "男",
            "女",
            "阳性",
            "阴性",
            "不详",
            "未知",
            "未查",
            "未做",
            "正常",
            "异常",
            "死亡",
            "存活",
        ),
    ]
)
_UNIT = re.compile(
    r"(单位|unit)?[:：]?\s*(?:[x×*]?\s*10\s*[\^*]?\s*(?:\d{1,2}|[⁰¹²³⁴-⁹]+)\s*/?\s*(?:u?l|μl|µl|mm3|mm³)?"
    r"|(?:[num kμµcd]?(?:g|mol|eq|iu|u|l|cells?|copies|个|拷贝|m)|mm3|mm³|hpf)\s*/\s*"
    r"(?:[num kμµcd]?(?:l|g|m|mol)|mm3|mm³|kg|h|d|day|min|hpf|hp|24h|1\.73m2)"
    r"|%|[°º]c|℃|岁|周岁|月|个月|周|天|日|小时|years?|yrs?|months?|weeks?|days?|hours?|mm\s*h2o|cm\s*h2o|mm\s*hg|kpa|"
    r"kg|cm|mg|ug|μg|µg|ng|pg|yyyy[\-/.]mm[\-/.]dd)",
    re.IGNORECASE,
)
_LEGEND = re.compile(
    r"(?:\d\s*[=＝:：]\s*[^\d\s=＝:：,，;；、/]{1,12}\s*[,，;；、/]?\s*){2,}"
    r"|(?:是|有|男|阳性|阳|Y|yes|\+|M)\s*[/／]\s*(?:否|无|女|阴性|阴|N|no|-|F)",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:合计|总计|总和|小计|总数|共计|累计|(?:grand |sub-?)?totals?)\s*(?:[(（\[].*[)）\]])?"
    r"(?:\s*[:：=]|\s*(?:[:：=]|[nN]\s*[=＝])\s*\d+\s*(?:例|人|名|patients|cases)?|\s*\d+\s*(?:例|人|名|patients|cases))?"
    r"|(?:平均(?:值|数)?|均值|均数|中位数|标准差|四分位数?(?:间距)?|最大值|最小值|极差"
    r"|sums?|means?|averages?|medians?|std(?:\.? ?dev\.?)?|sd|iqr|minimum|maximum)"
    r"(?:\s*(?:±|\+/-|[/,，、])\s*(?:标准差|标准误|sd|se|iqr))?\s*(?:[(（\[].*[)）\]])?\s*[:：=]?",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(注|註|备注|附注|说明|注释|脚注|缩写|数据来源|资料来源|来源|填表人|制表人|制表|审核人?|导出时间|打印时间"
    r"|notes?|n\.?b\.?|remarks?|legend|abbreviations?|sources?|footnotes?|exported|printed|prepared by)"
    r"\s*\d*\s*[:：].*",
    re.IGNORECASE | re.DOTALL,
)
_NOTE_SIGN = re.compile(r"[*＊†‡§※#★△▲①②③④⑤].*", re.DOTALL)
_DATE = re.compile(r"(\d{4}[\-/.年]\d{1,2}[\-/.月]\d{1,2}.*|\d{1,2}[\-/.]\d{1,2}[\-/.]\d{2,4})", re.DOTALL)
LONG = 40
"""From this width on (a Chinese sign counts two) a lone text is a sentence, not a name."""

SET_ASIDE_HINT = (
    "计|和|总数|平均|均值|均数|中位数|标准差|四分位|最大|最小|极差|注|註|说明|缩写|来源|填表|制表|审核|时间"
    "|total|sum|mean|average|median|std|sd|iqr|minimum|maximum|note|n[.]?b|remark|legend|abbreviation|source|exported|printed|prepared"
)
"""Found in every totals or note cell (case ignored): the cheap first look at a long column."""


def is_number(text: str) -> bool:
    """Whether a cell is a number or a date and nothing else."""
    return bool(_NUMBER.fullmatch(text))


def is_value(text: str) -> bool:
    """Whether a cell looks like a measurement, a date or an answer rather than like a header."""
    return is_number(text) or text.casefold() in _ANSWERS


def is_unit(text: str) -> bool:
    """Whether a cell holds nothing but a unit or a date mask, bracketed or not."""
    bare = text.strip("()（）[]【】 ")
    return bool(_UNIT.fullmatch(bare)) or (len(bare) > 1 and not is_number(bare) and parse_unit(bare) is not None)


def is_legend(text: str) -> bool:
    """Whether a cell explains codes or answers and holds nothing else: 1=男 2=女, 有/无, Y/N."""
    return bool(_LEGEND.fullmatch(text.strip("()（）[]【】 ")))


def is_total(text: str) -> bool:
    """Whether a cell says that its row is a sum or an average."""
    return bool(_TOTAL.fullmatch(text))


def is_note(text: str) -> bool:
    """Whether a cell opens a footnote by its own words ('注：', 'Note:', 'Source:')."""
    return bool(_NOTE.fullmatch(text))


def is_lone_note(text: str) -> bool:
    """Whether a cell that stands alone in its row is a footnote: by its words, its sign or its length."""
    width = text_width(text)
    sentence = " " in text or width > len(text)  # an identifier is neither
    return is_note(text) or (sentence and (bool(_NOTE_SIGN.fullmatch(text)) or width > LONG))


def is_date(text: str) -> bool:
    """Whether a cell looks like a full date."""
    return bool(_DATE.fullmatch(text))


def text_width(text: str) -> int:
    """How wide a text stands on the page: a sign beyond Latin script counts two."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)
