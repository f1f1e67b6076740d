"""The views of the Attention page, a file each: what the tokens of a network look at.

Each view is a function ``show(attending)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.ui import cached
from cvexplore.ui.attention import recorded
from cvexplore.ui.cached import Subject
from cvexplore.ui.pictures import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

    from cvexplore.attention import AttentionLayer, Recording


@dataclass(frozen=True)
class Attending:
    """What stands on the page: a network, the image it looks at, and one of its attentions.

    Args:
        subject: the network.
        picture: the image.
        layer: the attention's name, "blocks.3.attn".
    """

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
        return f"{self.subject.name}.{self.subject.weights.partition('@')[0]}"

    def attention(self) -> "AttentionLayer":
        """Return the attention in question, checked."""
        return recorded.layer(
            self.subject, self.picture.image, self.picture.fingerprint, self.layer
        )

    def all_attention(self) -> "Recording":
        """Return every attention that the memory cap leaves room for."""
        return recorded.whole(self.subject, self.picture.image, self.picture.fingerprint)
