"""Units: one spelling for every way of writing them, and exact conversion by the codebook's factors."""

from decimal import Decimal
from fractions import Fraction

import pytest

from neurohlh.etl.codebook import codebook
from neurohlh.etl.units import codebook_spelling, conversion, convert, parse_unit, split_unit

WRITTEN = {
    "ug/L": ["μg/L", "µg/L", "ug/l", "UG/L", "mcg/L", "ug / L", "微克/升", "μg·L-1", "ug.L^-1"],
    "ng/mL": ["ng/ml", "NG/ML", "ng/mL", "纳克/毫升", "ｎｇ／ｍＬ"],
    "10^9/L": ["×10^9/L", "x10e9/L", "10*9/L", "10^9/l", "X10^9/L", "10⁹/L", "×10⁹/L", "x 109/L", "x10 9/L", "10E9/L"],
    "10^12/L": ["×10¹²/L", "10^12/l", "x1012/L", "T/L"],
    "10^6/L": ["×10⁶/L", "x10^6/L", "106/L"],
    "10^3/uL": ["10^3/uL", "K/uL", "x1000/mm3", "x10^3/µL", "thou/uL", "10^3/mm3", "千/ul"],
    "10^6/uL": ["10^6/mm3", "M/uL", "million/mm3"],
    "10^4/uL": ["万/uL", "10^4/uL", "万/μl"],
    "/uL": ["/mm3", "/cu.mm", "/cumm", "/mm³", "个/ul", "cells/µL", "cells/mm3", "/μl"],
    "g/dL": ["gm/dl", "g%", "g/dl", "gm%", "g/100ml"],
    "mg/dL": ["mg%", "mg/dl", "mg/100 ml"],
    "mmol/L": ["mmol/L", "mmol/l", "MMOL/L"],
    "umol/L": ["umol/l", "μmol/L", "µmol/L"],
    "U/mL": ["U/ml", "u/mL"],
    "IU/mL": ["IU/mL", "iu/ml"],
    "copies/mL": ["copies/ml", "拷贝/ml", "cps/mL", "copies / ml", "拷贝数/毫升"],
    "degC": ["℃", "°C", "degC", "摄氏度"],
    "degF": ["°F", "degF", "℉"],
    "months": ["月", "个月", "mth", "mths", "months", "mo"],
    "years": ["岁", "周岁", "y", "yr", "years"],
    "days": ["天", "日", "d", "days"],
    "cm": ["cm", "厘米", "公分"],
    "%": ["%", "％", "percent"],
    "mg/L FEU": ["mg/L FEU", "mg/L(FEU)", "mg/l feu"],
}


@pytest.mark.parametrize(("spelling", "written"), [(s, w) for s, ws in WRITTEN.items() for w in ws])
def test_one_spelling_for_every_way_of_writing(spelling, written):
    assert parse_unit(written) == spelling


@pytest.mark.parametrize(
    "text", ["", "abc", "m/f", "y/m/d", "copies", "10", "109", "mm3", "high", "kg/m2", "mg", "IU", "/", "x", "100/uL"]
)
def test_what_is_no_unit_is_none(text):
    # A bare amount (mg, copies) is no concentration, and 100/uL is a number with a unit.
    assert parse_unit(text) is None


PAIRS = [(v, unit, factor) for v in codebook() for unit, factor in v.alt_units.items() if unit != "degF"]


@pytest.mark.parametrize(("variable", "unit", "factor"), PAIRS, ids=[f"{v.name}-{u}" for v, u, _ in PAIRS])
def test_every_alternative_unit_of_the_codebook_converts_by_its_factor(variable, unit, factor):
    got = convert(Decimal(1), unit, variable)
    # The codebook prints 0.0833333 for 1/12 and 0.00273791 for 1/365.25; the exact factors are used.
    tolerance = Decimal("3e-5") if variable.name == "age_years" else Decimal(0)
    assert got is not None
    assert abs(got - Decimal(factor)) <= tolerance * Decimal(factor)
    assert codebook_spelling(unit, variable) == unit


NUMERIC = [v for v in codebook() if v.numeric and not v.unit.startswith("same as")]


@pytest.mark.parametrize("variable", NUMERIC, ids=[v.name for v in NUMERIC])
def test_the_canonical_unit_changes_nothing(variable):
    way = conversion(variable.unit, variable)
    assert way is not None
    assert way.same
    assert codebook_spelling(variable.unit, variable) == variable.unit


