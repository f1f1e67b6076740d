"""The views of the Attribution page, a file each: which pixels decided, and can one believe it?

Each view is a function ``show(explaining)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.ui import cached
from cvexplore.ui.looking import NetworkAndImage

if TYPE_CHECKING:
    from cvexplore.attribution import Asked
    from cvexplore.interpret.predictions import Prediction


@dataclass(frozen=True)
class Explaining(NetworkAndImage):
    """What stands on the page: a classifier, the image, and what it says of it.

    Args:
        predictions: its likeliest classes, the likeliest first.
    """

    predictions: "tuple[Prediction, ...]" = ()

    def asked(self, target: int, layer: str = "") -> "Asked":
        """Return the question that methods of ``cvexplore.attribution`` answer.

        Args:
            target: the class asked about.
            layer: for methods that ask about one; "" leaves it to them.
        """
        from cvexplore.attribution import Asked

        preparation = cached.preparation(self.subject)
        return Asked(
            cached.network(self.subject),
            self.prepared,
            target,
            preparation.mean,
            preparation.std,
            layer,
        )
