"""A document as one HTML page that asks nothing of the network, and tables as fragments for a notebook."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib import resources

import jinja2
from markupsafe import Markup

from neurohlh.report import fonts
from neurohlh.report.blocks import Block, Document, Figure, Fold, Section, Table
from neurohlh.report.language import ENGLISH, Language
from neurohlh.report.numbering import Label, Numbering
from neurohlh.report.render.drawings import Drawings

_CHINESE = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_TAGS = {"zh": "zh-Hans"}
"""Language code of a study file -> language tag of the page."""


def html(document: Document) -> str:
    """The whole page: style, script and drawings inside, the same bytes for the same document.

    A content policy in its head lets the browser load nothing and run nothing but the page's own style and script. All
    is there to be read without the script, which only sorts, enlarges, unfolds and marks the current section.
    """
    view = _PageView(document)
    body = _tidy(_environment().get_template("body.html.jinja").render(view=view, document=document))
    style = _file("report.css") + view.drawings.css() + _font_face(body)
    dark, script = _file("dark.css"), _file("report.js")
    page = _environment().get_template("template.html.jinja")
    return page.render(
        document=document, tag=_TAGS.get(document.lang, document.lang), style=style, dark=dark, script=script,
        body=body, policy=_policy((style, dark), script),
    )  # fmt: skip


def fragment(tables: Iterable[Table]) -> str:
    """Tables as an HTML fragment that carries its own style."""
    macros = _environment().get_template("blocks.html.jinja").make_module({"view": _View(ENGLISH)})
    body = "".join(str(macros.table(table)) for table in tables)  # type: ignore[attr-defined]
    return _tidy(f'<div class="neurohlh"><style>{_scoped(_file("report.css"))}</style>{body}</div>')


class _View:
    """What the templates ask about the blocks: ids, numbers, the language."""

    def __init__(self, language: Language) -> None:
        self.say = language.say
        self._seen: Counter[str] = Counter()

    def ident(self, block: Block) -> str:
        """An id for a block: by its key, numbered from the second use of one on."""
        slug = re.sub(r"[^a-z0-9]+", "-", f"table-{getattr(block, 'key', '') or 'plain'}".lower()).strip("-")
        self._seen[slug] += 1
        return slug if self._seen[slug] == 1 else f"{slug}-{self._seen[slug]}"

    def label(self, thing: Block | Section) -> Label | None:
        """The number of a block; outside a document there is none."""
        return None

    def linked(self, text: str) -> str:
        """A text with its references as links."""
        return text


class _PageView(_View):
    """The view of a whole document, with its numbers, its references and its drawings."""

    def __init__(self, document: Document) -> None:
        super().__init__(Language(document.lang))
        self.numbering = Numbering(document)
        self.numbered = [label for label in self.numbering.labels.values() if label.kind != "Section"]
        self.drawings = Drawings()

    def ident(self, block: Block) -> str:
        """The anchor of a numbered block; a table without rows has no number and gets an id of its own."""
        label = self.label(block)
        return label.anchor if label else f"no-{super().ident(block)}"

    def label(self, thing: Block | Section) -> Label | None:
        """The number of a section, table or figure."""
        return self.numbering.label(thing)

    def linked(self, text: str) -> Markup:
        """A text with its references as links."""
        link = Markup('<a href="#{0.anchor}">{0.words}</a>')
        return Markup("").join(run if isinstance(run, str) else link.format(run) for run in self.numbering.runs(text))

    def held(self, fold: Fold) -> str:
        """The numbers of what a fold holds: all of up to three, else the first and the last."""
        words = [label.words for label in map(self.label, fold.blocks) if label]
        return ", ".join(words) if len(words) <= 3 else f"{words[0]} … {words[-1]}"

    def drawing(self, figure: Figure) -> Markup:
        """The SVG element of a figure."""
        return Markup(self.drawings.compact(figure.picture.svg(self.ident(figure), figure.title, figure.alt)))


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("neurohlh", "report/render"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


@cache
def _file(name: str) -> str:
    return _tidy(resources.files("neurohlh.report.render").joinpath(name).read_text(encoding="utf-8"))


def _policy(styles: Iterable[str], script: str) -> str:
    """The content policy: nothing is loaded; style and script are known by the fingerprints of their text."""
    known = " ".join(_fingerprint(style) for style in styles)
    return (
        f"default-src 'none'; style-src {known}; script-src {_fingerprint(script)}; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _fingerprint(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _font_face(body: str) -> str:
    """The shipped Chinese font cut down to the signs of the page, for readers who have none; '' where it has none."""
    signs = "".join(sorted(set(_CHINESE.findall(body))))
    if not signs:
        return ""
    data = b64encode(fonts.web_font(signs)).decode()
    return (
        f'@font-face {{ font-family: "{fonts.FAMILY}"; '
        "unicode-range: U+2E80-303F, U+3400-9FFF, U+F900-FAFF, U+FF00-FFEF; "
        f'src: url("data:font/ttf;base64,{data}") format("truetype"); }}\n'
    )


def _scoped(css: str) -> str:
    # A notebook page has its own look: only the colours and the tables come along, under our class. They are those of
    # the day, on white, since a notebook does not say whether it is dark.
    tokens, _, rest = css.partition("/* == page == */")
    tables = rest.partition("/* == tables == */")[2].partition("/* == end of tables == */")[0]
    own = ".neurohlh { background: var(--paper); color: var(--ink); }\n"
    return tokens.replace(":root", ".neurohlh") + own + re.sub(r"(?m)^([.a-z][^{}@]*)\{", _under_our_class, tables)


def _under_our_class(rule: re.Match[str]) -> str:
    # The class stands twice, so that the notebook's own rules for tables (.jp-RenderedHTMLCommon th) give way.
    selectors = ", ".join(f".neurohlh.neurohlh {selector.strip()}" for selector in rule[1].split(","))
    return f"{selectors} {{"


def _tidy(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"
