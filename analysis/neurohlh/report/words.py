"""Sentences written from the Results' own records: the answer, what weakens it, and the methods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.report.names import Names, small

_POSITIVE, _NEGATIVE = ("met", "true"), ("not_met", "false")
_SUPPRESSED = "The hazard ratio of CNS involvement is suppressed: too few patients or deaths stand behind it."


def answer(findings: Findings) -> tuple[str, ...]:
    """The clinical question answered in plain sentences, each number with its interval."""
    parts = (population, frequency, survival, hazard, published_deaths)
    return tuple(text for part in parts for text in [part(findings)] if text)


def verdict(findings: Findings) -> str:
    """What the data say to the question, in one sentence that promises no more than the interval does."""
    result = findings.results.get("cox")
    crude, adjusted = exposure_hazards(result, findings.exposure) if result else (None, None)
    main = crude if adjusted is None or fmt.is_missing(adjusted["estimate"]) else adjusted
    if main is None or fmt.is_missing(main["estimate"]) or fmt.is_missing(main["conf_low"]):
        return _without_hazard(findings)
    if fmt.is_suppressed(main["estimate"]):
        return _SUPPRESSED
    word = "adjusted" if main is adjusted else "crude"
    number = fmt.ratio_with_interval(main["estimate"], main["conf_low"], main["conf_high"])
    if main["conf_low"] > 1:
        return f"In these patients, those with CNS involvement died at a higher rate: {word} hazard ratio {number}."
    if main["conf_high"] < 1:
        return f"In these patients, those with CNS involvement died at a lower rate: {word} hazard ratio {number}."
    return f"These patients do not settle it: {word} hazard ratio {number}, an interval that includes no difference."


def _without_hazard(findings: Findings) -> str:
    if findings.case_series:
        return (
            "These published cases describe themselves; they can estimate neither a frequency nor survival over time."
        )
    if "two_by_two" in findings.results:
        return "These data cannot compare survival over time; deaths by CNS status are described, not explained."
    if "cox" in findings.results:
        return "These data cannot answer it: the hazard ratio of CNS involvement cannot be estimated."
    if "kaplan_meier" in findings.results:
        return "These data cannot answer it: they do not hold enough patients both with and without CNS involvement."
    return "These data hold no follow-up from which survival with and without CNS involvement could be compared."


def population(findings: Findings) -> str:
    """How many patients were supplied, stayed, and have HLH."""
    flow = findings.flow
    if not len(flow):
        return ""
    supplied, analysed = flow["n_in"].iloc[0], flow["n_out"].iloc[-1]
    text = f"Of {fmt.integer(supplied)} rows supplied, {fmt.integer(analysed)} patients are in the analysis."
    row = criteria_overall(findings)
    if row is not None:
        total = row["met"] + row["not_met"] + row["indeterminate"]
        text += (
            f" {fmt.count_of(row['met'], total)} meet {row['criteria_set']}; in "
            f"{fmt.integer(row['indeterminate'])} the recorded findings cannot decide it."
        )
    return text


def criteria_overall(findings: Findings) -> pd.Series | None:
    """The overall row of the criteria set that decides who has HLH in this study."""
    rows = findings.criteria
    rows = rows[(rows["item"] == "overall") & (rows["criteria_set"] == findings.criteria_set)]
    return rows.iloc[0] if len(rows) else None


def frequency(findings: Findings) -> str:
    """How frequent CNS involvement is among those whose status is known, and the two bounds."""
    result = findings.results.get("frequency")
    if result is None or findings.case_series:
        return ""
    tested, worst, best = (
        row_of(result, term=t, group="overall")
        for t in ("as tested", "worst case: unknown as positive", "unknown as negative")
    )
    if tested is None or fmt.is_missing(tested["estimate"]):
        return "How frequent CNS involvement is cannot be estimated: no patient's status is known."
    text = (
        f"CNS involvement was found in {fmt.count_of(tested['events'], tested['n'])} of the patients whose status is "
        f"known ({_limits(tested, fmt.percent, result)})."
    )
    if worst is not None and best is not None and worst["n"] > tested["n"]:
        text += (
            f" {fmt.integer(worst['n'] - tested['n'])} patients could not be decided: the true frequency in the whole "
            f"group lies between {fmt.percent(best['estimate'])} (none of them involved) and "
            f"{fmt.percent(worst['estimate'])} (all of them)."
        )
    return text


def survival(findings: Findings) -> str:
    """Survival with and without CNS involvement at the latest time that both curves reach with ten at risk."""
    result = findings.results.get("kaplan_meier")
    found = survival_pair(result)
    if result is None or found is None:
        return ""
    with_cns, without = found
    since = result.method.get("time_zero", findings.time_zero)
    return (
        f"Survival at {fmt.duration(with_cns['time'])}{f', counted {since},' if since else ''} was "
        f"{fmt.percent(with_cns['estimate'])} ({_limits(with_cns, fmt.percent, result)}) with CNS involvement and "
        f"{fmt.percent(without['estimate'])} ({_limits(without, fmt.percent, result)}) without."
    )


def survival_pair(result: Result | None) -> tuple[pd.Series, pd.Series] | None:
    """The survival rows with and without CNS involvement at the time to quote; None where there is no such time."""
    if result is None:
        return None
    known = result.tidy["estimate"].notna() & ~result.tidy["estimate"].map(fmt.is_suppressed)
    rows = result.tidy[result.tidy["measure"].eq("survival") & known]
    # A suppressed number at risk is told by the row's own remark.
    ten = (rows["n"] >= 10) | (rows["n"].map(fmt.is_suppressed) & ~rows["note"].str.contains("fewer than 10"))
    times = sorted(rows["time"].unique(), reverse=True)
    for need_ten in (True, False):
        for time in times:
            at = rows[(rows["time"] == time) & (ten | (not need_ten))]
            yes, no = at[at["group"].isin(_POSITIVE)], at[at["group"].isin(_NEGATIVE)]
            if len(yes) and len(no):
                return yes.iloc[0], no.iloc[0]
    return None


def hazard(findings: Findings) -> str:
    """Crude and adjusted hazard ratio of CNS involvement."""
    result = findings.results.get("cox")
    if result is None:
        return ""
    crude, adjusted = exposure_hazards(result, findings.exposure)
    main = adjusted if adjusted is not None else crude
    if main is None or fmt.is_missing(main["estimate"]):
        reason = "" if main is None else str(main["note"]).removeprefix("not estimable: ")
        if reason:
            return f"The hazard ratio of CNS involvement cannot be estimated: {reason}."
        return "The hazard ratio of CNS involvement cannot be estimated."
    if fmt.is_suppressed(main["estimate"]):
        return _SUPPRESSED
    said = []
    if crude is not None and not fmt.is_missing(crude["estimate"]):
        said.append(f"{fmt.ratio(crude['estimate'])} ({_limits(crude, fmt.ratio, result)}) without adjustment")
    if adjusted is not None:
        covariates = result.method.get("covariates", [])
        names = Names.of(findings).with_result(result)
        others = [small(names.label(_bare(c))) for c in covariates if c != main["variable"]]
        given = f" for {fmt.sentence_list(others)}" if others else ""
        said.append(f"{fmt.ratio(adjusted['estimate'])} ({_limits(adjusted, fmt.ratio, result)}) adjusted{given}")
    return f"The hazard ratio of death with CNS involvement was {fmt.sentence_list(said)}."


def reading(findings: Findings) -> str:
    """What the interval of the main hazard ratio lets one say, and no more."""
    result = findings.results.get("cox")
    crude, adjusted = exposure_hazards(result, findings.exposure) if result else (None, None)
    row = adjusted if adjusted is not None else crude
    if row is None or fmt.is_missing(row["estimate"]):
        return ""
    low, high = row["conf_low"], row["conf_high"]
    if fmt.is_suppressed(low) or fmt.is_suppressed(high):
        return ""
    if fmt.is_missing(low) or fmt.is_missing(high):
        return "Its interval cannot be given."
    if low > 1:
        return "Every value within the interval means a higher rate of death with CNS involvement."
    if high < 1:
        return "Every value within the interval means a lower rate of death with CNS involvement."
    return (
        "The interval includes 1: these data are compatible with a rate of death "
        f"from {fmt.ratio(low)} to {fmt.ratio(high)} times that of patients without CNS involvement."
    )


def published_deaths(findings: Findings) -> str:
    """Deaths by CNS status in data without survival times."""
    result = findings.results.get("two_by_two")
    if result is None:
        return ""
    risks = result.tidy[result.tidy["measure"] == "risk"]
    yes, no = risks[risks["group"].isin(_POSITIVE)], risks[risks["group"].isin(_NEGATIVE)]
    odds = row_of(result, measure="OR")
    if not len(yes) or not len(no):
        return ""
    text = (
        f"{fmt.count_of(yes.iloc[0]['events'], yes.iloc[0]['n'])} of the patients with CNS involvement died and "
        f"{fmt.count_of(no.iloc[0]['events'], no.iloc[0]['n'])} of those without."
    )
    if odds is not None and not fmt.is_missing(odds["estimate"]):
        limits = fmt.interval(odds["conf_low"], odds["conf_high"], fmt.ratio, open_end="no limit")
        text += f" Odds ratio {fmt.ratio(odds['estimate'])} (exact interval {limits}; {fmt.p_equals(odds['p_value'])})."
    return text


def exposure_hazards(result: Result, exposure: str) -> tuple[pd.Series | None, pd.Series | None]:
    """The crude and the adjusted row of CNS involvement in a Cox result (None where it has none)."""
    rows = result.tidy[~result.tidy["is_reference"] & (result.tidy["variable"] == exposure)]
    rows = rows[rows["level"].isin((*_POSITIVE, ""))]
    found: dict[str, pd.Series] = {str(row["analysis"]): row for _, row in rows.iterrows()}
    return found.get("cox_crude", found.get("cox")), found.get("cox_adjusted")


def doubts(findings: Findings) -> tuple[str, ...]:
    """What speaks against trusting the answer: the study's own cautions, then what the checks say."""
    said: dict[str, str] = {}
    for text in (*findings.cautions, *model_doubts(findings), *testing_doubts(findings)):
        said.setdefault(text.partition(":")[0], text)  # the same observation is said once, however it goes on
    return tuple(said.values())


