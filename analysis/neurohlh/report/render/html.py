"""A document as one HTML page that asks nothing of the network, and tables as fragments for a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources

import jinja2

from neurohlh.report.blocks import Block, Document, Table


def html(document: Document) -> str:
    """The whole page: style and drawings inside, no script, the same bytes for the same document."""
    page = _environment().get_template("template.html.jinja")
    return _tidy(page.render(document=document, css=_css(), idents=_identities()))


def fragment(tables: Iterable[Table]) -> str:
    """Tables as an HTML fragment that carries its own style."""
    macros = _environment().get_template("blocks.html.jinja").make_module()
    ident = _identities()
    body = "".join(str(macros.table(table, ident(table))) for table in tables)  # type: ignore[attr-defined]
    return _tidy(f'<div class="neurohlh"><style>{_scoped(_css())}</style>{body}</div>')


def _identities() -> Callable[[Block], str]:
    """A giver of ids: by a table's key, numbered from the second use of one on."""
    seen: dict[str, int] = {}

    def ident(block: Block) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", f"table-{getattr(block, 'key', '') or 'plain'}".lower()).strip("-")
        seen[slug] = seen.get(slug, 0) + 1
        return slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"

    return ident


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
def _css() -> str:
    return resources.files("neurohlh.report.render").joinpath("report.css").read_text(encoding="utf-8")


def _scoped(css: str) -> str:
    # A notebook page has its own look: only the colours and the tables come along, under our class.
    tokens, _, rest = css.partition("/* == page == */")
    tables = rest.partition("/* == tables == */")[2].partition("/* == end of tables == */")[0]
    return tokens.replace(":root", ".neurohlh") + re.sub(r"(?m)^(?=[.a-z][^{}@]*\{)", ".neurohlh ", tables)


def _tidy(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"
