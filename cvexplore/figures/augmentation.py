"""Pictures as they are, above what an augmentation makes of them."""

import numpy as np

from cvexplore.figures.sheet import mosaic


def before_and_after(
    originals: np.ndarray, augmented: np.ndarray, *, side: int = 112
) -> tuple[bytes, ...]:
    """Return a PNG a picture, the original above, both enlarged to about ``side`` pixels.

    Shape: (N, C, H, W) in 0 … 1, twice
    """
    pairs = np.stack((originals, augmented), axis=1)
    levels = (pairs * 255).round().clip(0, 255).astype(np.uint8)
    return tuple(mosaic(pair, columns=1, tile=side) for pair in levels)