def model_doubts(findings: Findings) -> tuple[str, ...]:
    """What the checks of the Cox model say against its hazard ratios."""
    return tuple(_of_checks(findings))


def testing_doubts(findings: Findings) -> tuple[str, ...]:
    """Domains in which who was tested depends on the outcome."""
    return tuple(_of_testing(findings))


def _of_checks(findings: Findings) -> Iterator[str]:
    result = findings.results.get("cox")
    if result is None or not len(result.checks):
        return
    for row in result.checks[result.checks["verdict"] == "attention"].to_dict("records"):
        if row["check"] == "events per parameter":
            yield (
                f"The adjusted model has {fmt.fixed(row['value'], 1)} deaths per parameter, fewer than 10: its "
                "hazard ratios may be unstable and too far from 1."
            )
        elif row["check"] == "proportional hazards" and row["term"] == "GLOBAL":
            yield (
                f"The hazards do not look proportional (all terms together, {fmt.p_equals(row['p_value'])}): one "
                "hazard ratio then averages an effect that changes with time."
            )
        elif row["check"] == "proportional hazards" and findings.exposure in str(row["term"]):
            yield (
                f"The effect of CNS involvement itself seems to change with time ({fmt.p_equals(row['p_value'])}): "
                "read the curves before the hazard ratio."
            )
        elif row["check"] != "proportional hazards":
            yield f"The Cox model needs attention ({row['check']}): {str(row['note']).rpartition('; ')[2]}."
    supplied, used = result.counts.get("supplied"), result.counts.get("used")
    if supplied and used and used < supplied:
        lost = {k: v for k, v in dict(result.counts.get("dropped") or {}).items() if v}
        names = Names.of(findings).with_result(result)
        reasons = "; ".join(f"{names.prose(str(reason))} ({fmt.integer(n)})" for reason, n in lost.items())
        why = f" Left out: {reasons}." if reasons else ""
        yield f"The adjusted model rests on {fmt.count_of(used, supplied)} of the patients.{why}"


