"""The views of the Attention page, a file each: what the tokens of a network look at.

Each view is a function ``show(attending)``; the page opens one at a time and runs only that one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.ui.attention import recorded
from cvexplore.ui.looking import NetworkAndImage

if TYPE_CHECKING:
    from cvexplore.attention import AttentionLayer, Recording


@dataclass(frozen=True)
class Attending(NetworkAndImage):
    """What stands on the page: a network, the image it looks at, and one of its attentions.

    Args:
        layer: the attention's name, "blocks.3.attn".
    """

    layer: str

    def attention(self, name: str = "", *, with_products: bool = False) -> "AttentionLayer":
        """Return the attention in question, or another one of the network, checked."""
        return recorded.layer(
            self.subject,
            self.picture.image,
            self.picture.fingerprint,
            name or self.layer,
            with_products=with_products,
        )

    def all_attention(self) -> "Recording":
        """Return every attention that the memory cap leaves room for."""
        return recorded.whole(self.subject, self.picture.image, self.picture.fingerprint)
