"""Cutting code of ours out of its module, so that it stands alone.

What a name reaches is taken in the order it is written, with its comments. What only this project
can use is left out: the registration, and the ranges of the options.
"""

import ast
import importlib
import inspect
import re
import symtable
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_OUR_ERROR = re.compile(r"\bBuildError\b")  # outside, an impossible value is a ValueError
_Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Piece:
    """A class, a function or a constant: its text, and the names it uses that are not its own."""

    text: str
    uses: frozenset[str]


@dataclass(frozen=True, order=True)
class Import:
    """A name from elsewhere: ``from module import what``, or ``import what`` with no module."""

    module: str
    what: str

    @property
    def ours(self) -> bool:
        """Whether it is this project's, and so must be cut out as well."""
        return (self.module or self.what).partition(".")[0] == "cvexplore"


class Source:
    """The source of a module, cut into the pieces that bear names.

    Args:
        module: its full name.
    """

    def __init__(self, module: str) -> None:
        text = inspect.getsource(importlib.import_module(module))
        tree = ast.parse(text)
        self.heading = (ast.get_docstring(tree) or "").partition("\n")[0]
        self.pieces: dict[str, Piece] = {}  # by the names they define, in the order they stand
        self.imports: dict[str, Import] = {}  # by the names they bind
        lines = text.splitlines()
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= dict(_bindings(node))
            elif isinstance(node, _Definition):
                self.pieces |= dict.fromkeys(_defined(node), _piece(node, lines))

    def reached(self, names: Iterable[str]) -> tuple[list[Piece], set[Import]]:
        """Return the pieces that these names need, and what is imported from other libraries.

        Pieces of other modules of ours come first, for a class may be derived from them.
        """
        wanted: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in wanted and name in self.pieces.keys() | self.imports.keys():
                wanted.add(name)
                waiting += self.pieces[name].uses if name in self.pieces else ()
        pieces: list[Piece] = []
        found = {self.imports[name] for name in wanted if name in self.imports}
        outside = {each for each in found if not each.ours}
        for module in sorted({each.module for each in found - outside}):
            taken = [each.what for each in found if each.module == module]
            more, needed = Source(module).reached(taken)
            pieces += more
            outside |= needed
        own = [piece for name, piece in self.pieces.items() if name in wanted]
        return list(dict.fromkeys([*pieces, *own])), outside


def _piece(node: _Definition, lines: list[str]) -> Piece:
    """Cut a definition out, with the comment right above it and without its registration."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    comment = first
    while lines[comment - 1].startswith("#"):
        comment -= 1
    kept = [f"@{ast.unparse(each)}" for each in decorators if ".register(" not in ast.unparse(each)]
    body = lines[node.lineno - 1 : node.end_lineno]
    text = _with_plain_hints("\n".join([*lines[comment:first], *kept, *body]))
    text = _OUR_ERROR.sub("ValueError", text)
    return Piece(text, frozenset(_global_names(symtable.symtable(text, "a piece", "exec"))))


def _global_names(scope: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that code uses and does not define within a function or class."""
    for symbol in scope.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or scope.get_type() == "module"):
            yield symbol.get_name()
    for inner in scope.get_children():
        yield from _global_names(inner)


def _defined(node: _Definition) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    ]


def _bindings(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Import]]:
    module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    for each in node.names:
        what = each.name if each.asname is None else f"{each.name} as {each.asname}"
        yield each.asname or each.name.partition(".")[0], Import(module, what)


def import_lines(imports: Iterable[Import]) -> Iterator[str]:
    """Yield the lines, the standard library's before the others."""
    sections: dict[bool, list[Import]] = {True: [], False: []}
    for each in sorted(imports):
        root = (each.module or each.what).partition(".")[0]
        sections[root in sys.stdlib_module_names].append(each)
    for place, section in enumerate(each for each in sections.values() if each):
        if place:
            yield ""
        yield from (f"import {each.what}" for each in section if not each.module)
        for module in dict.fromkeys(each.module for each in section if each.module):
            names = [each.what for each in section if each.module == module]
            yield f"from {module} import {', '.join(names)}"


# ------------------------------------------------------------------ annotations


def _with_plain_hints(text: str) -> str:
    """Return code whose parameters say their plain types: int for Annotated[int, Range(1, 9)]."""
    lines = text.encode().splitlines(keepends=True)  # ast counts in bytes
    begins = [sum(map(len, lines[:place])) for place in range(len(lines))]
    found = [each.annotation for each in ast.walk(ast.parse(text)) if isinstance(each, ast.arg)]
    hints = [each for each in found if each is not None and _plain(each) != ast.unparse(each)]
    source = b"".join(lines)
    for hint in sorted(hints, key=lambda hint: hint.lineno, reverse=True):
        start = begins[hint.lineno - 1] + hint.col_offset
        end = begins[(hint.end_lineno or 0) - 1] + (hint.end_col_offset or 0)
        source = source[:start] + _plain(hint).encode() + source[end:]
    return source.decode()


def _plain(hint: ast.expr) -> str:
    kind = ast.unparse(hint.value) if isinstance(hint, ast.Subscript) else ""
    if isinstance(hint, ast.Subscript) and kind == "Annotated":
        return _plain(hint.slice.elts[0] if isinstance(hint.slice, ast.Tuple) else hint.slice)
    if isinstance(hint, ast.Subscript) and kind == "Literal":
        values = ast.literal_eval(hint.slice)
        values = values if isinstance(values, tuple) else (values,)
        return " | ".join(dict.fromkeys(type(value).__name__ for value in values))
    return ast.unparse(hint)