@pytest.mark.parametrize(
    ("variable", "number", "unit", "canonical"),
    [
        ("hemoglobin", "9.2", "g/dL", "92"),
        ("hemoglobin", "8.3", "gm%", "83"),
        ("triglycerides", "265", "mg/dL", "2.99185"),
        ("fibrinogen", "150", "mg/dL", "1.5"),
        ("platelets", "150000", "/mm3", "150"),
        ("platelets", "15", "10^3/uL", "15"),
        ("platelets", "12", "万/uL", "120"),
        ("platelets", "150", "G/L", "150"),
        ("ferritin", "50000", "ng/dL", "500"),
        ("ferritin", "1123.6", "pmol/L", "500.046944"),
        ("csf_protein", "47", "mg/dL", "0.47"),
        ("csf_protein", "470", "mg/L", "0.47"),
        ("csf_wbc", "8", "/mm3", "8"),
        ("csf_wbc", "0.008", "10^9/L", "8"),
        ("ast", "48", "IU/L", "48"),
        ("temp_max_c", "101.3", "degF", "38.5"),
        ("temp_max_c", "98.6", "°F", "37"),
        ("age_years", "3", "months", "0.25"),
        ("followup_days", "4", "months", "121.75"),
        ("scd25", "2.4", "kU/mL", "2400"),
        ("scd25", "2400", "kU/L", "2400"),
        ("d_dimer", "5200", "ng/mL FEU", "5.2"),
        ("weight_kg", "21", "斤", "10.5"),
    ],
)
def test_exact_decimal_arithmetic(variable, number, unit, canonical):
    got = convert(Decimal(number), unit, codebook()[variable])
    assert got is not None
    assert float(got) == float(canonical)


@pytest.mark.parametrize(
    ("variable", "unit"),
    [
        ("scd25", "pg/mL"), ("scd25", "ng/mL"), ("scd25", "IU/mL"), ("ebv_dna", "IU/mL"), ("ferritin", "IU/L"),
        ("anc", "%"), ("d_dimer", "mg/L DDU"), ("albumin", "umol/L"), ("crp", "nmol/L"), ("ferritin", "nonsense"),
    ],
)  # fmt: skip
def test_no_factor_no_conversion(variable, unit):
    assert convert(Decimal(1), unit, codebook()[variable]) is None


@pytest.mark.parametrize("days", [1, 18, 28, 100, 365])
def test_days_of_age_come_back_exactly(days):
    years = convert(Decimal(days), "days", codebook()["age_years"])
    assert years is not None
    assert abs(Fraction(years) - Fraction(days * 4, 1461)) < Fraction(1, 10**25)


HEADERS = {
    "铁蛋白(ng/ml)": ("铁蛋白", "ng/mL"),
    "Hb g/dL": ("Hb", "g/dL"),
    "Ferritin [µg/L]": ("Ferritin", "ug/L"),
    "随访时间（月）": ("随访时间", "months"),
    "PLT×10^9/L": ("PLT", "10^9/L"),
    "血小板（×10⁹/L）": ("血小板", "10^9/L"),
    "fibrinogen_g_l": ("fibrinogen", "g/L"),
    "血小板,10^9/L": ("血小板", "10^9/L"),
    "TG_mg_dl": ("TG", "mg/dL"),
    "plt_10_9_l": ("plt", "10^9/L"),
    "铁蛋白ng/ml": ("铁蛋白", "ng/mL"),
    "年龄/岁": ("年龄", "years"),
    "PT(s)": ("PT", "s"),
    "体温(℃)": ("体温", "degC"),
    "D-dimer (mg/L(FEU))": ("D-dimer", "mg/L FEU"),
    "CSF WBC (cells/µL)": ("CSF WBC", "/uL"),
    "中性粒细胞%": ("中性粒细胞", "%"),
    "AST(U/L,37℃)": ("AST", "U/L"),
    "Hemoglobin, g/L": ("Hemoglobin", "g/L"),
}
NO_UNIT = [
    "Age", "sex (m/f)", "pt_s", "IL-6", "IFN-g", "HLH-94", "DOB (y/m/d)", "MRI T2", "g/L", "(g/L)", "VP-16", "随访月",
    "CD3-CD56+", "hlh2004", "",
]  # fmt: skip


@pytest.mark.parametrize(("header", "parts"), HEADERS.items())
def test_the_unit_comes_off_a_header(header, parts):
    assert split_unit(header) == parts


@pytest.mark.parametrize("header", NO_UNIT)
def test_a_header_without_a_unit_stays_whole(header):
    assert split_unit(header) == (header, None)
