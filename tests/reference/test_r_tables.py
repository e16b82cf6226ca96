"""Limits of proportions equal to R; Table 1, group tests and quantiles are cases of `neurohlh verify`."""

from neurohlh.stats.describe.proportions import clopper_pearson, wilson


def test_proportion_limits(r, equal):
    theirs = r["proportion_rate_ci"]
    equal(wilson(15, 148), theirs["binom_15_of_148"]["wilson"][1:])
    equal(clopper_pearson(15, 148), theirs["binom_15_of_148"]["exact"])
    equal(wilson(0, 20), theirs["zero_of_20_wilson"][1:])
    equal(clopper_pearson(0, 20), theirs["zero_of_20_exact"])
