"""The views of the Feature maps page, a file each: what a network makes of one image.

Each view is a function ``show(looking)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass

from cvexplore.ui.looking import NetworkAndImage


@dataclass(frozen=True)
class Looking(NetworkAndImage):
    """What stands on the page: a network, the image it looks at, and the layer in question."""

    layer: str
