"""Results as figures: `draw` one, put it into a page (`inline_svg`), or save it (`save`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.report.figures import (
    calibration,
    decision,
    flowchart,
    forest,
    incidence,
    intervals,
    love,
    missingness,
    nomogram,
    patterns,
    specifications,
    spline,
    survival,
)
from neurohlh.report.figures.lettering import drawable
from neurohlh.report.figures.look import Drawing, pdf_bytes, png_bytes, style, svg_text
from neurohlh.report.flow import flow_block, flow_breaks
from neurohlh.report.names import Names

_DRAW: dict[str, Callable[..., Drawing]] = {
    "kaplan_meier": survival.kaplan_meier,
    "weighted_survival": survival.kaplan_meier,
    "stratified_survival": survival.kaplan_meier,
    "simon_makuch": survival.kaplan_meier,
    "standardised_survival": survival.standardised,
    "cox_survival": survival.adjusted,
    "cumulative_incidence": incidence.cumulative_incidence,
    "cox": intervals.cox,
    "frequency": intervals.frequency,
    "completeness": missingness.completeness,
    "state_patterns": missingness.patterns,
    "forest": forest.forest,
    "upset": patterns.upset,
    "specification_curve": specifications.specification_curve,
    "balance": love.love,
    "calibration": calibration.calibration,
    "decision_curve": decision.decision_curve,
    "nomogram": nomogram.nomogram,
    "cox_spline": spline.spline,
}
# Colours that follow the page's light or dark scheme: hex in a file of its own, a variable of the page inside it.
_SCHEME = {
    "#1c2430": "ink", "#5b6675": "muted", "#d9dee4": "line", "#0072b2": "blue", "#d55e00": "vermillion",
    "#8a929c": "grey", "#ffffff": "paper", "#c3c9d0": "state-blank", "#e9ecef": "state-none",
}  # fmt: skip


_FROM_TIDY = ("cox", "frequency", "completeness")
"""Kinds drawn from their rows; the others are drawn from their curves, which a study can withhold."""


_WORDED = ("forest", "upset", "specification_curve")
"""Forms whose curves hold words to be drawn; in the others these are names that `Names` puts into words."""


def has_figure(result: Result) -> bool:
    """Whether a figure is known for this result, and it holds anything to draw."""
    return _form(result) in _DRAW and (_form(result) in _FROM_TIDY or not result.curves.empty)


def _form(result: Result) -> str:
    """What is drawn: the picture that the result names, else its kind."""
    return str(result.method.get("picture", {}).get("form", result.kind))


def drawable_kinds() -> frozenset[str]:
    """The kinds of Result that have a figure."""
    return frozenset(_DRAW)


def draw(result: Result, *, names: Names | None = None, **options: Any) -> Drawing:
    """The figure of a result: of its kind, or the forest, UpSet picture or specification curve that it names.

    Signs that the fonts of figures cannot draw are replaced by 'item 1', 'item 2' …, and a note below says so.
    Raises ValueError for a kind without a figure.
    """
    names = (names or Names()).with_result(result)
    with style():
        readable, replaced = _readable(result, names)
        drawn, numbered = _numbered(result, names)
        figure = _painter(drawn)(drawn, readable, **options)
        if replaced or numbered:
            figure.text(0.01, 0.005, names.say("Names that the fonts of figures cannot draw are numbered."), fontsize=7)
    return figure


def flow(findings: Findings, *, names: Names | None = None) -> Drawing:
    """The flow of patients as a figure: the boxes of the report.

    Raises ValueError where their numbers do not add up.
    """
    broken = flow_breaks(findings)
    if broken:
        raise ValueError(f"the flow of patients does not add up: {' '.join(broken)}")
    with style():
        return flowchart.flow(flow_block(findings), names or Names.of(findings))


FORMATS = ("svg", "png", "pdf")
"""What a figure can be saved as."""


def save(
    result: Result | Drawing,
    stem: Path | str,
    *,
    names: Names | None = None,
    formats: Sequence[str] = ("svg", "png"),
    dpi: int = 300,
    **options: Any,
) -> tuple[Path, ...]:
    """Writes `<stem>.svg` and the like, one file per format, and returns their paths in the order of `formats`.

    SVG keeps its text as text, PNG has `dpi` dots per inch on white, PDF embeds its fonts. The same result gives the
    same bytes. Raises ValueError for a format outside `FORMATS`.
    """
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise ValueError(f"a figure can be saved as {', '.join(FORMATS)}, not as {', '.join(sorted(unknown))}")
    figure = result if isinstance(result, Drawing) else draw(result, names=names, **options)
    paths = []
    for form in formats:
        path = Path(stem).with_name(f"{Path(stem).name}.{form}")
        path.write_bytes(_encoded(result, figure, form, names, dpi, options))
        paths.append(path)
    return tuple(paths)


def _encoded(
    result: Result | Drawing, figure: Drawing, form: str, names: Names | None, dpi: int, options: Mapping[str, Any]
) -> bytes:
    if form == "png":
        return png_bytes(figure, dpi)
    if form == "pdf":
        return pdf_bytes(figure)
    return svg_text(figure if isinstance(result, Drawing) else _with_own_names(result, names, options)).encode()


def inline_svg(
    result: Result, key: str, title: str, description: str, *, names: Names | None = None, **options: Any
) -> str:
    """The figure as an SVG element for a page: ids of its own, a text alternative, colours from the page's scheme."""
    return in_page(svg_source(result, names=names, **options), key, title, description)


