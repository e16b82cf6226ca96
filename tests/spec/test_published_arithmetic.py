"""Arithmetic of printed papers: what recomputes does, and what cannot be right is recognised.

`data/published_arithmetic.csv`: input "events n events n" (two groups), "ratio low high", "events n", "percent n",
"estimate low high", "survival se survival se" (affected first, in percent), "ratio p", the parts of a whole and the
whole, or the cells of a two-column table; `printed` is what the paper says, `expected` what follows from its own
numbers.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from neurohlh.stats.describe.arithmetic import (
    inside_limits,
    log_asymmetry,
    log_symmetric,
    possible_counts,
    ratio_arithmetic,
    std_error_from_p,
    survival_difference,
    survival_ratio,
    woolf,
)
from neurohlh.stats.describe.exact import freeman_halton
from neurohlh.stats.describe.proportions import wilson
from neurohlh.stats.describe.two_by_two import two_by_two
from neurohlh.study.published.faults_numbers import of_sum
from neurohlh.study.published.finding import CONSISTENT
from neurohlh.study.published.printed import sums

CATALOGUE = pd.read_csv(Path(__file__).parent / "data" / "published_arithmetic.csv", dtype=str, keep_default_na=False)


def of_two_groups(a, n, c, m):
    exposure = pd.Series([True] * n + [False] * m)
    outcome = pd.Series([1] * a + [0] * (n - a) + [1] * c + [0] * (m - c))
    checks = two_by_two(exposure, outcome).checks.set_index("check")
    odds, low, high = woolf(a, n - a, c, m - c)
    return {
        "fisher_p": checks.loc["Fisher exact test", "p_value"],
        "chi_square_p": checks.loc["chi-square test without correction", "p_value"],
        "odds_ratio": odds,
        "odds_low": low,
        "odds_high": high,
    }


def of_a_ratio(estimate, low, high):
    found = ratio_arithmetic(estimate, low, high)
    decimals = max(len(text.partition(".")[2]) for text in (f"{estimate:g}", f"{low:g}", f"{high:g}"))
    symmetric = log_symmetric(estimate, low, high, decimals=decimals)
    return {
        "std_error": found.std_error,
        "p_value": found.p_value,
        "middle": found.middle,
        "symmetric": symmetric,
        "asymmetry": log_asymmetry(estimate, low, high, decimals=decimals),
    }


def of_a_proportion(events, n):
    low, high = wilson(int(events), int(n))
    return {"percent": 100 * events / n, "wilson_low": 100 * low, "wilson_high": 100 * high}


def of_a_table(*cells):
    table = np.array(cells, dtype=int).reshape(-1, 2)
    return {"chi_square_p": chi2_contingency(table, correction=False).pvalue, "exact_p": freeman_halton(table)}


def of_two_survivals(affected, affected_se, free, free_se):
    z, p = survival_difference(affected, affected_se, free, free_se)
    return {"z": z, "p_value": p, "ratio": survival_ratio(affected / 100, free / 100)}


def of_a_reversed_ratio(estimate, p):
    # Turned round, the standard error stays what p says it is.
    assert std_error_from_p(1 / estimate, p) == pytest.approx(std_error_from_p(estimate, p))
    return {"reciprocal": 1 / estimate}


def of_a_whole(*parts_and_whole):
    *parts, whole = map(int, parts_and_whole)
    (found,) = sums(f"{'+'.join(map(str, parts))}={sum(parts)} of {whole}")
    assert of_sum("a paper", "notes", found).verdict != CONSISTENT  # a part of the whole is named as such
    return {"accounted": found.added}


KINDS = {
    "survival": of_two_survivals,
    "ratio_from_p": of_a_reversed_ratio,
    "sum": of_a_whole,
    "two_by_two": lambda *cells: of_two_groups(*map(int, cells)),
    "ratio": of_a_ratio,
    "proportion": of_a_proportion,
    "table": of_a_table,
    "limits": lambda estimate, low, high: {"inside": inside_limits(estimate, low, high)},
}


@pytest.mark.parametrize(
    "row", [r for r in CATALOGUE.itertuples() if r.kind != "count"], ids=lambda r: f"{r.check_id} {r.quantity}"
)
def test_recomputed_from_the_printed_numbers(row):
    found = KINDS[row.kind](*map(float, row.input.split()))[row.quantity]
    assert float(found) == pytest.approx(float(row.expected), abs=float(row.tolerance))


@pytest.mark.parametrize(
    "row", [r for r in CATALOGUE.itertuples() if r.kind == "count"], ids=lambda r: f"{r.check_id} {r.input}"
)
def test_counts_that_a_printed_percentage_allows(row):
    percent, n = row.input.split()
    found = possible_counts(float(percent), int(n), decimals=1)
    assert found == [int(k) for k in row.expected.split()]


def test_every_check_of_the_shipped_list_is_made_here():
    shipped = pd.read_csv(Path(__file__).parents[2] / "data" / "published" / "recompute_checks.csv", dtype=str)
    wanted = {check.replace("_adult96", "") for check in shipped["check_id"]}
    assert wanted == set(CATALOGUE["check_id"]), wanted ^ set(CATALOGUE["check_id"])
