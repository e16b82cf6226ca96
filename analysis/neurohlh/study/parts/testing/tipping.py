"""How many of the undecided would have to be positive for the hazard ratio to lose its sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.domains import tell
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.at_landmark import at_risk, complete, line, model
from neurohlh.study.parts.testing.readings import HARMFUL, HARMLESS

SHARES = tuple(np.arange(0, 11) / 10)
_WEIGHT, _PATIENT = "share", "patient"


def tipping(material: Material) -> Result:
    """Hazard ratios from the landmark with a growing share of the undecided read as positive.

    Each undecided patient enters twice, as positive with the weight of the share and as negative with the rest, which
    gives the hazard ratio expected if that share of them, whoever they are, were positive; the variance is robust by
    patient. Two more rows give the share of those who died and of the others apart.
    """
    risk = at_risk(material)
    if not risk.undecided:
        raise NotEstimable("the CNS status at baseline of everybody at risk is decided")
    if not {"met", "not_met"} <= set(risk.frame[EXPOSURE]):
        raise NotEstimable("the decided patients at risk do not have both CNS statuses")
    adjusted = material.adjustment(risk.frame)
    analysis = "adjusted" if adjusted.terms else "crude"
    died = adjusted.frame["os_event"] == 1
    known = complete(adjusted.frame, adjusted.terms)
    undecided = known & (adjusted.frame[EXPOSURE] == "indeterminate")
    plans = {f"{100 * share:.0f} % of the undecided read as positive": (share, share) for share in SHARES}
    plans |= {HARMFUL: (1.0, 0.0), HARMLESS: (0.0, 1.0)}
    rows = []
    for words, (dead, others) in plans.items():
        data = shared(adjusted.frame, np.where(died, dead, others))
        found = model(material, data, adjusted.terms, weights=_WEIGHT, cluster=_PATIENT)
        rows.append(line(found, words, analysis, n=int(known.sum()), events=int((known & died).sum())))
    diagonal = rows[: len(SHARES)]
    # The ends of the scale are the two readings of the Cox bounds, which stand there.
    shown = [*diagonal[1:-1], *rows[len(SHARES) :]]
    result = found.with_(
        kind="testing_tipping",
        tidy=tidy_frame([{"analysis": "tipping point", **row} for row in shown]),
        checks=found.checks.iloc[:0],
        counts={
            "used": int(known.sum()),
            "events": int((known & died).sum()),
            "undecided": int(undecided.sum()),
            "undecided_died": int((undecided & died).sum()),
            "dropped": {**risk.gone, **({"a covariate unknown": int((~known).sum())} if not known.all() else {})},
        },
        notes=(
            f"{int(undecided.sum())} patients at risk at the landmark with known covariates are undecided, "
            f"{int((undecided & died).sum())} of them died. {_crossing(diagonal, 'estimate')}",
            f"{_crossing(diagonal, 'conf_low')} {_extremes(rows[len(SHARES) :])}",
            *adjusted.notes,
        ),
    )
    drawn = [
        {**{k: row.get(k) for k in ("estimate", "conf_low", "conf_high", "n", "events", "note")},
         "block": row["term"], "label": row["population"],
         "role": "warning" if row["population"] in (HARMFUL, HARMLESS) else "other"}
        for row in shown
    ]  # fmt: skip
    return tell(material, forest(result, drawn, axis="Hazard ratio of death, CNS involved against not"))


def shared(frame: pd.DataFrame, share: np.ndarray) -> pd.DataFrame:
    """Rows with weights: decided patients once, undecided ones as positive with `share` and as negative with the rest.

    `share` holds a number from 0 to 1 per row. Columns added: `share` (weight) and `patient` (row number).
    """
    undecided = (frame[EXPOSURE] == "indeterminate").to_numpy()
    whole = frame.assign(patient=np.arange(len(frame)), share=1.0)
    positive = whole[undecided].assign(cns="met", share=share[undecided])
    negative = whole[undecided].assign(cns="not_met", share=1 - share[undecided])
    rows = pd.concat([whole[~undecided], positive, negative], ignore_index=True)
    return rows[rows[_WEIGHT] > 0].reset_index(drop=True)


def _crossing(rows: Sequence[dict[str, Any]], number: str) -> str:
    """Between which shares a number of the rows crosses 1, in words."""
    words = {"estimate": "The hazard ratio", "conf_low": "Its lower limit"}[number]
    values = np.array([row[number] for row in rows], dtype=float)
    if np.isnan(values).any():
        return f"{words} has no estimate at some shares."
    above = values > 1
    turns = np.flatnonzero(above[1:] != above[:-1])
    if not len(turns):
        side = "above" if above[0] else "not above"
        return f"{words} stays {side} 1 whatever equal share is positive (from {values[0]:.2f} to {values[-1]:.2f})."
    places = " and ".join(f"between {100 * SHARES[i]:.0f} and {100 * SHARES[i + 1]:.0f} %" for i in turns)
    return f"{words} crosses 1 {places} of the undecided being positive."


def _extremes(rows: Sequence[dict[str, Any]]) -> str:
    high, low = (float(row["estimate"]) for row in rows)
    if np.isnan([high, low]).any():
        return "At an extreme it has no estimate."
    return (
        "An equal share among those who died and the others is an assumption: if only those who died were positive the "
        f"hazard ratio would be {high:.2f}, if only the others {low:.2f}."
    )
