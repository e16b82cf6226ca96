from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.two_by_two_methods import table_methods, two_by_two_methods


def patients(a, b, c, d):
    return pd.DataFrame({"x": [True] * (a + b) + [False] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d})


@pytest.mark.parametrize("cells", [c for c in product((0, 2, 5), repeat=4) if c[0] + c[1] and c[2] + c[3]])
def test_every_zero_pattern_gives_numbers_or_reasons(cells):
    measured = [row for row in table_methods(*cells) if "measure" in row]
    numbers = np.array([[row.get(k, np.nan) for k in ("estimate", "conf_low", "conf_high")] for row in measured])
    assert not np.isinf(numbers).any()
    assert (np.isnan(numbers).any(axis=1) == [row["note"] != "" for row in measured]).all()


def unconditional(statistic, seen, sizes):
    """Largest probability over the common risk of tables at least as extreme, by full enumeration on a fine grid."""
    risks = np.linspace(0, 1, 4001)
    extreme = [(i, j) for i, j in product(*(range(s + 1) for s in sizes)) if statistic(i, j) >= seen - 1e-9]
    return max(sum(binom.pmf(i, sizes[0], risks) * binom.pmf(j, sizes[1], risks) for i, j in extreme))


def test_fisher_barnard_and_boschloo_by_enumeration():
    # 3 of 3 against 0 of 4. Fisher: 1 of the C(7, 3) = 35 tables, as likely as none other: p = 1/35.
    n, m = 3, 4

    def wald(i, j):
        p = (i + j) / (n + m)
        return 0.0 if p in (0, 1) else abs(i / n - j / m) / np.sqrt(p * (1 - p) * (1 / n + 1 / m))

    p = {row["method"]: row["p_value"] for row in table_methods(3, 0, 0, 4) if row["term"] == "test"}
    assert p["Fisher exact"] == pytest.approx(1 / 35)
    assert p["Fisher mid-p"] == pytest.approx(1 / 70)
    # Barnard: the tables (3, 0) and (0, 4) only, q^4 (1-q)^3 + q^3 (1-q)^4 = (q (1-q))^3, largest at 1/2: 1/64.
    assert p["Barnard"] == pytest.approx(1 / 64, rel=1e-6)
    assert unconditional(wald, wald(3, 0), (n, m)) == pytest.approx(1 / 64, rel=1e-6)
    # Boschloo, one-sided: only (3, 0) has a Fisher p of 1/35 or less; q^3 (1-q)^4 is largest at 3/7; doubled.
    assert p["Boschloo"] == pytest.approx(2 * (3 / 7) ** 3 * (4 / 7) ** 4, rel=1e-6)


def test_columns_are_tallied_and_unknown_patients_counted():
    frame = patients(9, 12, 3, 27).astype({"y": float})
    frame.loc[0, "y"] = np.nan
    result = two_by_two_methods(frame, "x", "y")
    assert result.counts["cells"] == {"a": 8, "b": 12, "c": 3, "d": 27}
    assert result.counts["dropped"] == {"missing y": 1}
    assert result.kind == "two_by_two_methods"
    woolf = result.tidy.set_index("method").loc["Woolf"]
    assert (woolf["estimate"], woolf["contrast"]) == (pytest.approx(6), "true vs false")


def test_an_empty_group_is_refused():
    with pytest.raises(NotEstimable, match="only one level of the exposure"):
        two_by_two_methods(patients(0, 0, 3, 4), "x", "y")
    with pytest.raises(NotEstimable, match="one of the groups has nobody"):
        table_methods(0, 0, 3, 4)
