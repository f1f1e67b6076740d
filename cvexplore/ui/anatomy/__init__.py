"""The views of the Anatomy page, a file each: what one built architecture looks like from one side.

Each view is a function ``show(built)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.ui.cached import Options

if TYPE_CHECKING:
    from cvexplore.trace import Trace


@dataclass(frozen=True)
class Built:
    """What stands on the page: an architecture's name, its options, and the trace of it."""

    name: str
    options: Options
    trace: "Trace"

    @property
    def key(self) -> str:
        """A name for widgets that belong to this very network."""
        return f"{self.name}{self.options}"
