import numpy as np
import pandas as pd

from neurohlh.stats.glm.logistic import logistic


def test_ratios_beyond_reason_say_why():
    x = np.tile(np.arange(10.0), 4)
    frame = pd.DataFrame({"x": x * 1e-3 + 100, "y": ((x + np.repeat([0, 3, -3, 5], 10)) > 5).astype(int)})
    intercept, slope = (row for _, row in logistic(frame, "y", ["x"], limits="wald").tidy.iterrows())
    assert "centre them" in intercept["note"]
    assert np.isnan(slope["estimate"])
    assert "not shown beyond 1e-12 to 1e12: a ratio per unit; choose a larger unit" in slope["note"]
    assert np.isfinite(slope["coef"])
    scaled = logistic(frame.assign(x=x), "y", ["x"], limits="wald").tidy.iloc[1]
    assert scaled["note"] == ""
