import pytest

from neurohlh.stats.design.formula import Factor, parse_factor, parse_terms, term_name, variable_of


@pytest.mark.parametrize(
    ("text", "factor", "name"),
    [
        ("age", Factor("age"), "age"),
        ("log2( age )", Factor("age", "log2"), "log2(age)"),
        ("rcs(age)", Factor("age", "rcs", 5), "rcs(age, 5)"),
        ("rcs(age,4)", Factor("age", "rcs", 4), "rcs(age, 4)"),
        ("rcs(age, [20, 40.5, 60])", Factor("age", "rcs", (20.0, 40.5, 60.0)), "rcs(age, [20, 40.5, 60])"),
    ],
)
def test_factors(text, factor, name):
    assert parse_factor(text) == factor
    assert factor.name == name
    assert variable_of(text) == "age"


def names(covariates, columns=()):
    return [term_name(term) for term in parse_terms(covariates, columns)]


def test_main_effects_come_first_and_a_star_stands_for_all():
    assert names(["a*b", "c"]) == ["a", "b", "c", "a:b"]
    assert names(["a*b*c"]) == ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]
    assert names(["a*b", "a*c"]) == ["a", "b", "c", "a:b", "a:c"]
    assert names(["a", "b", "b:a"]) == ["a", "b", "b:a"]
    assert names(["rcs(a, [1, 2, 3])*b"]) == ["rcs(a, [1, 2, 3])", "b", "rcs(a, [1, 2, 3]):b"]


def test_a_column_whose_name_holds_signs_is_that_column():
    assert names(["a:b", "c"], {"a:b", "c"}) == ["a:b", "c"]


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (["a", "a:b"], "not interpretable without 'b'"),
        (["a", "b", "c", "a:b:c"], "not interpretable without 'a:b'"),
        (["a*a"], "cannot interact with itself"),
        (["a*b:c"], "not with both"),
        (["a*"], "is empty"),
        (["a", "b", "a:b", "b:a"], "named more than once"),
        (["rcs(a, [1, x])"], "the knots must be numbers"),
    ],
)
def test_wrong_terms(covariates, message):
    with pytest.raises(ValueError, match=message):
        parse_terms(covariates, ())
