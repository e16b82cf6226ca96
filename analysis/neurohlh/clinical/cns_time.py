"""When CNS involvement was found, and what was known of it at baseline.

Rules (dossier 6.4, 13.1, 13.12) and what they leave open ("toolkit" marks our own operational choice):

* `date_cns_first` is the recorded one, else the earliest of the dates of the abnormal domains (`date_neuro_onset`,
  `date_lp_first`, `date_imaging_first`). For CSF and imaging it is a date of detection, not of onset.
* timing: within the window around the diagnosis at_diagnosis; later during_course; on or after `date_reactivation` and
  outside the window at_relapse; before the window at_diagnosis too, but 90 days or more before it isolated_onset
  (Blincoe's interval; toolkit). Without dates the hospital's own `cns_timing`, if any, stands.
* baseline status answers what could be known by the end of the window, so that nobody must survive to be called exposed
  or unexposed:
  - evidence dated by the end of the window, earlier than the window included, counts;
  - symptoms that began later were absent at baseline;
  - a CSF or imaging first done later was untested at baseline, whatever it showed (unknown, not negative);
  - where the hospital's `date_cns_first` (or, without any date, its `cns_timing`) is later than the window, no domain
    was abnormal at baseline; domains first tested later still stay unknown;
  - undated evidence counts, because the columns are baseline columns, and is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import narwhals as nw

from neurohlh.clinical.observe import FALSE, Columns, Known, each, either, unless

DIAGNOSIS, FIRST, RELAPSE = "date_hlh_diagnosis", "date_cns_first", "date_reactivation"
DATE_OF = {"symptoms": "date_neuro_onset", "csf": "date_lp_first", "imaging": "date_imaging_first"}
EDGE = "_end_of_window"
ISOLATED_DAYS = 90
"""Days before systemic HLH from which a neurological onset is isolated (Blincoe 2020)."""
_LATE_WORDS = ("during_course", "at_relapse")


def inputs() -> tuple[str, ...]:
    """The variables that timing reads."""
    return (DIAGNOSIS, FIRST, RELAPSE, *DATE_OF.values(), "cns_timing")


@dataclass(frozen=True)
class Timeline:
    """Dates against the window around the diagnosis."""

    columns: Columns
    window_days: tuple[int, int]

    def by_end(self, date: str) -> nw.Expr:
        """Where a date is known to lie before the end of the window or on it."""
        return self._compare(date, late=False)

    def late(self, date: str) -> nw.Expr:
        """Where a date is known to lie after the window."""
        return self._compare(date, late=True)

    def earlier(self, date: str, days: int) -> nw.Expr:
        """Where a date is known to lie more than `days` before the diagnosis."""
        if date not in self.columns or DIAGNOSIS not in self.columns:
            return FALSE
        return (nw.col(date) < self.shifted(DIAGNOSIS, -days)).fill_null(False)

    def shifted(self, date: str, days: int) -> nw.Expr:
        """A date some days later (or earlier), in the type of the column."""
        moved = nw.col(date).dt.offset_by(f"{days}d")
        dtype = self.columns.dtype(date)
        # Back to the column's own resolution: pandas compares mixed ones slowly, SQL turns a date into a timestamp.
        return moved if dtype is None else moved.cast(dtype)

    def prepare(self) -> dict[str, nw.Expr]:
        """Working columns for the comparisons with the end of the window."""
        dates = [d for d in (FIRST, *DATE_OF.values()) if d in self.columns]
        return {f"_{d}_{word}": test(d) for d in dates for word, test in (("late", self.late), ("by_end", self.by_end))}

    def _compare(self, date: str, late: bool) -> nw.Expr:
        if date not in self.columns or DIAGNOSIS not in self.columns:
            return FALSE
        if (working := f"_{date}_{'late' if late else 'by_end'}") in self.columns.ready:
            return nw.col(working)
        edge = nw.col(EDGE) if EDGE in self.columns.ready else self.edge()
        return ((nw.col(date) > edge) if late else (nw.col(date) <= edge)).fill_null(False)

    def edge(self) -> nw.Expr:
        """The last day of the window."""
        return self.shifted(DIAGNOSIS, self.window_days[1])

    def dated(self, date: str) -> nw.Expr:
        """Where a date can be placed against the window."""
        return either([self.by_end(date), self.late(date)])

    def recorded_late(self) -> nw.Expr:
        """Where the hospital says that CNS involvement was first found after the window."""
        said = either(self.columns.is_code("cns_timing", word) for word in _LATE_WORDS)
        undated = self.columns.blank(FIRST) & each_blank(self.columns)
        return either([self.late(FIRST), each([undated, said])])

    def at_baseline(self, domain: str, known: Known) -> Known:
        """A domain's answer as it could be known by the end of the window."""
        own = self.late(DATE_OF[domain]) if domain in DATE_OF else FALSE
        no_evidence = self.recorded_late()
        if domain == "symptoms":
            later = either([own, no_evidence])
            return absent_where(known, later)
        return Known(*(unless(side, own) for side in absent_where(known, no_evidence)))


