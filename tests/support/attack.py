"""An attacker on released findings: everything shown, every sum that holds, and linear programming for the rest.

The attacker knows which rows are parts of which whole (every sum that is true of the real numbers is given away), ties
cells of different tables that speak of the same patients, and asks between which bounds each hidden count must lie.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog

from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.core.suppression import is_suppressed
from neurohlh.report.disclose.results import speaks_of_publications
from neurohlh.report.disclose.rows import COUNTED, IN_TIME, own_rows

TOTAL = ("", "overall")
PARTS = ("proportion", "risk", *COUNTED)
STATES = ("met", "not_met", "indeterminate", "not_applicable")


@dataclass
class Knowledge:
    """Cells by identity with their true value and, where it is released, the value seen; sums that hold."""

    truth: dict[Hashable, float] = field(default_factory=dict)
    seen: dict[Hashable, float] = field(default_factory=dict)
    sums: list[dict[Hashable, float]] = field(default_factory=list)
    """Cell -> coefficient; each of them adds up to 0."""
    least: list[dict[Hashable, float]] = field(default_factory=list)
    """Cell -> coefficient; each of them is at least 0."""

    def cell(self, key: Hashable, truth: Any, shown: Any) -> Hashable | None:
        """Put a cell in; None where there is no number."""
        if truth is None or isinstance(truth, str) or math.isnan(float(truth)):
            return None
        key = (key, float(truth))  # the same name with another number speaks of others
        self.truth[key] = float(truth)
        if not is_suppressed(shown) and math.isfinite(float(shown)):
            self.seen[key] = float(shown)
        return key

    def add_up(self, parts: list[Hashable | None], whole: Hashable | None) -> None:
        """The parts are the whole, if they really are."""
        if whole is None or any(p is None for p in parts) or whole in parts:
            return
        if sum(self.truth[p] for p in parts) == self.truth[whole]:
            found: dict[Hashable, float] = defaultdict(float)
            for part in parts:
                found[part] += 1.0
            found[whole] -= 1.0
            self.sums.append(dict(found))

    def bounds(self, targets: list[Hashable]) -> dict[Hashable, tuple[float, float]]:
        """Between which values each target must lie, by linear programming over what it hangs together with."""
        found = {}
        for cells, sums, least in self._components():
            hit = [t for t in targets if t in cells]
            if hit:
                found |= self._solve(sorted(cells, key=repr), sums, least, hit)
        return found | {t: (0.0, math.inf) for t in targets if t not in found}

    def _components(self) -> Iterator[tuple[set[Hashable], list[Any], list[Any]]]:
        parent: dict[Hashable, Hashable] = {}

        def root(cell: Hashable) -> Hashable:
            while parent.setdefault(cell, cell) != cell:
                parent[cell] = parent[parent[cell]]
                cell = parent[cell]
            return cell

        for terms in (*self.sums, *self.least):
            hidden = [c for c in terms if c not in self.seen]
            for cell in hidden:
                parent[root(cell)] = root(hidden[0])
        cells: dict[Hashable, set[Hashable]] = defaultdict(set)
        for cell in list(parent):
            cells[root(cell)].add(cell)
        for members in cells.values():
            yield (
                members,
                [t for t in self.sums if any(c in members for c in t)],
                [t for t in self.least if any(c in members for c in t)],
            )

    def _solve(
        self, cells: list[Hashable], sums: list[Any], least: list[Any], targets: list[Hashable]
    ) -> dict[Hashable, tuple[float, float]]:
        place = {c: i for i, c in enumerate(cells)}
        equal, right = self._matrix(sums, place)
        below, limit = self._matrix(least, place)
        found = {}
        for target in targets:
            cost = np.zeros(len(cells))
            cost[place[target]] = 1.0
            ends = []
            for sign in (1.0, -1.0):
                done = linprog(
                    sign * cost, A_ub=-below, b_ub=-limit, A_eq=equal, b_eq=right, bounds=(0, 5000), method="highs"
                )
                assert done.status == 0, done.message
                ends.append(sign * done.fun)
            found[target] = (math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6))
        return found

    def _matrix(self, rows: list[Any], place: Mapping[Hashable, int]) -> tuple[np.ndarray, np.ndarray]:
        matrix, right = np.zeros((len(rows), len(place))), np.zeros(len(rows))
        for i, terms in enumerate(rows):
            for cell, weight in terms.items():
                if cell in self.seen:
                    right[i] -= weight * self.seen[cell]
                else:
                    matrix[i, place[cell]] += weight
        return matrix, right


def learn(real: Findings, released: Findings) -> Knowledge:
    """Everything that the released findings say about counts, with the sums that hold of the real ones."""
    known = Knowledge()
    for name, result in real.results.items():
        if not speaks_of_publications(result):
            _rows(known, name, result, released.results[name], real)
            _counts(known, result, released.results[name])
    _frames(known, real, released)
    return known


def _said(text: str, findings: Findings) -> str:
    return findings.label(text).casefold() if text in findings.labels else text.casefold()


def _rows(known: Knowledge, where: str, real: Result, released: Result, findings: Findings) -> None:
    if len(real.tidy) != len(released.tidy):
        return
    own = own_rows(real.tidy)
    groups: dict[str, dict[Hashable, list[Any]]] = {k: defaultdict(list) for k in ("levels", "terms", "groups")}
    for i, (old, new) in enumerate(zip(real.tidy.to_dict("records"), released.tidy.to_dict("records"), strict=True)):
        if not own[i] or old["measure"] in IN_TIME:
            continue
        name = frozenset(_said(str(old[c]), findings) for c in ("variable", "term", "level", "group")) - {"overall", ""}
        at = None if old["time"] != old["time"] else old["time"]
        # How many there are in a group stands in many rows: whoever sees it in one knows it in all.
        n = known.cell(("n of", old["population"] or where, old["group"] or "overall"), old["n"], new["n"])
        events = known.cell((name, at, "part"), old["events"], new["events"])
        part = events
        if old["measure"] in COUNTED and old["estimate"] == old["estimate"]:
            part = known.cell((name, at, "part"), old["estimate"], new["estimate"])
        for inner in {events, part} - {None}:
            rest = (
                None
                if n is None
                else known.cell((name, at, "rest", inner), known.truth[n] - known.truth[inner], _hide())
            )
            if rest is not None and known.truth[rest] >= 0:
                known.add_up([inner, rest], n)
        if old["contrast"] == "" and old["measure"] in PARTS:
            base = (old["population"], old["measure"], at)
            if n is not None:
                groups["levels"][*base, old["variable"], old["term"], old["group"], n].append((part, n))
                groups["terms"][*base, old["variable"], old["level"], old["group"], n].append((part, n))
            groups["groups"][*base, old["variable"], old["term"], old["level"]].append((part, n, old["group"]))
    for kind in ("levels", "terms"):
        for rows in groups[kind].values():
            known.add_up([part for part, _ in rows], rows[0][1])
    for rows in groups["groups"].values():
        whole = [row for row in rows if row[2] in TOTAL]
        parts = [row for row in rows if row[2] not in TOTAL]
        for k in (0, 1):
            if len(whole) == 1 and parts:
                known.add_up([row[k] for row in parts], whole[0][k])
            used = real.counts.get("used")
            if parts and isinstance(used, int) and used:
                known.add_up([row[k] for row in parts], known.cell("used", used, released.counts["used"]))


def _hide() -> Any:
    from neurohlh.core.suppression import SUPPRESSED

    return SUPPRESSED


def _counts(known: Knowledge, real: Result, released: Result) -> None:
    supplied, used = (known.cell("used", real.counts.get(k), released.counts.get(k)) for k in ("supplied", "used"))
    dropped = dict(real.counts.get("dropped") or {})
    shown = dict(released.counts.get("dropped") or {})
    cells = [known.cell(("dropped", k), v, shown[k]) for k, v in dropped.items() if v]
    if supplied is not None and used is not None:
        known.add_up([used, *cells], supplied)
    groups = dict(real.counts.get("groups") or {})
    if groups and all(isinstance(g, Mapping) for g in groups.values()):
        found = {
            c: [known.cell(("group", k, c), g[c], released.counts["groups"][k][c]) for k, g in groups.items()]
            for c in ("n", "events")
        }
        known.add_up(found["n"], used)
        known.add_up(found["events"], known.cell("deaths", real.counts.get("events"), released.counts.get("events")))


def _frames(known: Knowledge, real: Findings, released: Findings) -> None:
    flow, shown = real.flow.to_dict("records"), released.flow.to_dict("records")
    for i, (old, new) in enumerate(zip(flow, shown, strict=True)):
        start = known.cell(("flow", i), old["n_in"], new["n_in"])
        end = known.cell(("flow", i + 1), old["n_out"], new["n_out"])
        known.add_up([known.cell(("left", i), old["n_excluded"], new["n_excluded"]), end], start)
    for frame in ("criteria", "cns"):
        rows = zip(getattr(real, frame).to_dict("records"), getattr(released, frame).to_dict("records"), strict=True)
        for i, (old, new) in enumerate(rows):
            cells = [known.cell((frame, i, s), old[s], new[s]) for s in STATES]
            total = sum(old[s] for s in STATES if not math.isnan(old[s]))
            known.add_up(cells, known.cell((frame, "all"), total, total))
    _criteria_beside_the_flow(known, real, released)
    rows = zip(real.cns_evidence.to_dict("records"), released.cns_evidence.to_dict("records"), strict=True)
    for i, (old, new) in enumerate(rows):
        n = known.cell(("evidence", i), old["n"], new["n"])
        if old["n_asked"] == old["n_asked"]:
            asked = known.cell("used", old["n_asked"], new["n_asked"])
            rest = known.cell(("evidence", i, "rest"), old["n_asked"] - old["n"], _hide())
            known.add_up([n, rest], asked)


def _criteria_beside_the_flow(known: Knowledge, real: Findings, released: Findings) -> None:
    """Who left because of the criteria is counted by the criteria as well, and who meets them has left or is there."""
    steps = real.flow.to_dict("records")
    if not steps:
        return
    left = [known.cell(("left", i), s["n_excluded"], released.flow["n_excluded"].iloc[i]) for i, s in enumerate(steps)]
    included = known.cell(("flow", len(steps)), steps[-1]["n_out"], released.flow["n_out"].iloc[-1])
    for i, row in enumerate(real.criteria.to_dict("records")):
        if row["criteria_set"] != real.criteria_set:
            continue
        for state in STATES:
            cell = known.cell(("criteria", i, state), row[state], released.criteria[state].iloc[i])
            for one, step in zip(left, steps, strict=True):
                if row["item"] == "overall" and str(step["step"]) == f"criteria_{state}":
                    known.add_up([one], cell)
            for one in left:
                known.add_up([included, one], cell)


def pinned(known: Knowledge, minimum: int) -> dict[Hashable, tuple[float, float]]:
    """Small counts that follow from what is released: shown as they are, or with a single value left for them."""
    small = [c for c, v in known.truth.items() if 0 < v < minimum and v.is_integer()]
    told = {c: (known.seen[c], known.seen[c]) for c in small if c in known.seen}
    bounds = known.bounds([c for c in small if c not in known.seen])
    return told | {c: b for c, b in bounds.items() if b[0] == b[1]}
