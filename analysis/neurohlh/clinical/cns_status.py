"""The status of CNS involvement under a definition, its three domains, when it was found, what was known at baseline.

The rules of the domains are in `symptoms`, `csf`, `imaging`, those of time in `cns_time`, the definitions in
catalogue/cns/definitions.toml. What holds for all of them (dossier 6; "toolkit" marks our own operational choice):

* a domain that was not tested is unknown, unless the definition says otherwise; unknown is never negative;
* `cns_pathology_positive` = met decides (except for the severity marker pleo100);
* `cns_tested_domains` counts neuro_assessed = 1, lp_done = 1, mri_done or ct_done = 1; where such a column says
  nothing, an answer of the domain shows that it was tested (toolkit);
* the gate: where the HLH status of the study is not_met (or not_applicable) the status is not_applicable; an unknown
  HLH status does not close the gate (toolkit).
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import add
from typing import Any

import narwhals as nw
import pandas as pd

from neurohlh.clinical import cns_time, csf, imaging, symptoms
from neurohlh.clinical.cns_definitions import DEFAULT, DOMAINS, ISOLATED_INPUTS, CnsDefinition, definition
from neurohlh.clinical.cns_time import DIAGNOSIS, FIRST, Timeline
from neurohlh.clinical.isolated import isolated_cns
from neurohlh.clinical.kleene import (
    INDETERMINATE,
    MET,
    NOT_APPLICABLE,
    NOT_MET,
    all_of,
    any_of,
    at_least,
    status_of,
    total,
)
from neurohlh.clinical.observe import FALSE, Columns, Known, each, either, unless
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import codebook

GATE = "hlh_confirmed"
STATUSES = (MET, NOT_MET, INDETERMINATE, NOT_APPLICABLE)
DERIVED_DATE = "cns_date_derived"
RESULTS = (
    "cns_status", "cns_symptoms", "cns_csf", "cns_imaging", "cns_tested_domains", FIRST, "cns_timing", "cns_baseline",
    "cns_symptoms_baseline", "cns_csf_baseline", "cns_imaging_baseline", "cns_group_horne", "cns_group_horne_baseline",
    DERIVED_DATE, "cns_undated", "cns_haemorrhage_uncounted", "cns_csf_blood_unclear",
    "cns_csf_ratio_assumed",
)  # fmt: skip


def classify_cns(
    frame: Any, definition: str = DEFAULT, *, hlh: str | None = None, window_days: tuple[int, int] = (-14, 14)
) -> Any:
    """Classify CNS involvement of every patient under one definition; the frame comes back with columns added.

    Parameters
    ----------
    frame : pandas or Polars frame, DuckDB relation or Spark frame, one row per patient, variables of the codebook in
        canonical units; columns that it has not are unknown for everybody.
    definition : a name of `definitions()`, in any case.
    hlh : column with the status under the study's criteria (met / not_met / indeterminate / not_applicable); None: the
        column `hlh_confirmed` if there is one, else no gate.
    window_days : first and last day, around `date_hlh_diagnosis`, of baseline.

    Adds `cns_status`, `cns_symptoms`, `cns_csf`, `cns_imaging` and `cns_baseline` (met, not_met, indeterminate; the
    first and the last also not_applicable), `cns_symptoms_baseline`, `cns_csf_baseline`, `cns_imaging_baseline` (each
    domain as it could be known by the end of the window), `cns_tested_domains` (0 to 3), `date_cns_first`,
    `cns_timing`, `cns_group_horne` and `cns_group_horne_baseline` (1 to 4 or unknown), and the flags
    `cns_date_derived` (the date is not the recorded one), `cns_undated` (met, but no date says when),
    `cns_haemorrhage_uncounted`, `cns_csf_blood_unclear` (raw and corrected CSF disagree) and `cns_csf_ratio_assumed`
    (1000:1 for want of blood counts).

    Raises InputError for an unknown definition or `hlh` column.
    """
    whole = nw.from_native(frame)
    schema = whole.collect_schema()
    work, _ = evaluate(whole, checked(definition, hlh, schema), hlh, window_days)
    if isinstance(work, nw.DataFrame) and isinstance(whole, nw.DataFrame):
        return whole.with_columns(*(work.get_column(name) for name in RESULTS)).to_native()
    return work.select(*schema.names(), *(n for n in RESULTS if n not in schema)).to_native()


def checked(name: str, hlh: str | None, schema: Any) -> CnsDefinition:
    """The definition of that name; InputError where it or the column `hlh` is not there."""
    if hlh is not None and hlh not in schema:
        raise InputError(f"there is no column {hlh!r} with an HLH status", do=did_you_mean(hlh, schema.names()))
    return definition(name)


def evaluate(whole: Any, d: CnsDefinition, hlh: str | None, window_days: tuple[int, int]) -> tuple[Any, Columns]:
    """A Narwhals frame with the results and the working columns behind them (names that begin with '_').

    Also the columns that it was read by. An eager frame comes back with the columns that some definition reads only.
    """
    work, columns = prepare(whole, hlh, window_days)
    return with_status(with_domains(work, columns, d), columns, d, hlh, window_days), columns


def prepare(whole: Any, hlh: str | None, window_days: tuple[int, int]) -> tuple[Any, Columns]:
    """The frame with working columns for what is read more than once; the same for every definition."""
    schema = dict(whole.collect_schema())
    if isinstance(whole, nw.DataFrame):  # whose columns can be put back afterwards
        whole = whole.select(*(c for c in schema if c in _inputs() or c == hlh))
    if DERIVED_DATE in schema:  # classified before: only a recorded date is evidence
        whole = whole.with_columns(nw.when(~nw.col(DERIVED_DATE)).then(nw.col(FIRST)).alias(FIRST))
    columns = Columns(schema)
    if isinstance(whole, nw.DataFrame) and whole.implementation.is_pandas():
        # Words are compared as categories, which is many times faster there.
        words = [c for c in whole.columns if c == hlh or (c in codebook() and codebook()[c].type == "tri")]
        whole = whole.with_columns(nw.col(c).cast(nw.Categorical) for c in words if schema[c] == nw.String)
    read = [v for v in codebook() if v.name in columns and v.name in _inputs()]
    flags = [v.name for v in read if v.type in ("bool", "tri")]
    exprs = columns.prepare(flags, [v.name for v in read if v.numeric])
    work, columns = whole.with_columns(**exprs), columns.with_ready(exprs)
    shared = dict(
        zip((f"{symptoms.RISK}_true", f"{symptoms.RISK}_false"), symptoms.bleeding_risk(columns), strict=True)
    )
    shared[symptoms.AGE] = symptoms.age_in_days(columns)
    if DIAGNOSIS in columns:
        shared[cns_time.EDGE] = Timeline(columns, window_days).edge()
    work, columns = work.with_columns(**shared), columns.with_ready(shared)
    dates = Timeline(columns, window_days).prepare()
    return (work.with_columns(**dates) if dates else work), columns.with_ready(dates)


def with_status(work: Any, columns: Columns, d: CnsDefinition, hlh: str | None, window_days: tuple[int, int]) -> Any:
    """The results of a definition, from a frame with working columns and domains."""
    line = Timeline(columns, window_days)
    gate = (hlh or (GATE if GATE in columns else None)) if d.gate else None
    work = work.with_columns(*_named("_extra", _extra(columns, d, hlh)))
    knowns = {x: _pair(f"_{x}") for x in (*DOMAINS, "eeg") if x != "eeg" or _has_eeg(columns, d)}
    tested = {x: nw.col(f"_{x}_tested") for x in DOMAINS}
    extra = _pair("_extra")
    met, not_met, apart = _combine(d, knowns, tested, extra)
    closed = either([columns.no(gate), columns.is_code(gate, NOT_APPLICABLE)]) if gate else FALSE
    apart = either([apart, closed])
    work = work.with_columns(_closed=closed, _apart=apart, _met=unless(met, apart), _not_met=unless(not_met, apart))
    work = work.with_columns(*_at_baseline(d, line, knowns, tested, extra, closed))
    positive = {x: nw.col(f"_{x}_true") for x in DOMAINS if x in d.domains}
    derived = columns.blank(FIRST)
    work = work.with_columns(cns_time.first_date(line, positive, nw.col("_met")).alias(FIRST), _derived=derived)
    return work.with_columns(*_results(columns, d, window_days))


def domain_key(d: CnsDefinition) -> tuple[Any, ...]:
    """Definitions with the same key read the domains alike."""
    return d.csf, d.atrophy, d.assessment_required, "eeg" in d.domains


def status_key(d: CnsDefinition) -> tuple[Any, ...]:
    """Definitions with the same key give every patient the same status and the same words."""
    own_words = d.name if d.rule == "isolated_cns" or not d.csf.by_age else ""
    not_tested = tuple(sorted(d.not_tested.items()))
    return (*domain_key(d), d.rule, d.k, d.domains, not_tested, d.gate, d.pathology, own_words)


@lru_cache(maxsize=1)
def _inputs() -> frozenset[str]:
    """Every variable that some definition reads."""
    domains = {*symptoms.inputs(), *csf.inputs(), *imaging.inputs()}
    others = {GATE, "eeg_done", "eeg_abnormal", "cns_pathology_positive", "cns_involved", DERIVED_DATE, "patient_id"}
    return frozenset({*domains, *cns_time.inputs(), *ISOLATED_INPUTS, *others})


def _named(name: str, known: Known) -> list[nw.Expr]:
    return [known.true.alias(f"{name}_true"), known.false.alias(f"{name}_false")]


def _pair(name: str) -> Known:
    return Known(nw.col(f"{name}_true"), nw.col(f"{name}_false"))


def with_domains(work: Any, columns: Columns, d: CnsDefinition) -> Any:
    """The three domains as columns `_<domain>_true`, `_<domain>_false`, `_<domain>_tested`."""
    parts = csf.components(columns, d.csf)
    work = work.with_columns(
        *_named("_symptoms", symptoms.symptoms(columns, assessment_required=d.assessment_required)),
        *(x for name, known in parts.items() for x in _named(f"_{name}", known)),
        *_named("_mri", imaging.mri(columns, atrophy=d.atrophy)),
    )
    fluid = csf.combine(columns, d.csf, {name: _pair(f"_{name}") for name in parts})
    asked_mri = bool(imaging.components(columns, atrophy=d.atrophy))
    pictures = imaging.imaging(columns, _pair("_mri"), asked_mri=asked_mri)
    work = work.with_columns(*_named("_csf", fluid), *_named("_imaging", pictures))
    return work.with_columns(
        symptoms.tested(columns, _pair("_symptoms")).alias("_symptoms_tested"),
        csf.tested(columns).alias("_csf_tested"),
        imaging.tested(columns, _pair("_imaging")).alias("_imaging_tested"),
        *(_named("_eeg", _eeg(columns)) if _has_eeg(columns, d) else ()),
    )


def _has_eeg(columns: Columns, d: CnsDefinition) -> bool:
    return "eeg" in d.domains and "eeg_abnormal" in columns


def _eeg(columns: Columns) -> Known:
    done = ~columns.no("eeg_done")
    return Known(columns.yes("eeg_abnormal") & done, columns.no("eeg_abnormal") & done)


def _extra(columns: Columns, d: CnsDefinition, hlh: str | None) -> Known:
    """What decides beside the domains: the hospital's word, the isolated-onset rule, or pathology."""
    if d.rule == "recorded":
        return columns.known("cns_involved")
    if d.rule == "isolated_cns":
        return isolated_cns(columns, _pair("_symptoms"), columns.no(hlh or GATE))
    return columns.known("cns_pathology_positive") if d.pathology else Known(FALSE, FALSE)


