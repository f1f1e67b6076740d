"""Many features of each picture as two, so that pictures become points on a map."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_EARLY, _LATE = 250, 500  # iterations of t-SNE: while clusters form, and then
_PERPLEXITY = 30  # about how many neighbours each point should keep near


@dataclass(frozen=True)
class Plane:
    """Points on a map.

    Args:
        points: one for each picture. Shape: (N, 2)
        kept: share of the features' variance that the map shows; None where that has no meaning.
    """

    points: np.ndarray
    kept: float | None = None


def principal(features: np.ndarray) -> Plane:
    """Return the plane in which the features vary most, seen from straight above.

    The two axes are those of the largest variance. Which end of an axis is on the right is not
    decided by that: it is the one with the longer tail, so that the same features look alike.

    Source: Pearson, "On Lines and Planes of Closest Fit to Systems of Points in Space", 1901.

    Shape: (N, D) -> (N, 2)
    """
    centred = features - features.mean(0, keepdims=True)
    _, spreads, axes = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    points = np.zeros((len(features), 2))
    found = centred @ axes[:2].T
    tails = np.sign((found**3).sum(0))
    points[:, : found.shape[1]] = found * np.where(tails == 0, 1, tails)
    whole = (spreads**2).sum()
    return Plane(points, float((spreads[:2] ** 2).sum() / whole) if whole else 1.0)


def neighbourly(features: np.ndarray, tell: Callable[[float], None] = lambda share: None) -> Plane:
    """Return points of which those are near each other whose features are: t-SNE.

    It begins with ``principal``. Distances between groups, and their sizes, mean nothing.

    Source: van der Maaten, Hinton, "Visualizing Data using t-SNE", 2008.

    Args:
        features: Shape: (N, D)
        tell: is called with the share that is done; it may stop by an exception.
    """
    from sklearn.manifold import TSNE

    points = principal(features).points
    if len(features) < 4:  # t-SNE needs neighbours
        return Plane(points)
    near = min(_PERPLEXITY, (len(features) - 1) / 3)
    spread = points[:, 0].std()
    points = points / spread * 1e-4 if spread else points  # as scikit-learn begins with PCA
    for exaggeration, iterations in ((12.0, _EARLY), (1.0, _LATE)):
        tell(0.0 if iterations == _EARLY else _EARLY / (_EARLY + _LATE))
        search = TSNE(
            perplexity=near,
            early_exaggeration=exaggeration,
            max_iter=iterations,
            init=points.astype(np.float32),  # pyright: ignore[reportArgumentType]
            random_state=0,
        )
        points = search.fit_transform(features)
    tell(1.0)
    return Plane(points.astype(np.float64))


def alike(features: np.ndarray, chosen: int, count: int) -> np.ndarray:
    """Return which others are most like one, by the cosine, the most alike first.

    Shape: (N, D) -> (at most count,)
    """
    lengths = np.linalg.norm(features, axis=1).clip(1e-12)
    cosines = features @ features[chosen] / (lengths * lengths[chosen])
    cosines[chosen] = -np.inf
    return np.argsort(-cosines, kind="stable")[: min(count, len(features) - 1)]
