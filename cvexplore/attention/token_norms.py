"""How long the tokens are after each block; a few patches may be far longer than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvexplore.errors import LayerError
from cvexplore.interpret.activations import capture, maps_at

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class TokenNorms:
    """The lengths of a block's tokens.

    Args:
        block: its path.
        places: of the tokens on the image. Shape: (H, W)
        others: of the tokens of no place. Shape: (P,)
    """

    block: str
    places: "Tensor"
    others: "Tensor"

    @property
    def outliers(self) -> float:
        """The longest token of a place, as a multiple of the median one."""
        return (self.places.max() / self.places.median().clamp_min(1e-12)).item()


def token_norms(
    model: "nn.Module", image: "Tensor", blocks: Sequence[str]
) -> tuple[TokenNorms, ...]:
    """Return the Euclidean norms of what blocks return, in one pass; no maps, no norms.

    Args:
        model: the network, in evaluation mode.
        image: Shape: (1, C, H, W)
        blocks: paths of the modules, in the order of the pass.

    Source: Darcet, Oquab, Mairal, Bojanowski, "Vision Transformers Need Registers", 2023,
        arXiv 2309.16588.
    """
    seen = capture(model, image, blocks)
    found = []
    for block in blocks:
        try:
            laid = maps_at(seen, block, model)
        except LayerError:  # object queries, a clip's tokens
            continue
        if laid.in_windows:  # of a grid of windows, neighbours in a window lie far apart
            continue
        found.append(TokenNorms(block, laid.maps[0].norm(dim=0), laid.extra[0].norm(dim=-1)))
    return tuple(found)