def _combine(
    d: CnsDefinition, knowns: dict[str, Known], tested: dict[str, nw.Expr], extra: Known
) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    """Where the definition is met, where it is not, and whom it does not speak of."""
    if d.rule in ("recorded", "isolated_cns"):
        return extra.true, extra.false, FALSE
    untested = {x: ~tested[x] for x in d.not_tested}
    read_as = {word: [x for x, w in d.not_tested.items() if w == word] for word in set(d.not_tested.values())}
    used = {x: knowns[x] for x in d.domains if x in knowns}
    for x in read_as.get("negative", ()):
        used[x] = Known(used[x].true, used[x].false | (untested[x] & ~used[x].true))
    truths = [k.truth() for k in used.values()]
    rules = {"any_of": any_of, "all_of": all_of, "at_least": lambda parts: at_least(d.k, total(parts))}
    whole = rules[d.rule](truths)
    unclear = either(untested[x] for x in read_as.get("indeterminate", ()))
    met, not_met = unless(whole.low >= 1, unclear), unless(whole.high <= 0, unclear)
    apart = either(untested[x] for x in read_as.get("excluded", ()))
    return either([met, extra.true]), unless(not_met, extra.true), unless(apart, extra.true)


def _at_baseline(
    d: CnsDefinition,
    line: Timeline,
    knowns: dict[str, Known],
    tested: dict[str, nw.Expr],
    extra: Known,
    closed: nw.Expr,
) -> list[nw.Expr]:
    then = {x: line.at_baseline(x, k) for x, k in knowns.items()}
    tested_then = {x: unless(t, line.late(cns_time.DATE_OF[x])) for x, t in tested.items()}
    late = line.recorded_late()
    if d.rule == "isolated_cns":
        late = either([late, line.late("date_neuro_onset")])
    extra_then = cns_time.absent_where(extra, late)
    met, not_met, apart = _combine(d, then, tested_then, extra_then)
    forced = each([nw.col("_met"), line.by_end(FIRST)])
    apart = unless(either([apart, closed]), forced)
    base_met = either([unless(met, apart), forced])
    base_not_met = unless(unless(not_met, apart), forced)
    domains = [expr for x in DOMAINS for expr in _named(f"_{x}_then", then[x])]
    return [base_met.alias("_base_met"), base_not_met.alias("_base_not_met"), apart.alias("_base_apart"), *domains]