def _of_testing(findings: Findings) -> Iterator[str]:
    result = findings.results.get("testing")
    if result is None:
        return
    names = Names.of(findings).with_result(result)
    tidy = result.tidy[result.tidy["measure"] == "RD"].dropna(subset=["conf_low", "conf_high"])
    for row in tidy[(tidy["conf_low"] > 0) | (tidy["conf_high"] < 0)].to_dict("records"):
        who = "more" if row["estimate"] > 0 else "less"
        yield (
            f"{names.label(row['variable'])}: tested {who} often in patients who died (difference "
            f"{fmt.percent(abs(row['estimate']))}), so who is known to have CNS involvement depends on the outcome."
        )


def row_of(result: Result, **keys: str) -> pd.Series | None:
    """The first row of a result whose columns have these values (None where there is none)."""
    rows = result.tidy
    for column, value in keys.items():
        rows = rows[rows[column] == value]
    return rows.iloc[0] if len(rows) else None


def _limits(row: pd.Series, show: Any, result: Result) -> str:
    level = fmt.percent(float(result.method.get("conf_level", 0.95)), 0)
    if fmt.is_missing(row["conf_low"]) and fmt.is_missing(row["conf_high"]):
        return f"{level} interval not estimable"
    return f"{level} interval {fmt.interval(row['conf_low'], row['conf_high'], show)}"


def _bare(term: str) -> str:
    return term.split("(")[-1].rstrip(")")
