"""From the clauses of a sentence to findings: which places, signals and expressions belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.report_assertions import Assertion, assertions
from neurohlh.clinical.report_clauses import Clause, Token, clauses, segments
from neurohlh.clinical.report_vocabulary import whole_normal_terms

ABNORMAL = "abnormal"
"""The scan as a whole: not_met where a report calls the brain normal, met where a lesion has no code of its own."""
_WHITE_MATTER = frozenset(("white_matter", "wm_periventricular", "wm_deep", "wm_subcortical"))
_LESION = frozenset(("lesion", "weak", "high", "low", "long_t1", "long_t2", "swelling"))
_GENERIC = frozenset(("lesion", "high", "low", "long_t1", "long_t2"))
_LEVEL = frozenset(("high", "low", "raised", "lowered", "lesion", "normal"))
_MODALITY = frozenset(("t1", "t2", "dwi", "adc"))
_ENHANCES = frozenset(("enhancement", "abnormal_enhancement"))
_MEASURES = frozenset(("wide", "late"))
_DIFFUSION = frozenset(("diffusion_restricted", "adc_increased"))
_PLACES = frozenset(("hippocampus", "cerebellum", "spinal_cord"))
"""Places whose disease can have a name of its own (hippocampal sclerosis)."""
_ALL_ENHANCEMENT = ("leptomeningeal_enh", "nodular_ring_enh", "parenchymal_enh")
_ENHANCED = {"meninges": "leptomeningeal_enh", "ring": "nodular_ring_enh", "parenchyma": "parenchymal_enh"}


@dataclass(frozen=True)
class Mention:
    """One finding as one clause states it; `start` to `end` is its span in the plain text.

    `by_place`: whether a place or a signal made it a finding (and no expression of its own), so that an explanation as
    a variant or an artefact takes it back.
    """

    finding: str
    status: str
    before: bool
    start: int
    end: int
    by_place: bool = False


def read_sentence(text: str, start: int, end: int) -> list[Mention]:
    """The findings that a sentence states."""
    parts = segments(text, start, end)
    found: list[Mention] = [m for i, part in enumerate(parts) for m in _whole_normal(text, part, i, len(parts))]
    coded_place = any(_coded_place(t) for p in parts for t in p.tokens)
    stated: list[Mention] = []
    for clause in clauses(text, parts):
        own = list(_Reading.of(clause, text).mentions(coded_place))
        stated = _explained(clause, [*stated, *own], own)
    return found + stated


def _coded_place(token: Token) -> bool:
    return token.roles.get("site", "white_matter") != "white_matter" or token.roles.get("phrase") in _PLACES


@dataclass(frozen=True)
class _Reading:
    """A clause with what is asserted in it."""

    clause: Clause
    said: Sequence[Assertion]

    @classmethod
    def of(cls, clause: Clause, text: str) -> _Reading:
        return cls(clause, assertions(clause, text))

    def of_kind(self, kinds: frozenset[str]) -> list[Assertion]:
        return [a for a in self.said if a.token.has(kinds)]

    def mentions(self, coded_place: bool) -> Iterator[Mention]:
        yield from self._phrases()
        yield from self._enhancement()
        yield from self._signals(coded_place)
        yield from self._places()
        yield from self._spaces()
        yield from self._large()
        if not coded_place:
            yield from self._unplaced()

    def _phrases(self) -> Iterator[Mention]:
        for a in self.said:
            code = a.token.roles.get("phrase") or a.token.roles.get("absent")
            if code:
                yield _mention(code, a)

    def _enhancement(self) -> Iterator[Mention]:
        enhancing = self.of_kind(_ENHANCES)
        edges = [self.clause.start, *(a.token.end for a in enhancing)]
        for a, since in zip(enhancing, edges, strict=False):
            beside = [t for t in self.clause.tokens if since <= t.start < a.token.start] or self._after(a, enhancing)
            kinds = {kind for t in beside for kind in t.roles}
            codes = [code for kind, code in _ENHANCED.items() if kind in kinds]
            if not codes and not kinds & {"dura", "outside"}:
                whole = a.status == NOT_MET and "abnormal_enhancement" in a.token.roles
                codes = list(_ALL_ENHANCEMENT) if whole else ["parenchymal_enh"]
            marks = [t for t in beside if t.has(frozenset(_ENHANCED))]
            yield from (_mention(code, a, *marks) for code in codes)

    def _after(self, a: Assertion, enhancing: Sequence[Assertion]) -> list[Token]:
        """The words after an enhancement up to the next ('enhancement of the pia')."""
        until = min((e.token.start for e in enhancing if e.token.start > a.token.start), default=self.clause.end)
        return [t for t in self.clause.tokens if a.token.end <= t.start < until]

    def _signals(self, coded_place: bool) -> Iterator[Mention]:
        placed = coded_place or self._elsewhere() or self._patterned()
        for a, modalities in self._levels():
            kinds = set(a.token.roles)
            names = {kind for m in modalities for kind in _MODALITY & set(m.roles)}
            if "adc" in names and kinds & {"low", "lowered"}:
                yield _mention("diffusion_restricted", a, *modalities)
            elif "adc" in names and kinds & {"high", "raised"}:
                yield _mention("adc_increased", a, *modalities)
            elif "dwi" in names and (kinds & {"high", "normal"} or (a.status == NOT_MET and kinds & {"lesion"})):
                # Bright on DWI alone may be T2 shining through.
                doubt = replace(a, status=INDETERMINATE) if a.status == MET and "high" in kinds else a
                yield _mention("diffusion_restricted", doubt, *modalities)
            if "t1" in names and "low" in kinds:
                yield _mention("t1_hypo", a, *modalities)
            if "t2" in names and "high" in kinds and not placed:
                yield _mention("t2_flair_hyper", a, *modalities, by_place=True)
        for a in self.said:
            if "long_t1" in a.token.roles:
                yield _mention("t1_hypo", a)
            if "long_t2" in a.token.roles and not placed:
                yield _mention("t2_flair_hyper", a, by_place=True)

    def _levels(self) -> Iterator[tuple[Assertion, list[Token]]]:
        """Each word for a level of signal with its sequences: those since the last such word, else the next ones."""
        since = self.clause.start
        for a in self.of_kind(_LEVEL):
            own = [t for t in self.clause.tokens if since <= t.start < a.token.start and t.has(_MODALITY)]
            if not own:
                later = [x.token.start for x in self.of_kind(_LEVEL) if x.token.start > a.token.start]
                until = min(later, default=self.clause.end)
                own = [t for t in self.clause.tokens if a.token.end <= t.start < until and t.has(_MODALITY)]
            since = a.token.end
            yield a, own

    def _places(self) -> Iterator[Mention]:
        meningeal = self.clause.any("meninges", "dura")
        deciding = [a for a in self.said if _decides_place(a) and not (meningeal and a.token.has(_ENHANCES))]
        if self.clause.any("adc", "signal"):
            deciding += [a for a in self.of_kind(frozenset(("raised", "lowered"))) if a.status != NOT_MET]
        for token in self.clause.tokens:
            code = token.roles.get("site")
            if not code or not deciding:
                continue
            a = _nearest(token, deciding)
            yield from self._place(code, token, a)

    def _place(self, code: str, token: Token, a: Assertion) -> Iterator[Mention]:
        if code == "striatum":
            yield _mention("basal_ganglia", a, token, by_place=True)
            code = "striatum_bilateral" if self.clause.any("bilateral") else "white_matter"
        if code != "white_matter":
            yield _mention(code, a, token, by_place=True)
        if not a.token.has(_LESION):
            return
        if code in _WHITE_MATTER:
            for kind, pattern in (("multi", "wm_multifocal"), ("diffuse", "wm_diffuse")):
                marks = [t for t in self.clause.tokens if kind in t.roles]
                if marks:
                    yield _mention(pattern, a, token, _closest(token, marks), by_place=True)
        if code == "cerebellum" and a.status != NOT_MET and (swollen := self.of_kind(frozenset(("swelling",)))):
            yield _mention("cerebellitis", swollen[0], token)

    def _spaces(self) -> Iterator[Mention]:
        deciding = [
            a
            for a in self.said
            if a.token.has(_MEASURES)
            or ("normal" in a.token.roles and a.status == MET)
            or (a.status == NOT_MET and "lesion" in a.token.roles)
        ]
        for token in self.clause.tokens:
            code = token.roles.get("space")
            other = "wide" if code == "delayed_myelination" else "late"
            own = [a for a in deciding if other not in a.token.roles]
            if code and own:
                yield _mention(code, _nearest(token, own), token)

    def _unplaced(self) -> Iterator[Mention]:
        """A lesion without a place that has a code: the scan is abnormal, unless the lesion lies outside the brain."""
        for a in self.of_kind(_GENERIC | {"weak"} if self.clause.any("site") else _GENERIC):
            if a.status != NOT_MET and not a.before and not self._elsewhere() and not self._patterned():
                yield _mention(ABNORMAL, a, by_place=True)

    def _large(self) -> Iterator[Mention]:
        marks = [t for t in self.clause.tokens if "large" in t.roles]
        if marks and not self._elsewhere():
            lesions = [a for a in self.of_kind(_GENERIC)[:1] if a.status != NOT_MET]
            yield from (_mention("large_lesion", a, marks[0]) for a in lesions)

    def _elsewhere(self) -> bool:
        return self.clause.any("outside")

    def _patterned(self) -> bool:
        return self.clause.any("multi", "diffuse") and self.clause.any("site")


def _decides_place(a: Assertion) -> bool:
    """Whether an expression says of a place that it is diseased or sound."""
    if a.token.has(_LESION):
        return True
    if "normal" in a.token.roles:
        return a.status == MET
    if a.token.has(_ENHANCES) or a.token.roles.get("phrase") in _DIFFUSION:
        return a.status != NOT_MET
    return False


def _nearest(token: Token, said: Sequence[Assertion]) -> Assertion:
    """The expression nearest to a place; of two as near, the one after it."""
    return min(said, key=lambda a: (_gap(token, a.token), a.token.start < token.start))


def _closest(token: Token, others: Sequence[Token]) -> Token:
    return min(others, key=lambda t: _gap(token, t))


def _gap(a: Token, b: Token) -> int:
    return max(a.start, b.start) - min(a.end, b.end)


def _mention(finding: str, a: Assertion, *beside: Token, by_place: bool = False) -> Mention:
    status = a.status
    if "normal" in a.token.roles:
        status = NOT_MET
    start = min(a.start, *(t.start for t in beside)) if beside else a.start
    end = max(a.end, *(t.end for t in beside)) if beside else a.end
    return Mention(finding, status, a.before, start, end, by_place)


def _explained(clause: Clause, stated: list[Mention], own: list[Mention]) -> list[Mention]:
    """The mentions so far after what a clause says to explain them: a variant, an artefact, a non-specific change."""
    for token in clause.tokens:
        if "explaining" in token.roles or token.roles.get("phrase") == "delayed_myelination":
            stated = [_doubted(m) if m.by_place and m.status == MET and not _overlap(m, token) else m for m in stated]
        if "nonspecific" in token.roles and not clause.any("outside"):
            affected = [m for m in (own or stated) if m.by_place and m.status == MET and not m.before]
            if affected:
                first, last = min(m.start for m in affected), max(m.end for m in affected)
                stated = [_doubted(m) if m in affected else m for m in stated]
                stated = [m for m in stated if m.finding != ABNORMAL]
                span = min(first, token.start), max(last, token.end)
                stated.append(Mention("nonspecific", MET, False, *span))
    return stated


def _doubted(m: Mention) -> Mention:
    return replace(m, status=INDETERMINATE)


def _overlap(m: Mention, token: Token) -> bool:
    return m.start < token.end and token.start < m.end and m.end - m.start <= token.end - token.start


def _whole_normal(text: str, part: Clause, number: int, of: int) -> Iterator[Mention]:
    """Whether a segment says nothing but that the brain, or the rest of it, is normal."""
    lexicon = whole_normal_terms()
    kinds: set[str] = set()
    at, first, last = part.start, 0, 0
    while at < part.end:
        found = lexicon.longest(text, at)
        if not found:
            if text[at].isalpha():
                return
            at += 1
            continue
        kinds |= set(lexicon.roles[found])
        first, last = (first if last else at), at + len(found)
        at = last
    normal = "normal" in kinds and "negation" not in kinds and "lesion" not in kinds
    sound = "negation" in kinds and "lesion" in kinds and "normal" not in kinds
    if "part" in kinds:
        of_the_brain = "parenchyma" in kinds
    else:
        alone = number == 0 and of == 1 and "sequence" not in kinds
        of_the_brain = bool(kinds & {"subject", "rest", "parenchyma"}) or alone
    if (normal or sound) and of_the_brain:
        yield Mention(ABNORMAL, NOT_MET, False, first, last)
