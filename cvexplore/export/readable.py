"""A readable builder as a file that needs torch and nothing else.

The file is cut from the builder's own source: whatever the builder reaches.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from cvexplore.architectures import BUILDERS
from cvexplore.export.cutting import Source, import_lines
from cvexplore.export.script import Script, call, words


def script(name: str, options: Mapping[str, Any]) -> Script:
    """Return a file that builds what the builder of this name builds with these options.

    Raises:
        UnknownName: there is no such builder.
    """
    builder: Any = BUILDERS[name]
    known = inspect.signature(builder).parameters  # not all have an image_size of their own
    given = {key: value for key, value in options.items() if key in known}
    home = Source(builder.__module__)
    pieces, imports = home.reached([builder.__name__])
    return Script(
        heading=home.heading,
        needs="torch and nothing else",
        imports=tuple(import_lines(imports)),
        pieces=tuple(piece.text for piece in pieces),
        steps=(f"return {call(builder.__name__, words(given))}",),
        returns=builder.__annotations__["return"].__name__,
    )