def svg_source(result: Result, *, names: Names | None = None, **options: Any) -> str:
    """The figure as an SVG file's text."""
    return svg_text(_with_own_names(result, names, options))


def _with_own_names(result: Result, names: Names | None, options: Mapping[str, Any]) -> Drawing:
    # Text in SVG is drawn by the reader's fonts, so no sign needs replacing.
    with style():
        return _painter(result)(result, (names or Names()).with_result(result), **options)


def _painter(result: Result) -> Callable[..., Drawing]:
    if not has_figure(result):
        raise ValueError(f"a result of kind {result.kind!r} has no figure; these have: {', '.join(sorted(_DRAW))}")
    return _DRAW[_form(result)]


def _readable(result: Result, names: Names) -> tuple[Names, bool]:
    tidy = result.tidy
    variables = {str(v) for v in tidy["variable"]} | set(names.labels)
    labels = dict(names.labels)
    levels = {v: dict(at) for v, at in names.levels.items()}
    replaced = 0
    for variable in sorted(variables - {""}):
        if not drawable(names.label(variable)):
            replaced += 1
            labels[variable] = names.say(f"item {replaced}")
    pairs = set(zip(tidy["variable"], tidy["level"], strict=True)) | {(names.exposure, str(g)) for g in tidy["group"]}
    for variable, level in sorted(pairs):
        if not drawable(names.level(variable, level)):
            replaced += 1
            levels.setdefault(variable, {})[level] = names.say(f"item {replaced}")
    return replace(names, labels=labels, levels=levels), replaced > 0


def _numbered(result: Result, names: Names) -> tuple[Result, bool]:
    """The result with the words of its picture that the fonts of figures cannot draw replaced by numbers."""
    if _form(result) not in _WORDED:
        return result, False
    words = result.curves.select_dtypes(include="object")
    undrawable = [w for w in dict.fromkeys(words.to_numpy().ravel()) if isinstance(w, str) and not drawable(w)]
    if not undrawable:
        return result, False
    items = {word: names.say(f"item {k}") for k, word in enumerate(undrawable, start=1)}
    return result.with_(curves=result.curves.replace(items)), True


def in_page(svg: str, key: str, title: str, description: str) -> str:
    """An SVG file's text as an element of a page: `key` makes its ids its own, `description` says what it shows."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    # A style element inside an inline SVG would rule the whole page; the page's own sheet says the same for figures.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, flags=re.S)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{key}-\1"', svg)
    for hex_code, name in _SCHEME.items():
        svg = svg.replace(hex_code, f"var(--{name})")
    view = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width = float(view[1]) if view else 560.0
    head = (
        f'<svg class="drawing" role="img" aria-labelledby="{key}-title {key}-desc" '
        f'viewBox="{view[0][9:-1] if view else "0 0 560 400"}" style="--natural:{width:.0f}px">'
        f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(description)}</desc>'
    )
    body = re.sub(r"font-family: [^;\"]*; ?", "", svg[svg.index(">") + 1 :])  # the page's own type
    return head + body.strip()
