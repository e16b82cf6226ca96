import numpy as np
import pandas as pd

from neurohlh.stats.design.hypotheses import hypotheses
from neurohlh.stats.design.terms import model_design


def test_questions_of_a_model_with_splines_and_interactions():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=90), "z": rng.normal(size=90), "g": list("abc") * 30})
    design = model_design(frame, ["rcs(x, 3)*g", "rcs(z, 3)", "z:g"], reference={"g": "a"})
    # x x' g=b g=c z z' | x:b x':b x:c x':c | z:b z:c
    assert [(h.term, h.claim, h.columns) for h in hypotheses(design)] == [
        ("rcs(x, 3)", "no effect, interactions included", (0, 1, 6, 7, 8, 9)),
        ("rcs(x, 3)", "straight line", (1, 7, 9)),
        ("g", "no effect, interactions included", (2, 3, 6, 7, 8, 9, 10, 11)),
        ("rcs(z, 3)", "no effect, interactions included", (4, 5, 10, 11)),
        ("rcs(z, 3)", "straight line", (5,)),
        ("rcs(x, 3):g", "no interaction", (6, 7, 8, 9)),
        ("z:g", "no interaction", (10, 11)),
        ("all splines", "straight lines", (1, 5, 7, 9)),
        ("all interactions", "no interactions", (6, 7, 8, 9, 10, 11)),
    ]
