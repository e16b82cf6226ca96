"""E-values, sample sizes and power against R."""

from __future__ import annotations

from collections.abc import Iterator

from neurohlh.stats import power
from neurohlh.stats.sensitivity import as_risk_ratio, e_value, evalue
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry

_ROOT = (
    "R solves for n to about 1e-4 unless told otherwise; with a tight tolerance it gives our number (describe_power)"
)


def _evalue_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    low = evalue(3.9, 1.8, 8.7, measure="RR").tidy["estimate"]
    yield Compared("RR 3.9 and its limit", [r["rr_3.9"], r["rr_3.9_lo_1.8"]], low)
    high = evalue(0.6, 0.4, 0.9, measure="RR").tidy["estimate"]
    yield Compared("RR 0.6 and its limit", [r["rr_0.6"], r["rr_0.6_hi_0.9"]], high)
    yield Compared("HR as RR", r["hr_0.56_common_as_rr"], as_risk_ratio(0.56, "HR", common=True))
    for key, value, measure, common in (
        ("hr_0.56_common", 0.56, "HR", True), ("hr_0.56_rare", 0.56, "HR", False),
        ("or_2.5_common", 2.5, "OR", True), ("or_2.5_rare", 2.5, "OR", False), ("md_d_0.5", 0.5, "SMD", False),
    ):  # fmt: skip
        yield Compared(key, r[key], e_value(as_risk_ratio(value, measure, common=common)))


def _size_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    yield Compared("events, HR 0.7", r["schoenfeld_events_hr0.7_1to1_80"], power.schoenfeld_events(0.7, 0.5))
    ours = power.schoenfeld_events(1.5, 0.3, power=0.9)
    yield Compared("events, HR 1.5", r["schoenfeld_events_hr1.5_p0.3_90"], ours)
    yield Compared("two proportions", r["two_prop_0.3_0.2_80"], power.two_proportions_size(0.3, 0.2), 1e-5, _ROOT)
    yield Compared("t test", r["t_test_d0.5_80"], power.t_test_size(0.5), 1e-5, _ROOT)


def _power_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    yield Compared("power of two proportions", r["prop"], power.two_proportions_power(120, 0.3, 0.15))
    sizes = [power.two_proportions_size(0.5, 0.75, power=0.9), power.two_proportions_size(0.05, 0.1, alpha=0.01)]
    yield Compared("two proportions", [r["prop_n"], r["prop_n_01"]], sizes)
    powers = [power.t_test_power(20, 1, sd=1.3), power.t_test_power(5, 2)]
    yield Compared("power of the t test", [r["t"], r["f_t"]], powers)
    yield Compared(
        "t test", [r["t_n"], r["t_half"]], [power.t_test_size(0.3, sd=1.1, power=0.9), power.t_test_size(0.5)]
    )


CASES = (Case("evalue", _evalue_case), Case("sample_size", _size_case), Case("describe_power", _power_case))
