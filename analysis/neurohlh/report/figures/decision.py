"""A decision curve: the net benefit of acting on a predicted risk, against acting on everybody and on nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from neurohlh.core.result import Result
from neurohlh.report.figures.key import Mark, key_height, key_lines, write_key
from neurohlh.report.figures.look import GRID, INK, MUTED, PALETTE, Drawing, axes, canvas, share_ticks
from neurohlh.report.names import Names

_WIDTH, _HEIGHT, _LEFT = 6.2, 3.5, 0.95
_PLAIN: tuple[dict[str, Any], ...] = (
    {"color": MUTED, "lw": 1.3, "ls": (0, (6, 2, 1, 2))},
    {"color": INK, "lw": 1.1, "ls": (0, (1, 2))},
)
_MODELS: tuple[dict[str, Any], ...] = (
    {"color": PALETTE[0], "lw": 2.1, "marker": "o", "ms": 4},
    {"color": PALETTE[1], "lw": 1.6, "ls": (0, (5, 2)), "marker": "^", "ms": 5},
    {"color": PALETTE[2], "lw": 1.6, "ls": (0, (2, 1.2)), "marker": "s", "ms": 4},
    {"color": PALETTE[3], "lw": 1.6, "marker": "D", "ms": 4},
)
_MANY = 25
"""Thresholds from which lines carry no marks."""
_WORDS = {"all": "Act on everybody", "none": "Act on nobody"}


def decision_curve(result: Result, names: Names) -> Drawing:
    """Net benefit by threshold: a line per model, with its limits where the Result holds them, and two plain ones.

    Acting on everybody falls far below 0 at high thresholds; it is drawn down to a little below what the models reach.
    """
    curves = result.curves
    looks = _looks(result)
    key = key_lines([Mark(names.say(_words(g)), look) for g, look in looks.items()], _WIDTH + _LEFT - 0.2)
    figure = canvas(_LEFT + _WIDTH + 0.3, 0.6 + _HEIGHT + key_height(key))
    plot = axes(figure, _LEFT, 0.6, _WIDTH, _HEIGHT)
    for group, look in looks.items():
        part = curves[curves["group"] == group]
        if "conf_low" in part and part["conf_low"].notna().any():
            _limits(plot, part, look, filled=group == next(iter(looks)))
        plot.plot(part["threshold"], part["net_benefit"], label=group, **look)
    _dress(plot, curves, default_strategies(result), names)
    write_key(plot, key, left=0.15)
    return figure


def default_strategies(result: Result) -> tuple[str, str]:
    """The names of acting on everybody and of acting on nobody among the groups."""
    everybody, nobody = result.method.get("default_strategies", ("all", "none"))
    return everybody, nobody


def _looks(result: Result) -> dict[str, dict[str, Any]]:
    groups = list(dict.fromkeys(result.curves["group"]))
    plain = dict(zip(default_strategies(result), _PLAIN, strict=True))
    models = [g for g in groups if g not in plain]
    looks = {g: _MODELS[k % len(_MODELS)] for k, g in enumerate(models)}
    if result.curves["threshold"].nunique() >= _MANY:
        looks = {g: {k: v for k, v in look.items() if k not in ("marker", "ms")} for g, look in looks.items()}
    return {g: {**looks, **plain}[g] for g in [*models, *(g for g in groups if g in plain)]}


def _words(group: str) -> str:
    text = _WORDS.get(group, group)
    return text[:1].upper() + text[1:]


def _limits(plot: Axes, part: pd.DataFrame, look: dict[str, Any], *, filled: bool) -> None:
    known = part[part["conf_low"].notna() & part["conf_high"].notna()]
    for limit in ("conf_low", "conf_high"):
        plot.plot(known["threshold"], known[limit], color=look["color"], lw=0.7, ls=look.get("ls", "-"), alpha=0.8)
    if filled:  # a second area over the first would hide which is which
        plot.fill_between(
            known["threshold"], known["conf_low"], known["conf_high"], color=look["color"], alpha=0.1, lw=0
        )


def _dress(plot: Axes, curves: pd.DataFrame, plain: tuple[str, str], names: Names) -> None:
    columns = [c for c in ("net_benefit", "conf_low", "conf_high") if c in curves]
    models = curves.loc[curves["group"] != plain[0], columns].to_numpy(dtype=float)
    top = max(float(np.nanmax(curves[columns].to_numpy(dtype=float))), 0.01)
    bottom = min(float(np.nanmin(models)), -0.05 * top)
    plot.set_ylim(bottom - 0.12 * (top - bottom), top * 1.08)
    plot.set_xlim(float(curves["threshold"].min()), float(curves["threshold"].max()))
    share_ticks(plot.xaxis, 7)
    plot.set_xlabel(names.say("Risk from which one would act (threshold)"))
    plot.set_ylabel(names.say("Net benefit per patient"))
    plot.grid(color=GRID, lw=0.6)
    plot.set_axisbelow(True)
