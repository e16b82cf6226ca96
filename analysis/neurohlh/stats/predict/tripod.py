"""The items of the TRIPOD statement (Collins 2015, Ann Intern Med 162:55) that a prediction result answers."""

from __future__ import annotations

ITEMS = {
    "6a": "the outcome that is predicted, and how and when it was assessed",
    "7a": "all predictors, and how and when they were measured",
    "8": "how the study size was arrived at",
    "9": "how missing data were handled",
    "10a": "how predictors were handled in the analyses",
    "10b": "type of model, model-building procedures, method for internal validation",
    "10c": "for validation, how the predictions were calculated",
    "10d": "measures used to assess performance and to compare models",
    "11": "how risk groups were created",
    "13b": "characteristics of the participants, with missing data",
    "14a": "number of participants and outcome events in each analysis",
    "14b": "unadjusted association between each predictor and the outcome",
    "15a": "the full prediction model: all coefficients, and the intercept or baseline survival at a time",
    "15b": "how to use the prediction model",
    "16": "performance measures, with confidence intervals",
}
"""Item -> what it asks for, shortened."""


def tripod(*items: str) -> dict[str, str]:
    """The named items with what they ask for; 14a is answered always. Raises ValueError for unknown items."""
    return {item: ITEMS[item] for item in sorted({*items, "14a"}, key=list(ITEMS).index)}
