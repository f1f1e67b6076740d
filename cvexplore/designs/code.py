"""A design as plain PyTorch: a file of its own that needs nothing of ours.

The text is written from the same parts that the network is built from. What torch does not have is
repeated as it stands in our files, with all that it uses of them.
"""

import ast
import inspect
import re
import sys
import textwrap
from types import ModuleType
from typing import Any

from torch import nn

from cvexplore.designs import Design
from cvexplore.designs.parts import Part
from cvexplore.designs.plan import plan, whole

_HEAD = '''"""{title}: a network of {parameters:,} parameters, designed in cvexplore.

It takes images (B, {channels}, {size}, {size}).
"""

{imports}
'''
_CHAIN = '''def chain(**layers: nn.Module) -> nn.Sequential:
    """Return layers that run one after the other, each under its name."""
    return nn.Sequential(OrderedDict(layers))
'''
_ROUNDS = '''def rounds(times: int, make: Callable[[], nn.Module]) -> nn.Sequential:
    """Return the same layers several times over, each time with weights of their own."""
    return chain(**{f"round_{time}": make() for time in range(1, times + 1)})
'''
_IMPORTS = {
    "import math": "math.",
    "from collections import OrderedDict": "OrderedDict",
    "from collections.abc import Callable": "Callable[",
    "import torch": "torch.",
    "import torch.nn.functional as F": "F.",
    "from torch import Tensor, nn": "Tensor",
    "from torch import nn": "nn.",
}
_LINE = 92


def source(design: Design) -> str:
    """Return the text of a file whose ``build()`` returns this design's network.

    Its modules are called as ours are, so that the weights of one load into the other.

    Raises:
        DesignError: a layer does not fit, or the network is too large.
    """
    network, row = whole(design), plan(design)
    repeated = _Repeated()
    calls = [
        repeated.call(part, _LINE - 8, name)
        for name, part in zip(network.names, network.arguments, strict=True)
    ]
    lines = [
        f"        # {each.outgoing}\n{textwrap.indent(call, ' ' * 8)},\n"
        for call, each in zip(calls, row, strict=True)
    ]
    build = (
        "def build() -> nn.Sequential:\n"
        '    """Return the network, with random weights."""\n'
        f"    return chain(\n{''.join(lines)}    )\n"
    )
    helpers = [_CHAIN, _ROUNDS] if "rounds(" in build else [_CHAIN]
    body = "\n\n".join([*repeated.texts.values(), *helpers, build])
    head = _HEAD.format(
        title=re.sub(r'[\\"]', "'", design.title),
        parameters=sum(each.parameters for each in row),
        channels=design.channels,
        size=design.image_size,
        imports=_imports(body),
    )
    return f"{head}\n\n{body}"


def _imports(body: str) -> str:
    """Return the imports that a text needs."""
    lines = [line for line, used in _IMPORTS.items() if re.search(rf"\b{re.escape(used)}", body)]
    if "from torch import Tensor, nn" in lines:
        lines.remove("from torch import nn")
    torch = next(place for place, line in enumerate(lines) if "torch" in line)
    return "\n".join([*lines[:torch], "", *(line.strip() for line in lines[torch:])])


class _Repeated:
    """Parts as calls, and the definitions of ours that these need, each once.

    ``texts`` is in the order in which a file must define them.
    """

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}  # by module and name
        self._names: dict[str, tuple[str, str]] = {}  # whose a name is

    def call(self, value: Any, room: int, name: str = "") -> str:
        """Return a part, or a plain value, as it is written in Python within so many columns."""
        before = f"{name}=" if name else ""
        if not isinstance(value, Part):
            return f"{before}{value!r}"
        if value.names:
            return self._chain(value, room, before)
        arguments = [self.call(each, room - 4) for each in value.arguments]
        standard = inspect.signature(value.make).parameters
        for key, each in value.options.items():
            if key not in standard or each != standard[key].default:
                arguments.append(self.call(each, room - 4, key))
        return _call(f"{before}{self._class(value.make)}", arguments, room)

    def _chain(self, part: Part, room: int, before: str) -> str:
        times, first = len(part.names), part.arguments[0]
        if part.names[0] == "round_1" and all(each == first for each in part.arguments):
            again = f"lambda: {self.call(first, room - 12)}"
            return _call(f"{before}rounds", [str(times), again], room)
        calls = zip(part.names, part.arguments, strict=True)
        return _call(
            f"{before}chain", [self.call(each, room - 4, name) for name, each in calls], room
        )

    def _class(self, make: type[nn.Module]) -> str:
        if make.__module__.startswith("torch."):
            return f"nn.{make.__name__}"
        return self._define(sys.modules[make.__module__], make.__name__)

    def _define(self, module: ModuleType, name: str) -> str:
        """Repeat a definition of ours and all of ours that it uses; return what it is called."""
        thing = vars(module)[name]
        home = sys.modules.get(getattr(thing, "__module__", ""), module)
        key = (home.__name__, name)
        called = name if self._names.setdefault(name, key) == key else f"{_short(home)}_{name}"
        if key in self.texts:
            return called
        text = textwrap.dedent(inspect.getsource(thing)).rstrip() + "\n"
        for used in _ours(text, home):
            if used != name:
                again = self._define(home, used)
                text = re.sub(rf"\b(?<!\.){used}\b(?!=)", again, text)
        if called != name:
            text = re.sub(rf"\b{name}\b", called, text)
        self.texts[key] = text
        return called


def _ours(text: str, home: ModuleType) -> list[str]:
    """Return the names in a definition that stand for functions and classes of ours."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return sorted(
        name
        for name in used & vars(home).keys()
        if getattr(vars(home)[name], "__module__", "").startswith("cvexplore.")
    )


def _short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].upper()


def _call(name: str, arguments: list[str], room: int) -> str:
    """Return a call on one line if it has room there, else over several."""
    short = f"{name}({', '.join(arguments)})"
    if len(short) < room and "\n" not in short:
        return short
    inside = ", ".join(arguments)
    if len(inside) < room - 4 and "\n" not in inside:
        return f"{name}(\n    {inside}\n)"
    lines = textwrap.indent(",\n".join(arguments), "    ")
    return f"{name}(\n{lines},\n)"