def _results(columns: Columns, d: CnsDefinition, window_days: tuple[int, int]) -> list[nw.Expr]:
    line = Timeline(columns.replaced(FIRST), window_days)
    met, not_met = nw.col("_met"), nw.col("_not_met")
    words = {f"cns_{x}": status_of(nw.col(f"_{x}_true"), nw.col(f"_{x}_false")) for x in DOMAINS}
    fluid = {name: _pair(f"_{name}") for name in csf.components(columns, d.csf)}
    bloody = (columns.number(csf.RBC) > 0).fill_null(False) & nw.col("_csf_tested")
    named = {
        "cns_status": _word(nw.col("_apart"), met, not_met),
        **words,
        "cns_tested_domains": reduce(add, (nw.col(f"_{x}_tested").cast(nw.Int64) for x in DOMAINS)),
        "cns_timing": cns_time.timing(line, met, not_met),
        "cns_baseline": _word(nw.col("_base_apart"), nw.col("_base_met"), nw.col("_base_not_met")),
        **{f"cns_{x}_baseline": status_of(nw.col(f"_{x}_then_true"), nw.col(f"_{x}_then_false")) for x in DOMAINS},
        "cns_group_horne": _horne(_pair("_symptoms"), _pair("_csf")),
        "cns_group_horne_baseline": _horne(_pair("_symptoms_then"), _pair("_csf_then")),
        DERIVED_DATE: nw.col("_derived") & ~nw.col(FIRST).is_null(),
        "cns_undated": met & ~line.dated(FIRST),
        "cns_haemorrhage_uncounted": imaging.haemorrhage_uncounted(columns) & ~columns.no("mri_done"),
        "cns_csf_blood_unclear": csf.unclear_blood(columns, fluid) & nw.col("_csf_tested"),
        "cns_csf_ratio_assumed": bloody & columns.is_number(csf.WBC) & ~csf.blood_known(columns),
    }  # fmt: skip
    return [expr.alias(name) for name, expr in named.items()]


