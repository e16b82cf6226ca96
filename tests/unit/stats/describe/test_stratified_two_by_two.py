import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.stratified_two_by_two import stratified_two_by_two


def patients(**tables):
    rows = [(s, x, y) for s, cells in tables.items()
            for (x, y), k in zip(((1, 1), (1, 0), (0, 1), (0, 0)), cells, strict=True) for _ in range(k)]  # fmt: skip
    return pd.DataFrame(rows, columns=["s", "x", "y"])


def test_two_strata_by_hand():
    # Strata of 20 and 40: sum(ad/N) = 4*8/20 + 10*16/40 = 5.6; sum(bc/N) = 6*2/20 + 10*4/40 = 1.6.
    result = stratified_two_by_two(patients(a=(4, 6, 2, 8), b=(10, 10, 4, 16)), "x", "y", "s", reference="0")
    mh = result.tidy[result.tidy["method"] == "Mantel-Haenszel"].set_index("measure")
    assert mh.loc["OR", "estimate"] == pytest.approx(5.6 / 1.6)
    assert mh.loc["RR", "estimate"] == pytest.approx((4 * 10 / 20 + 10 * 20 / 40) / (2 * 10 / 20 + 4 * 20 / 40))
    # Weights n m / N = 5 and 10, differences 0.2 and 0.3.
    assert mh.loc["RD", "estimate"] == pytest.approx((5 * 0.2 + 10 * 0.3) / 15)
    crude = result.tidy[result.tidy["method"] == "without strata"].set_index("measure")
    assert crude.loc["OR", "estimate"] == pytest.approx(14 * 24 / (16 * 6))
    assert result.tidy[result.tidy["level"] == "b"]["estimate"].item() == pytest.approx(4)


def test_equal_odds_ratios_leave_no_heterogeneity():
    checks = stratified_two_by_two(patients(a=(4, 2, 2, 4), b=(8, 4, 4, 8)), "x", "y", ["s"]).checks.set_index("check")
    assert checks.loc["Breslow-Day test", "statistic"] == pytest.approx(0, abs=1e-10)
    assert checks.loc["Breslow-Day test with Tarone's correction", "df"] == 1


def test_one_sided_and_empty_strata_are_told():
    result = stratified_two_by_two(patients(a=(4, 6, 2, 8), b=(3, 2, 0, 0)), "x", "y", "s")
    assert result.counts["strata_with_one_level"] == 1
    assert result.checks.iloc[-1]["verdict"] == "attention"
    assert result.checks.iloc[2]["note"].startswith("not estimable: fewer than two strata")
    none = stratified_two_by_two(patients(a=(3, 2, 0, 0), b=(0, 0, 2, 3)), "x", "y", "s").tidy
    pooled = none[none["method"] == "Mantel-Haenszel"]
    assert pooled["estimate"].isna().all()
    assert (pooled["note"] == "not estimable: no stratum has both levels of the exposure").all()


def test_unknown_strata_are_dropped_and_two_columns_combine():
    frame = patients(a=(4, 6, 2, 8), b=(5, 5, 4, 6)).assign(t=lambda d: np.arange(len(d)) % 2)
    frame.loc[0, "s"] = None
    result = stratified_two_by_two(frame, "x", "y", ["s", "t"])
    assert result.counts["dropped"] == {"missing s": 1}
    assert set(result.tidy["level"]) - {""} == {"a, 0", "a, 1", "b, 0", "b, 1"}
    with pytest.raises(ValueError, match="at least one column"):
        stratified_two_by_two(frame, "x", "y", [])
    with pytest.raises(NotEstimable, match="only one level"):
        stratified_two_by_two(frame.assign(x=1), "x", "y", "s")
