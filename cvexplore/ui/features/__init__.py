"""The views of the Feature maps page, a file each: what a network makes of one image.

Each view is a function ``show(looking)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.pictures import Picture

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Looking:
    """What stands on the page: a network, the image it looks at, and the layer in question."""

    subject: Subject
    picture: Picture
    layer: str

    @property
    def square(self) -> "Image":
        """The part of the image that the network sees."""
        return cached.square(self.subject, self.picture.image, self.picture.fingerprint)

    @property
    def key(self) -> str:
        """A name for widgets that belong to this network, at whichever moment of its run."""
        return widget_key(self.subject)


def widget_key(subject: Subject) -> str:
    """Return a name for widgets that belong to a network, at whichever moment of its run."""
    return f"{subject.name}.{subject.weights.partition('@')[0]}"
