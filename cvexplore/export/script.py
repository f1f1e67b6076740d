"""A Python file that builds one network and can be run."""

import itertools
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_FILE = '''"""{heading}

{what}
It needs {needs}. To load weights that were exported with it:

    model = build()
    model.load_state_dict(safetensors.torch.load_file("FILE.safetensors"))
"""

{body}


def build() -> {returns}:
    """Return the network, its weights drawn at random."""
    {steps}


if __name__ == "__main__":
    model = build()
    print(f"{{sum(each.numel() for each in model.parameters()):,}} parameters")
'''
_DEFINITIONS = ("class ", "def ", "@")
_WIDTH = 88


@dataclass(frozen=True)
class Script:
    """What a file says of one network.

    Args:
        heading: what it is, in a line.
        needs: the libraries it needs, in words.
        imports: its lines of imports, in order.
        steps: the lines of ``build``.
        pieces: classes, functions and constants that come before ``build``.
        returns: what ``build`` returns, as an annotation.
    """

    heading: str
    needs: str
    imports: tuple[str, ...]
    steps: tuple[str, ...]
    pieces: tuple[str, ...] = ()
    returns: str = "nn.Module"

    def text(self, name: str, options: Mapping[str, Any]) -> str:
        """Return the file for a network of this catalog name, built with these options."""
        chosen = f" with {', '.join(words(options))}" if options else ""
        return _FILE.format(
            heading=self.heading,
            what=textwrap.fill(f"Exported from cvexplore: {name}{chosen}.", _WIDTH),
            needs=self.needs,
            body=apart(["\n".join(self.imports), *self.pieces]),
            returns=self.returns,
            steps="\n    ".join(self.steps),
        )


def words(arguments: Mapping[str, Any]) -> list[str]:
    """Return keyword arguments as they are written in a call."""
    return [f"{name}={quoted(value)}" for name, value in arguments.items()]


def quoted(value: Any) -> str:
    """Return a value as it is written in code, words in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def call(function: str, given: Iterable[str]) -> str:
    """Return a call as it is written in ``build``, on several lines where it is long."""
    given = list(given)
    line = f"{function}({', '.join(given)})"
    if len(line) <= _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"        {each},\n" for each in given) + "    )"


def apart(pieces: Sequence[str]) -> str:
    """Return pieces with two empty lines around definitions, and one between others."""
    text = pieces[0]
    for before, piece in itertools.pairwise(pieces):
        defined = any(line.startswith(_DEFINITIONS) for line in f"{before}\n{piece}".splitlines())
        text += ("\n\n\n" if defined else "\n\n") + piece
    return text