def _word(apart: nw.Expr, met: nw.Expr, not_met: nw.Expr) -> nw.Expr:
    return nw.when(apart).then(nw.lit(NOT_APPLICABLE)).otherwise(status_of(met, not_met))


def _horne(s: Known, c: Known) -> nw.Expr:
    """1 none, 2 symptoms only, 3 CSF only, 4 both; unknown without a clear answer of both (Horne 2008)."""
    with_csf = nw.when(s.true & c.true).then(nw.lit("4")).otherwise(_unless(s.false & c.true, "3", nw.lit("unknown")))
    return _unless(s.false & c.false, "1", _unless(s.true & c.false, "2", with_csf))


def _unless(condition: nw.Expr, word: str, rest: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(word)).otherwise(rest)


def summary(frame: Any) -> pd.DataFrame:
    """The frequency of CNS involvement in three readings of a classified frame.

    Columns reading, n, met, not_met, indeterminate, proportion (met / n, 0..1). Readings: 'indeterminate kept',
    'indeterminate as negative' (the literature's habit), 'complete case' (all three domains tested). Patients to whom
    the definition does not apply are left out of all three.
    """
    seen = nw.from_native(frame).select("cns_status", "cns_tested_domains").lazy().collect().to_pandas()
    seen = seen[seen["cns_status"] != NOT_APPLICABLE]
    complete = seen[seen["cns_tested_domains"] == len(DOMAINS)]
    readings = {
        "indeterminate kept": seen["cns_status"],
        "indeterminate as negative": seen["cns_status"].replace({INDETERMINATE: NOT_MET}),
        "complete case": complete["cns_status"],
    }
    rows = []
    for reading, status in readings.items():
        counts = {word: int((status == word).sum()) for word in (MET, NOT_MET, INDETERMINATE)}
        rows.append(
            {
                "reading": reading,
                "n": len(status),
                **counts,
                "proportion": counts[MET] / len(status) if len(status) else float("nan"),
            }
        )
    return pd.DataFrame(rows)
