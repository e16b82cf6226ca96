import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.meta.meta_analysis import meta_analysis

MD = {"measure": "MD", "estimate": "y", "std_error": "s", "study": "name"}


@pytest.fixture
def three():
    # tau2 = 8 by every moment estimator, the mean 3 with variance 3 (see test_heterogeneity).
    frame = pd.DataFrame({"name": ["a", "b", "c"], "y": [0.0, 3, 6], "s": [1.0, 1, 1]})
    return frame.assign(g=["u", "u", "v"], year=[3, 1, 2])


def only(result, term, measure):
    rows = result.tidy[(result.tidy["term"] == term) & (result.tidy["measure"] == measure)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_pool_by_hand(three):
    result = meta_analysis(three, method="DL", **MD)
    pooled = only(result, "pooled", "MD")
    assert (pooled["estimate"], pooled["std_error"]) == pytest.approx((3, np.sqrt(3)))
    assert pooled["conf_high"] == pytest.approx(3 + 1.959964 * np.sqrt(3), rel=1e-6)
    assert only(result, "pooled (common effect)", "MD")["std_error"] == pytest.approx(np.sqrt(1 / 3))
    assert only(result, "heterogeneity", "tau2")["estimate"] == pytest.approx(8)
    assert only(result, "heterogeneity", "I2 (%)")["estimate"] == pytest.approx(800 / 9)
    assert only(result, "prediction interval", "MD")["conf_low"] == pytest.approx(3 - 12.7062 * np.sqrt(11), rel=1e-5)
    weights = result.tidy.loc[result.tidy["term"] == "weight", "estimate"]
    assert weights.tolist() == pytest.approx([1 / 3] * 3)
    assert Result.from_json(result.to_json()).tidy.equals(result.tidy)


def test_leave_one_out_and_cumulative_by_hand(three):
    result = meta_analysis(three, method="DL", order="year", **MD)
    left = result.tidy[(result.tidy["term"] == "leave one out") & (result.tidy["measure"] == "MD")]
    assert left.set_index("level")["estimate"].to_dict() == pytest.approx({"a": 4.5, "b": 3, "c": 1.5})
    added = result.tidy[(result.tidy["term"] == "cumulative") & (result.tidy["measure"] == "MD")]
    assert added["level"].tolist() == ["b", "c", "a"]
    assert added["estimate"].tolist()[1:] == pytest.approx([4.5, 3])
    assert "a single study" in added["note"].iloc[0]


def test_one_study_is_not_a_random_effects_pool(three):
    result = meta_analysis(three.iloc[:1], **MD)
    pooled = only(result, "pooled", "MD")
    assert np.isnan(pooled["estimate"])
    assert pooled["note"].startswith("not estimable: a single study")
    assert only(result, "pooled (common effect)", "MD")["estimate"] == 0
    assert result.notes == ("One study: there is nothing to pool.",)
    assert only(meta_analysis(three.iloc[:1], method="FE", **MD), "heterogeneity", "Q")["note"].startswith("not est")


def test_two_studies_have_no_prediction_interval(three):
    row = only(meta_analysis(three.iloc[:2], **MD), "prediction interval", "MD")
    assert row["note"] == "not estimable: 2 studies leave no degree of freedom"
    assert np.isnan(row["conf_low"])


def test_identical_estimates(three):
    same = three.assign(y=1.0)
    result = meta_analysis(same, **MD)
    assert only(result, "heterogeneity", "tau2")["estimate"] == 0
    assert only(result, "heterogeneity", "tau2")["note"].startswith("limits not estimable: the studies agree")
    adjusted = only(meta_analysis(same, knapp_hartung=True, **MD), "pooled", "MD")
    assert (adjusted["estimate"], adjusted["note"]) == (1, "limits not estimable: the variance is 0")
    assert np.isnan(adjusted["conf_low"])
    careful = only(meta_analysis(same, knapp_hartung="ad hoc", **MD), "pooled", "MD")
    assert careful["std_error"] == pytest.approx(np.sqrt(1 / 3))


def test_studies_without_events_show_their_exact_limits():
    frame = pd.DataFrame({"x": [0, 3], "n": [20, 30]})
    result = meta_analysis(frame, measure="proportion", events="x", n="n")
    first = result.tidy.iloc[0]
    assert (first["estimate"], first["conf_low"], first["note"]) == (0, 0, "1/2 added to every cell for pooling")
    assert first["conf_high"] == pytest.approx(1 - 0.025 ** (1 / 20))
    assert result.counts["corrected"] == 1
    assert result.checks.set_index("check").loc["empty cells", "verdict"] == "attention"


def test_the_likelihood_of_counts_corrects_nothing():
    frame = pd.DataFrame({"x": [0, 3, 2], "n": [20, 30, 40]})
    result = meta_analysis(frame, measure="proportion", events="x", n="n", method="GLMM")
    assert (result.counts["corrected"], result.method["correction"]) == (0, "none")
    assert only(result, "pooled", "proportion")["estimate"] == pytest.approx(5 / 90)  # no variance between studies
    assert result.tidy["note"].tolist()[0] == ""
    nobody = meta_analysis(frame.assign(x=0), measure="proportion", events="x", n="n", method="GLMM")
    assert only(nobody, "pooled", "proportion")["note"].startswith("not estimable: nobody or everybody")


def test_shared_patients_and_odd_limits_are_pointed_out():
    frame = pd.DataFrame(
        {"hr": [1.2, 0.8, 1.0], "lo": [0.6, 0.4, 0.1], "hi": [2.4, 1.6, 1.1], "c": ["x", "x", "y"], "s": list("pqr")}
    )
    result = meta_analysis(frame, estimate="hr", low="lo", high="hi", study="s", cohort="c")
    checks = result.checks.set_index("check")
    assert checks.loc["shared patients", "note"].startswith("p, q share patients (x) but count as independent")
    assert checks.loc["limits around the estimate", "note"].endswith("on the log scale: r")
    assert checks.loc["number of studies", "verdict"] == "attention"


def test_the_forest_plot_has_its_lines(three):
    curves = meta_analysis(three, by="g", **MD).curves
    kinds = ["study"] * 3 + ["pooled", "pooled (common effect)", "prediction interval", "subgroup", "subgroup"]
    assert curves["kind"].tolist() == kinds
    assert curves["weight"].notna().sum() == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "bayes"}, "method must be one of REML"),
        ({"prediction": "t"}, "prediction must be one of t_k-2"),
        ({"knapp_hartung": "yes"}, "knapp_hartung must be one of none, plain, ad hoc"),
        ({"subgroup_tau2": "own"}, "subgroup_tau2 must be one of common, separate"),
        ({"method": "GLMM"}, "pools proportions on the logit only"),
        ({"conf_level": 95}, "conf_level must lie between 0 and 1"),
    ],
)
def test_wrong_options(three, options, message):
    with pytest.raises(ValueError, match=message):
        meta_analysis(three, **options, **MD)


