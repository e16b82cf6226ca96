"""Table 1, group tests, quantiles and proportions equal to R."""

import numpy as np
import pytest

from neurohlh.stats.describe.exact import freeman_halton
from neurohlh.stats.describe.group_tests import compare_levels, compare_numbers
from neurohlh.stats.describe.proportions import clopper_pearson, wilson
from neurohlh.stats.describe.quantiles import quantile
from neurohlh.stats.describe.smd import smd_levels
from neurohlh.stats.describe.table1 import table1


@pytest.fixture
def table(data):
    frame = data.pbc.astype({"edema": str, "stage": str})
    frame = frame.assign(ascites=frame["ascites"] == 1)
    return table1(frame, "trt", ["age", "bili", "chol", "sex", "edema", "stage", "ascites"], tests=True).tidy


@pytest.mark.parametrize("variable", ["age", "bili", "chol"])
def test_continuous_rows(r, table, equal, variable):
    theirs, ours = r["table1_pbc_by_trt"][variable], table[table["variable"] == variable]
    for i, group in enumerate("12"):
        rows = ours[(ours["group"] == group) & (ours["term"] == "summary")].set_index("measure")
        equal(rows.loc[["q25", "median", "q75"], "estimate"], theirs["q_type7"]["values"][i])
        equal(rows.loc["median", "n"], theirs["n"][i])
        missing = ours[(ours["group"] == group) & (ours["term"] == "missing")]
        equal(missing["events"], [theirs["missing"][i]])
    equal(abs(ours.loc[ours["term"] == "smd", "estimate"]), [theirs["smd"]])
    equal(ours.loc[ours["term"] == "test", "p_value"], [theirs["wilcox_p"]])


@pytest.mark.parametrize("variable", ["sex", "edema", "stage", "ascites"])
def test_categorical_rows(r, table, equal, variable):
    theirs, ours = r["table1_pbc_by_trt"][variable], table[table["variable"] == variable]
    if variable == "stage":
        equal(ours.loc[(ours["term"] == "level") & (ours["group"] == "1"), "events"], theirs["counts"][0])
    equal(ours.loc[ours["term"] == "smd", "estimate"], [theirs["smd"]])
    equal(ours.loc[ours["term"] == "test", "p_value"], [theirs["chisq_p_uncorrected"]])
    assert ours.loc[ours["term"] == "test", "method"].tolist() == ["chi-square without correction"]


@pytest.mark.parametrize("variable", ["sex", "edema", "stage", "ascites"])
def test_the_exact_test(r, equal, variable):
    theirs = r["table1_pbc_by_trt"][variable]
    equal(freeman_halton(np.array(theirs["counts"])), theirs["fisher_p"])


def test_kruskal_wallis(r, data, equal):
    frame, theirs = data.pbc, r["table1_pbc_by_trt"]
    groups = [g["bili"].to_numpy() for _, g in frame.groupby("stage")]
    equal(compare_numbers(groups).p_value, theirs["kruskal_bili_by_stage_p"], rtol=1e-9)


def test_smd_of_levels_needs_no_left_out_level(r, equal):
    theirs = r["table1_pbc_by_trt"]["stage"]
    a, b = (np.array(row, float) for row in theirs["counts"])
    equal(smd_levels(a, b).value, theirs["smd"])
    equal(smd_levels(a[::-1], b[::-1]).value, theirs["smd"])


def test_quantiles_are_type_7(r, equal):
    x = np.array([1, 2, 4, 7, 11, 16, 22.0])
    equal([quantile(x, None, p).value for p in (0.1, 0.25, 0.5, 0.75, 0.9)], r["quantile_types"]["type7"])


def test_proportion_limits(r, equal):
    theirs = r["proportion_rate_ci"]
    equal(wilson(15, 148), theirs["binom_15_of_148"]["wilson"][1:])
    equal(clopper_pearson(15, 148), theirs["binom_15_of_148"]["exact"])
    equal(wilson(0, 20), theirs["zero_of_20_wilson"][1:])
    equal(clopper_pearson(0, 20), theirs["zero_of_20_exact"])


def test_chi_square_against_the_default_of_r(r):
    # The default of chisq.test is Yates' correction: ours must not be that number.
    theirs = r["table1_pbc_by_trt"]["sex"]
    ours = compare_levels(np.array(theirs["counts"]))
    assert abs(ours.p_value - theirs["chisq_p_default"]) > 0.05
