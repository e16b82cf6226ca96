"""Calibration and net benefit of the prognostic model, with their optimism taken off."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.stats.predict.calibration import calibration as _calibration
from neurohlh.stats.predict.horizon import net_benefit
from neurohlh.study.parts.prediction.setting import EVENT, HORIZON, REFERENCE, THRESHOLDS, TIME, WITH, Setting
from neurohlh.study.parts.rows import Row, records

FOR_ALL, FOR_NONE = "act on everybody", "act on nobody"
SHOWN = 8
"""Points of the corrected calibration curve that the table shows."""


def with_risk(setting: Setting) -> pd.DataFrame:
    """The patients with every predictor known and the risk by the horizon, as it seems, in the column `risk`."""
    data = setting.complete
    got = cox_survival(data, TIME, EVENT, setting.terms, newdata=data, times=[HORIZON], reference=REFERENCE).tidy
    return data.assign(risk=1 - got[got["measure"] == "survival"]["estimate"].to_numpy())


def calibration(setting: Setting) -> Result:
    """Predicted against observed risk: by fifths of the risk as it seems, and the curve without its optimism."""
    at, data = setting.validation, with_risk(setting)
    seen = _calibration(data, TIME, EVENT, "risk", horizon=HORIZON)
    groups = seen.tidy[seen.tidy["group"] != ""].assign(variable="fifths of the predicted risk", term="as it seems")
    curve = at.curves[at.curves["group"] == WITH].drop(columns="group").reset_index(drop=True)
    if curve["observed"].isna().all():
        raise NotEstimable("too few bootstrap samples give a smooth curve")
    n, events = at.tidy[at.tidy["measure"] == "AUC"][["n", "events"]].iloc[0]
    rows = [
        {
            "variable": "smooth curve",
            "term": "corrected for optimism",
            "level": f"predicted risk {100 * line['predicted']:.0f} %",
            "measure": "observed risk",
            "n": n,
            "events": events,
            "estimate": line["observed"],
        }
        for line in curve.iloc[np.linspace(0, len(curve) - 1, SHOWN).round().astype(int)].to_dict("records")
    ]
    found = at.with_(
        kind="calibration",
        tidy=tidy_frame(
            pd.concat([groups, pd.DataFrame(rows)], ignore_index=True).assign(
                analysis="calibration", outcome=EVENT, time=HORIZON
            )
        ),
        curves=curve,
        checks=check_frame([]),
        method={**at.method, "distribution": seen.method["distribution"]},
    )
    told = setting.told(found)
    return told.with_(
        notes=(
            *told.notes,
            "Fifths compare the model with the patients it was made from; the corrected curve says how far from the "
            "diagonal it would lie in others.",
        )
    )


def decision(setting: Setting) -> Result:
    """Net benefit at chosen risks, corrected, with and without CNS status, against acting on all and on none.

    `curves`: group, threshold, net_benefit, conf_low, conf_high, interventions_avoided.
    """
    at, cuts = setting.validation, np.array(THRESHOLDS)
    plain = pd.concat([acting(FOR_ALL, setting.complete, cuts), acting(FOR_NONE, setting.complete, cuts)])
    own = at.tidy[(at.tidy["measure"] == "net benefit") & (at.tidy["term"] == "corrected")]
    corrected = pd.DataFrame(
        {
            "group": "model " + own["group"],
            "threshold": own["level"].astype(float),
            "net_benefit": own["estimate"],
            "conf_low": own["conf_low"],
            "conf_high": own["conf_high"],
            "note": own["note"],
        }
    )
    curves = pd.concat([corrected, plain], ignore_index=True)
    everybody = np.tile(plain["net_benefit"].to_numpy()[: len(cuts)], curves["group"].nunique())
    saved = (curves["net_benefit"] - everybody) * (1 - curves["threshold"]) / curves["threshold"]
    n, events = at.tidy[at.tidy["measure"] == "AUC"][["n", "events"]].iloc[0]
    rows = [_benefit(line, n, events) for line in records(curves)]
    found = at.with_(
        kind="decision_curve",
        tidy=tidy_frame(rows),
        curves=curves.drop(columns="note").assign(interventions_avoided=saved),
        checks=check_frame([]),
        method={**at.method, "default_strategies": [FOR_ALL, FOR_NONE]},
    )
    told = setting.told(found)
    return told.with_(
        notes=(
            *told.notes,
            "Net benefit: deaths rightly acted on per patient, less those acted on for nothing weighted by the odds of "
            "the threshold. A model helps only where it lies above both acting on everybody and acting on nobody.",
            "Limits: bootstrap. Acting on everybody or nobody needs no model and has no optimism.",
        )
    )


def acting(group: str, data: pd.DataFrame, cuts: Floats) -> pd.DataFrame:
    """The net benefit at each threshold of acting on everybody, or on nobody: group, threshold, net_benefit."""
    time, event = data[TIME].to_numpy(dtype=float), data[EVENT].to_numpy(dtype=float) == 1
    risk = np.full(len(data), float(group == FOR_ALL))
    benefit = net_benefit(risk, time, event, HORIZON, cuts)
    return pd.DataFrame({"group": group, "threshold": cuts, "net_benefit": benefit})


def _benefit(line: Row, n: float, events: float) -> Row:
    return {
        "analysis": "decision_curve",
        "outcome": EVENT,
        "group": line["group"],
        "term": "threshold",
        "level": f"{100 * line['threshold']:.0f} %",
        "time": HORIZON,
        "n": n,
        "events": events,
        "measure": "net benefit",
        "scale": "identity",
        "estimate": line["net_benefit"],
        "conf_low": line.get("conf_low"),
        "conf_high": line.get("conf_high"),
        "note": line.get("note"),
    }
