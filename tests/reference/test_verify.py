"""Every reference case of `neurohlh verify` gives R's numbers; expected values are read from the shipped file."""

import pytest

from neurohlh.study.verification.table import DIFFERENT, cases, verify


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.entry)
def test_case(case):
    table = verify([case])
    assert len(table)
    assert table[table["verdict"] == DIFFERENT].to_dict("records") == []
    loose = table[table["tolerance"] > 1e-6]
    assert (loose["why"] != "").all()
