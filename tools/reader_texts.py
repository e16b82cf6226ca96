"""What a reader of the package's output may see: the texts in its code, as templates with numbered holes.

A module is read as a syntax tree, never run. A text is every string that holds an English phrase and does not stand
where only the machine reads: documentation, patterns, keys, comparisons, annotations. Holes of an f-string, and the
named ones that `format` fills, become {0}, {1} … in their order; a hole that chooses between two literals gives one
template for each.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurohlh.report.language.neutral import needs_words

EXEMPT = {
    "study/synth": "writes the cells of invented hospitals, which are data",
    "study/simulation": "writes simulated tables; their texts are data",
    "study/verification": "names R's calls and packages in the table of proofs, which developers read",
    "report/language": "takes English apart; says nothing",
    "report/figures/look.py": "names fonts and colours",
    "report/fonts": "names files of fonts",
    "report/render/gt.py": "writes styles of cells",
    "report/render/word/styles.py": "names styles of Word",
}
_HOLE = "\0"
_MOST_VARIANTS = 12
# Methods whose first argument is looked for in a text or a frame, and never shown.
_LOOKED_FOR = {
    "startswith", "endswith", "split", "rsplit", "partition", "rpartition", "replace", "strip", "lstrip", "rstrip",
    "removesuffix", "removeprefix", "find", "count", "index", "encode", "decode", "get", "pop", "isin", "eq", "ne",
    "query", "groupby", "sort_values", "strftime", "open", "add_argument", "getattr", "hasattr", "setattr", "TypeVar",
    "filterwarnings", "row_of", "contains", "match", "fullmatch", "search", "import_module", "to_csv", "Constant",
}  # fmt: skip
_PATTERNS = {"re"}
# Faults of the calling code, shown with a traceback to whoever wrote it; a reader's are InputError and NotEstimable.
_PROGRAMMERS = {
    "ValueError",
    "TypeError",
    "KeyError",
    "AssertionError",
    "AttributeError",
    "RuntimeError",
    "NotImplementedError",
}
# Calls and collections whose single words are shown; elsewhere a small single word is a key.
_SHOWN_CALLS = {
    "Column", "Cell", "KeyFigure", "Callout", "Paragraph", "Section", "Fold", "Table", "Figure", "FlowStep", "say",
}  # fmt: skip
_SHOWN_NAMES = re.compile(r"WORDS|LABELS|TITLES|NAMES|HEADS|SAID|MEANING|COUNTS|STAGES|CLASSES", re.I)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# How style sheets, content policies, markup and queries of a database begin.
_NO_LANGUAGE = ("<", "http", ".", "# ", "PRAGMA ", "TOC ", "REF ", "@", "xmlns", "var(", "default-src")
# Keywords by which the drawing library is told where and how to draw.
_DRAWING = frozenset({"xycoords", "textcoords", "fontstyle", "linestyle", "fontweight", "transform", "coords"})
_MODULE = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
_FORMAT_HOLE = re.compile(r"\{(?!ref:)(?:[a-z_]\w*)?(?::[^{}]*)?\}")


@dataclass(frozen=True)
class ReaderText:
    """A template and the first place where it stands."""

    en: str
    where: str


def texts_of(package: Path) -> list[ReaderText]:
    """Every reader text of the package's modules and page templates, each template once, in the order of the files."""
    found: dict[str, ReaderText] = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if not any(name.startswith(prefix) for prefix in EXEMPT):
            for text in module_texts(path.read_text(encoding="utf-8"), name):
                found.setdefault(text.en, text)
    for path in sorted(package.rglob("*.jinja")):
        name = path.relative_to(package).as_posix()
        for text in page_texts(path.read_text(encoding="utf-8"), name):
            found.setdefault(text.en, text)
    return list(found.values())


def page_texts(source: str, name: str) -> Iterator[ReaderText]:
    """The texts that a page template says: the literal arguments of say(...)."""
    for number, line in enumerate(source.splitlines(), 1):
        for found in re.finditer(r"""\bsay\((?:"([^"]+)"|'([^']+)')""", line):
            yield ReaderText(numbered(found[1] or found[2]), f"{name}:{number}")


