"""The lines of Python that make a part of a network: its class, and where its parent builds it.

Read from the source of the classes themselves, so it is true for any library's network.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from torch import nn

_SIGNS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul"}


@dataclass(frozen=True)
class Source:
    """The text of a class, and the lines in it that are about one part.

    Args:
        owner: the class, "torchvision.models.resnet.Bottleneck".
        text: its source.
        first: the number of its first line in its file.
        built: the lines of its constructor that make the part, as text; empty if not found.
        used: the lines of its forward pass that use the part, likewise.
    """

    owner: str
    text: str
    first: int
    built: str = ""
    used: str = ""


def own_source(model: nn.Module, path: str) -> Source | None:
    """Return the class of the module at this path; None for torch's own, and for functions."""
    try:
        kind = type(model.get_submodule(path))
    except AttributeError:
        return None
    return None if _is_torchs(kind) else _class_source(kind)


def parents_source(model: nn.Module, path: str) -> Source | None:
    """Return the class that builds and uses the part at this path; None at the top.

    Containers of torch are seen through: for "stages.0.1" it is the class that has ``stages``.

    Args:
        model: the network.
        path: of a module, or of a function between modules, "layer1.0.add".
    """
    names = path.split(".")
    for place in range(len(names) - 1, -1, -1):
        try:
            parent = model.get_submodule(".".join(names[:place]))
        except AttributeError:
            return None
        if _is_torchs(type(parent)):
            continue
        return _about(type(parent), names[place], names[place + 1 :])
    return None


def _is_torchs(kind: type) -> bool:
    return kind.__module__.startswith("torch.")


@cache
def _class_source(kind: type) -> Source | None:
    try:
        lines, first = inspect.getsourcelines(kind)
    except (OSError, TypeError):  # a class that was made while running
        return None
    text = textwrap.dedent("".join(lines)).rstrip()
    return Source(f"{kind.__module__}.{kind.__qualname__}", text, first)


def _about(kind: type, name: str, inside: list[str]) -> Source | None:
    """Return a class with the lines that build and use the attribute or function of this name.

    Where the class inherits its constructor or its forward pass, they are those of a class above.
    """
    source = _class_source(kind)
    if source is None:
        return None
    built = used = ""
    for each in kind.__mro__:
        above = None if each is object or _is_torchs(each) else _class_source(each)
        if above is not None:
            built = built or _lines(above, _built(above, name, inside))
            used = used or _lines(above, _used(above, name))
    return Source(source.owner, source.text, source.first, built, used)


def _built(source: Source, name: str, inside: list[str]) -> list[ast.AST]:
    own, plain = [], []
    for method in _methods(source):
        if method.name == "__init__":
            for node in ast.walk(method):
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if any(_is_own(each, name) for each in targets):
                        own.append(_element(node, inside))
                    elif isinstance(node.value, ast.Call) and any(
                        isinstance(each, ast.Name) and each.id == name for each in targets
                    ):
                        plain.append(_element(node, inside))
    # ``self.branch = branch`` says little where the branch itself is written down.
    return plain or own


def _used(source: Source, name: str) -> list[ast.AST]:
    methods = [each for each in _methods(source) if each.name != "__init__"]
    forward = [each for each in methods if "forward" in each.name]
    for among in (forward, methods):
        found: list[ast.AST] = [
            node
            for method in among
            for node in ast.walk(method)
            if isinstance(node, ast.stmt) and not isinstance(node, _COMPOUND) and _uses(node, name)
        ]
        if found:
            return found
    return []


def _methods(source: Source) -> list[ast.FunctionDef]:
    return [each for each in ast.walk(ast.parse(source.text)) if isinstance(each, ast.FunctionDef)]


_COMPOUND = (ast.FunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try)


def _is_own(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def _element(node: ast.Assign | ast.AnnAssign, inside: list[str]) -> ast.AST:
    """Return the third argument of ``self.stem = nn.Sequential(…)`` for "stem.2"."""
    value = node.value
    if not inside or not inside[0].isdigit() or not isinstance(value, ast.Call):
        return node
    written = value.args
    place = int(inside[0])
    is_list = ast.unparse(value.func).endswith("Sequential")
    plain = not any(isinstance(each, ast.Starred) for each in written)
    return written[place] if is_list and plain and place < len(written) else node


def _uses(statement: ast.AST, name: str) -> bool:
    """Say whether a statement uses this attribute, or does what this function does."""
    function = name.rpartition("_")[0] if name.rpartition("_")[2].isdigit() else name
    return any(_is_own(node, name) or function in _done(node) for node in ast.walk(statement))


def _done(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.BinOp):
        yield _SIGNS.get(type(node.op), "")
    elif isinstance(node, ast.AugAssign):
        sign = _SIGNS.get(type(node.op), "")
        yield sign
        yield f"i{sign}"
    elif isinstance(node, ast.Call):
        called = node.func
        yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _lines(source: Source, nodes: list[ast.AST]) -> str:
    """Return the source of nodes, each with the number of its line in its file."""
    lines = source.text.splitlines()
    spans = dict.fromkeys((node.lineno, node.end_lineno) for node in nodes)  # type: ignore[attr-defined]
    return "\n".join(
        textwrap.dedent("\n".join(lines[start - 1 : end])) for start, end in sorted(spans)
    )