def absent_where(known: Known, later: nw.Expr) -> Known:
    """A statement as it was before what made it true came later."""
    return Known(unless(known.true, later), either([known.false, each([known.true, later])]))


def each_blank(columns: Columns) -> nw.Expr:
    """Where none of the domains has a date."""
    return reduce(lambda a, b: a & b, [columns.blank(d) for d in DATE_OF.values()])


def first_date(line: Timeline, positive: dict[str, nw.Expr], met: nw.Expr) -> nw.Expr:
    """`date_cns_first`: the recorded one, else the earliest date of an abnormal domain where the status is met.

    Not derived where that date lies after the window while another abnormal domain has no date at all.
    """
    columns = line.columns
    dated = {domain: date for domain, date in DATE_OF.items() if date in columns and domain in positive}
    own = [nw.when(met & positive[domain]).then(nw.col(date)) for domain, date in dated.items()]
    if not own:
        return nw.col(FIRST) if FIRST in columns else nw.lit(None).cast(nw.Datetime("us"))
    undated = either(p & columns.blank(DATE_OF[d]) for d, p in positive.items() if d in DATE_OF)
    early = either(line.by_end(date) & positive[d] for d, date in dated.items())
    derived = nw.when(~undated | early).then(nw.min_horizontal(*own) if len(own) > 1 else own[0])
    return nw.coalesce(nw.col(FIRST), derived) if FIRST in columns else derived


def timing(line: Timeline, met: nw.Expr, not_met: nw.Expr) -> nw.Expr:
    """at_diagnosis, during_course, at_relapse, isolated_onset, never or unknown, from the frame's `date_cns_first`."""
    columns = line.columns
    inside, late = line.by_end(FIRST), line.late(FIRST)
    relapsed = FALSE
    if RELAPSE in columns and FIRST in columns:
        relapsed = (nw.col(FIRST) >= nw.col(RELAPSE)).fill_null(False) & ~inside
    said = _recorded_timing(columns)
    steps = [
        (not_met, nw.lit("never")),
        (~met, nw.lit("unknown")),
        (relapsed, nw.lit("at_relapse")),
        (late, nw.lit("during_course")),
        (line.earlier(FIRST, ISOLATED_DAYS - 1), nw.lit("isolated_onset")),
        (inside, nw.lit("at_diagnosis")),
    ]
    return reduce(lambda rest, step: nw.when(step[0]).then(step[1]).otherwise(rest), reversed(steps), said)


def _recorded_timing(columns: Columns) -> nw.Expr:
    if "cns_timing" not in columns:
        return nw.lit("unknown")
    known = ("at_diagnosis", "during_course", "at_relapse", "isolated_onset")
    said = either(columns.is_code("cns_timing", word) for word in known)
    return nw.when(said).then(nw.col("cns_timing")).otherwise(nw.lit("unknown"))