def module_texts(source: str, name: str) -> Iterator[ReaderText]:
    """The reader texts of one module, `name` standing for it in the places."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if _is_text(node) and not _is_part(node, parents) and not _machine_only(node, parents):
            for variant in itertools.islice(_variants(node), _MOST_VARIANTS):
                text = numbered(variant)
                if _reads(text, node, parents):
                    yield ReaderText(text, f"{name}:{node.lineno}")


def numbered(text: str) -> str:
    """A template with its holes numbered in order, without white space and brackets around it."""
    counter = itertools.count()
    if "{{" in text:  # a template for `format` doubles the braces that stay
        text = text.replace("{{", "\1").replace("}}", "\2")
    text = _FORMAT_HOLE.sub(_HOLE, text)
    text = re.sub(_HOLE, lambda _: f"{{{next(counter)}}}", text)
    return trimmed(text.replace("\1", "{").replace("\2", "}"))


def trimmed(text: str) -> str:
    """Without the joints by which a piece is glued to its neighbours: ', sheet {0}' is 'sheet {0}'."""
    text = " ".join(text.split()).lstrip(",;·: ").rstrip(",;·: ")
    inner = text[1:-1]
    if text.startswith("(") and text.endswith(")") and "(" not in inner and ")" not in inner:
        return inner.strip()
    return text


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and any(_is_text(side) for side in (node.left, node.right))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_part(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the text belongs to a longer one: a piece of an f-string, a side of a sum, a branch within a hole."""
    parent = parents.get(node)
    if isinstance(parent, ast.JoinedStr) or (isinstance(parent, ast.BinOp) and _is_text(parent)):
        return True
    if isinstance(parent, ast.IfExp) and parent.test is not node:
        return isinstance(parents.get(parent), (ast.FormattedValue, ast.BinOp))
    return isinstance(parent, ast.FormattedValue)


def _variants(node: ast.AST) -> Iterator[str]:
    """The text with holes; one for each way in which literal choices inside it can fall."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for parts in itertools.product(*(list(_variants(part)) for part in node.values)):
            yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        yield from _variants(node.value) if isinstance(node.value, (ast.IfExp, ast.JoinedStr)) else (_HOLE,)
    elif isinstance(node, ast.BinOp) and _is_text(node):
        for left, right in itertools.product(list(_variants(node.left)), list(_variants(node.right))):
            yield left + right
    elif isinstance(node, ast.IfExp):
        yield from dict.fromkeys((*_variants(node.body), *_variants(node.orelse)))
    else:
        yield _HOLE


def _machine_only(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the text stands where only the machine reads it."""
    child, parent = node, parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if _looked_up(child, parent) or _annotates(child, parent):
            return True
        child, parent = parent, parents.get(parent)
    if isinstance(parent, ast.Expr) and child is node:
        return True  # documentation
    if isinstance(parent, ast.Raise) and isinstance(parent.exc, ast.Call):
        return _called(parent.exc) in _PROGRAMMERS
    return isinstance(parent, ast.Assert) or _annotates(child, parent)


def _looked_up(child: ast.AST, parent: ast.AST) -> bool:
    if isinstance(parent, ast.Compare):
        return True
    if isinstance(parent, ast.Subscript):
        return child is parent.slice
    if isinstance(parent, ast.MatchValue) or (isinstance(parent, ast.keyword) and parent.arg in _DRAWING):
        return True
    if isinstance(parent, ast.Call) and child in parent.args:
        owner = parent.func.value if isinstance(parent.func, ast.Attribute) else None
        if isinstance(owner, ast.Name) and owner.id in _PATTERNS:
            return True
        return _called(parent) in _LOOKED_FOR and child is parent.args[0]
    return False


def _annotates(child: ast.AST, parent: ast.AST | None) -> bool:
    if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return child is parent.returns
    return isinstance(parent, (ast.arg, ast.AnnAssign)) and child is parent.annotation


def _called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _reads(text: str, node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the text is English for a reader: a phrase, a capitalised word, or a word that is shown where it is."""
    bare = re.sub(r"\{\d+\}", " ", text).strip()
    if _CHINESE.search(text):
        return False  # a label in both languages
    if not needs_words(text) or _MODULE.fullmatch(text) or bare.startswith(_NO_LANGUAGE):
        return False
    words = re.findall(r"[A-Za-z][A-Za-z'\-]+", bare)
    if " " in bare or ("{" in text and " " in text):
        return bool(words)
    if re.fullmatch(r"[A-Z][a-z\-]{2,}", bare):
        return not isinstance(parents.get(node), ast.Call) or _shown(node, parents)
    return _shown(node, parents) and not re.search(r"[_\d=<>]", bare)


def _shown(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    parent = parents.get(node)
    if isinstance(parent, ast.keyword):
        return parent.arg in ("head", "sub", "label", "title", "caption", "text", "what", "why", "do", "help")
    if isinstance(parent, ast.Call):
        return _called(parent) in _SHOWN_CALLS
    if isinstance(parent, ast.Dict) and node in parent.values:
        target = parents.get(parent)
        while target is not None and not isinstance(target, (ast.Assign, ast.AnnAssign, ast.FunctionDef)):
            target = parents.get(target)
        names = [target.target] if isinstance(target, ast.AnnAssign) else getattr(target, "targets", [])
        return any(isinstance(n, ast.Name) and bool(_SHOWN_NAMES.search(n.id)) for n in names)
    return False
