"""Malik's MRI patterns of CNS-HLH: as recorded, else from the findings.

Malik 2021 (AJNR, doi 10.3174/ajnr.A7292, VERIFIED in the abstract): pattern 1, significant parenchymal disease, with
multifocal white matter lesions (1a), brainstem-predominant disease (1b) or cerebellitis (1c); pattern 2, attenuated.
The abstract does not say how a reader decides between them; from findings we decide so (toolkit rule, not Malik's):

* none: the MRI is normal; 1: multifocal white matter lesions, a brainstem lesion or cerebellitis was seen;
* 1a: multifocal white matter lesions without cerebellitis (with or without the brainstem); 1c: cerebellitis without
  multifocal white matter lesions; 1b: a brainstem lesion with neither; both 1a and 1c: pattern 1, which one undecided;
* 2: an abnormal MRI with none of the three; what is unknown (or was not asked) leaves it undecided;
* no cerebellar lesion, or none of the posterior fossa, means no cerebellitis; the latter also no brainstem lesion.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

from neurohlh.clinical import imaging
from neurohlh.clinical.kleene import INDETERMINATE
from neurohlh.clinical.mri_findings import FOSSA, PATTERN_CODES, examined, seen
from neurohlh.clinical.observe import Columns, Known, each, either, unless

RECORDED_AS = "mri_malik_pattern"
PATTERN, ORIGIN = "mri_pattern", "mri_pattern_from"
UNDECIDED_1 = "1_undecided"
WORDS = {
    "1a_multifocal_wm": "1a: multifocal white matter lesions",
    "1b_brainstem": "1b: brainstem predominant",
    "1c_cerebellitis": "1c: cerebellitis",
    UNDECIDED_1: "1: which of 1a to 1c undecided",
    "2_attenuated": "2: attenuated",
    "none": "no pattern (normal MRI)",
    INDETERMINATE: "undecided",
}
PATTERN_1_FINDINGS = ("mri_wm_multifocal", "mri_brainstem", "mri_cerebellitis")
PATTERN_1 = ("1a_multifocal_wm", "1b_brainstem", "1c_cerebellitis", UNDECIDED_1)


def with_pattern(frame: Any) -> Any:
    """The frame with `mri_pattern` (codes of `WORDS`; empty without an MRI) and `mri_pattern_from`.

    The latter is recorded, derived, or empty.
    """
    whole = nw.from_native(frame)
    columns = Columns(dict(whole.collect_schema()))
    done = examined(columns)
    recorded = either(columns.is_code(RECORDED_AS, code) for code in PATTERN_CODES)
    work = whole.with_columns(_done=done.true, _recorded=unless(recorded, done.false))
    said = derived(columns)
    if RECORDED_AS in columns:
        said = nw.when(nw.col("_recorded")).then(nw.col(RECORDED_AS)).otherwise(said)
    origin = nw.when(nw.col("_recorded")).then(nw.lit("recorded")).otherwise(nw.lit("derived"))
    some = nw.col("_done") | nw.col("_recorded")
    work = work.with_columns(
        nw.when(some).then(said).otherwise(nw.lit("")).alias(PATTERN),
        nw.when(some).then(origin).otherwise(nw.lit("")).alias(ORIGIN),
    )
    return work.select(*whole.collect_schema().names(), PATTERN, ORIGIN).to_native()


def derived(columns: Columns) -> nw.Expr:
    """The pattern by the findings, in codes of `WORDS`."""
    white, stem, swelling = _parts(columns)
    whole = imaging.mri(columns)
    one = either([white.true, stem.true, swelling.true])
    said = nw.lit(INDETERMINATE)
    attenuated = whole.true & each([white.false, stem.false, swelling.false])
    for condition, code in (
        (unless(whole.false, one), "none"),
        (attenuated, "2_attenuated"),
        (one, UNDECIDED_1),
        (stem.true & white.false & swelling.false, "1b_brainstem"),
        (swelling.true & white.false, "1c_cerebellitis"),
        (white.true & swelling.false, "1a_multifocal_wm"),
    ):
        said = nw.when(condition).then(nw.lit(code)).otherwise(said)
    return said


def _parts(columns: Columns) -> tuple[Known, Known, Known]:
    """Multifocal white matter lesions, brainstem lesion, cerebellitis."""
    no_fossa = columns.no(FOSSA)
    stem, swelling = seen("mri_brainstem", columns), seen("mri_cerebellitis", columns)
    no_swelling = either([swelling.false, seen("mri_cerebellum", columns).false, no_fossa])
    return (
        seen("mri_wm_multifocal", columns),
        Known(stem.true, unless(either([stem.false, no_fossa]), stem.true)),
        Known(swelling.true, unless(no_swelling, swelling.true)),
    )
