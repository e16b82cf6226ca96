"""Kaplan-Meier, log-rank and RMST equal to R's survfit, survdiff and survRM2 formulas."""

import pytest

from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.curves.rmst import rmst


def survival_rows(result):
    return result.tidy[result.tidy["measure"] == "survival"]


def median_row(result, group="overall"):
    rows = result.tidy[(result.tidy["term"] == "median") & (result.tidy["group"] == group)]
    return rows[["estimate", "conf_low", "conf_high"]].to_numpy()[0]


@pytest.mark.parametrize(("conf_type", "entry"), [("log-log", "loglog"), ("log", "log"), ("plain", "plain")])
def test_estimates_limits_and_median_by_scale(r, data, equal, conf_type, entry):
    theirs = r[f"km_lung_{entry}"]
    ours = kaplan_meier(data.lung, "time", "death", times=theirs["time"], conf_type=conf_type)
    rows = survival_rows(ours)
    equal(rows["estimate"], theirs["surv"])
    equal(rows["std_error"], theirs["std_err"])
    equal(rows["conf_low"], theirs["lower"])
    equal(rows["conf_high"], theirs["upper"])
    equal(rows["n"], theirs["n_risk"])
    equal(median_row(ours), theirs["median"])


def test_the_whole_curve(r, data, equal):
    theirs = r["km_lung_full_curve"]
    ours = kaplan_meier(data.lung, "time", "death").curves
    assert ours.iloc[0][["time", "n_risk", "survival"]].tolist() == [0, 228, 1]
    ours = ours.iloc[1:]
    names = {"time": "time", "n_risk": "n_risk", "n_event": "n_event", "n_censor": "n_censor", "survival": "surv"}
    for column, name in {**names, "conf_low": "lower", "conf_high": "upper"}.items():
        equal(ours[column], theirs[name])
    equal(ours["std_error"] / ours["survival"], theirs["std_err_logS"])


def test_groups_and_their_medians(r, data, equal):
    theirs = r["km_lung_sex_loglog"]
    ours = kaplan_meier(data.lung, "time", "death", by="sex", times=theirs["time"][:5])
    equal(survival_rows(ours)["estimate"], theirs["surv"])
    equal(survival_rows(ours)["conf_low"], theirs["lower"])
    equal(survival_rows(ours)["n"], theirs["n_risk"])
    for group, row in zip("12", theirs["median"]["values"], strict=True):
        equal(median_row(ours, group), row[6:9])


def test_delayed_entry(r, data, equal):
    theirs = r["km_startstop_heart"]
    ours = kaplan_meier(data.heart, "stop", "event", by="transplant", entry="start", times=theirs["time"][:4])
    rows = survival_rows(ours)
    equal(rows["estimate"], theirs["surv"])
    equal(rows["std_error"], theirs["std_err"])
    equal(rows["conf_low"], theirs["lower"])
    equal(rows["conf_high"], theirs["upper"])
    equal(rows["n"], theirs["n_risk"])


def test_median_follow_up(r, data, equal):
    theirs = r["reverse_km_followup_lung"]
    ours = reverse_kaplan_meier(data.lung, "time", "death")
    equal(median_row(ours), [theirs["median"], theirs["0.95LCL"], theirs["0.95UCL"]])
    equal(ours.tidy["events"], [theirs["events"]])


@pytest.mark.parametrize(
    ("entry", "name", "event", "by", "strata"),
    [
        ("logrank_lung_sex", "lung", "death", "sex", None),
        ("logrank_veteran_celltype", "veteran", "status", "celltype", None),
        ("logrank_stratified_lung", "lung", "death", "sex", "ph.ecog"),
    ],
)
def test_logrank(r, data, equal, entry, name, event, by, strata):
    theirs = r[entry]
    frame = getattr(data, name)
    if by == "celltype":  # R's factor order
        frame = frame.assign(celltype=frame["celltype"].astype("category").cat.set_categories(
            ["squamous", "smallcell", "adeno", "large"]))  # fmt: skip
    ours = logrank(frame, "time", event, by, strata=strata).tidy
    groups, test = ours[ours["term"] == "group"], ours[ours["term"] == "test"]
    equal(groups["events"], theirs["obs"])
    equal(groups["estimate"], theirs["exp"])
    equal(test[["statistic", "df", "p_value"]].to_numpy()[0], [theirs["chisq"], theirs["df"], theirs["p"]])


def test_rmst(r, data, equal):
    theirs = r["rmst_lung_sex_365"]
    ours = rmst(data.lung, "time", "death", tau=365, by="sex").tidy
    for row, group in ((0, "male"), (1, "female")):
        expected = [theirs[group][k] for k in ("rmst", "se", "lower", "upper")]
        equal(ours.loc[row, ["estimate", "std_error", "conf_low", "conf_high"]], expected)
    expected = [theirs["diff"][k] for k in ("est", "se", "lower", "upper", "p")]
    equal(ours.loc[2, ["estimate", "std_error", "conf_low", "conf_high", "p_value"]], expected)