def test_no_studies(three):
    with pytest.raises(NotEstimable, match="there is no study"):
        meta_analysis(three.iloc[:0], **MD)
    with pytest.raises(ValueError, match="a study has no place in the order"):
        meta_analysis(three.assign(year=np.nan), order="year", **MD)


def test_halves_that_were_added_are_never_a_pool():
    nobody = pd.DataFrame({"x": [0, 0, 0], "n": [20, 30, 40]})
    for transform in ("logit", "raw"):
        result = meta_analysis(nobody, measure="proportion", events="x", n="n", transform=transform)
        for term in ("pooled", "pooled (common effect)"):
            row = only(result, term, "proportion")
            assert row["note"].startswith("not estimable: nobody of 'n' had the event in any study")
            assert np.isnan(row["estimate"])
    arcsine = meta_analysis(nobody, measure="proportion", events="x", n="n", transform="arcsine")
    assert only(arcsine, "pooled", "proportion")["estimate"] == 0
    arms = nobody.assign(c=[2, 3, 4], m=30)
    columns = {"events": "x", "n": "n", "events_reference": "c", "n_reference": "m"}
    assert np.isnan(only(meta_analysis(arms, measure="OR", **columns), "pooled", "OR")["estimate"])
    assert only(meta_analysis(arms, measure="RD", **columns), "pooled", "RD")["estimate"] < 0


def test_freeman_and_tukeys_way_back_is_remarked_where_sizes_differ_widely():
    frame = pd.DataFrame({"x": [1, 30, 400], "n": [10, 300, 4000]})
    columns = {"measure": "proportion", "events": "x", "n": "n"}
    checks = meta_analysis(frame, transform="freeman-tukey", **columns).checks
    assert "back-transformation" in set(checks["check"])
    assert "back-transformation" not in set(meta_analysis(frame, **columns).checks["check"])


def test_subgroups_of_the_likelihood_have_a_variance_each():
    frame = pd.DataFrame({"x": [1, 3, 6, 9, 2, 5], "n": [20, 30, 30, 40, 40, 50], "g": list("uuuvvv")})
    result = meta_analysis(frame, measure="proportion", events="x", n="n", method="GLMM", by="g")
    assert result.method["subgroups"] == "g, tau2 separate"
    assert result.tidy.loc[result.tidy["term"] == "subgroup", "estimate"].notna().all()
