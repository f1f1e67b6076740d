"""Concept activation vectors, as weights of the pictures that they were learned from.

A linear classifier's normal is a weighted sum of the activations it has seen. So all that any CAV
needs are inner products, of pictures with pictures and of pictures with gradients: once they are
there, one more CAV is a problem of some ten numbers, however large the layer is.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.svm import SVC
from torch import Tensor

from cvexplore.errors import LayerError, OptionError

FEWEST = 10  # pictures in a set
_PIECE = 65_536  # numbers of a vector that are taken at once
_SOFTNESS = 1.0  # C of the support vector machine, for activations whose mean square is 1


@dataclass(frozen=True)
class Evidence:
    """What all CAVs of a concept at one layer are made of.

    Activations are counted from the mean of the concept's and the counter-examples', and in units
    of their root mean square distance from it.

    Args:
        concept: how many pictures show it: the first ones.
        products: of the pictures' activations with each other. Shape: (N, N)
        slopes: how a class image's score rises when the layer moves, as far as a picture's
            activations lie from the mean, in their direction. Shape: (class images, N)
    """

    concept: int
    products: np.ndarray
    slopes: np.ndarray

    @property
    def shows(self) -> np.ndarray:
        """The pictures with the concept."""
        return np.arange(self.concept)

    @property
    def lacks(self) -> np.ndarray:
        """The counter-examples."""
        return np.arange(self.concept, len(self.products))


def evidence(concept: Tensor, counter: Tensor, gradients: Tensor) -> Evidence:
    """Return what CAVs at a layer are made of.

    Args:
        concept: activations of pictures that show the concept. Shape: (N, D)
        counter: of counter-examples. Shape: (M, D)
        gradients: of a class's score, for images of the class. Shape: (B, D)

    Raises:
        OptionError: fewer than ten pictures in a set, or no class images.
        LayerError: the layer says the same of all pictures.
    """
    for words, some in (("the concept", concept), ("the counter-examples", counter)):
        if len(some) < FEWEST:
            raise OptionError(
                f"There are {len(some)} pictures of {words}; at least {FEWEST} are needed, "
                "for halves of them are compared."
            )
    if not len(gradients):
        raise OptionError("There are no images of the class; at least one is needed.")
    products, slopes = _inner_products(concept, counter, gradients)
    spread = float(products.diagonal().mean())
    if not 0 < spread < np.inf:
        raise LayerError(
            "The layer says the same of all these pictures, so nothing tells the concept from its "
            "counter-examples; choose another layer."
        )
    return Evidence(len(concept), products / spread, slopes)


def _inner_products(
    concept: Tensor, counter: Tensor, gradients: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Return those of the centred pictures with each other, and with gradients.

    Piece by piece: vectors may be long, and in double precision twice as large.
    """
    count = len(concept) + len(counter)
    products, slopes = np.zeros((count, count)), np.zeros((len(gradients), count))
    for parts in zip(
        *(each.split(_PIECE, 1) for each in (concept, counter, gradients)), strict=True
    ):
        with_it, without, gradient = (part.cpu().double().numpy() for part in parts)
        pictures = np.concatenate([with_it, without])
        pictures -= pictures.mean(0)
        products += pictures @ pictures.T
        slopes += gradient @ pictures.T
    return products, slopes


@dataclass(frozen=True)
class Cav:
    """A concept activation vector, of length 1.

    Args:
        weights: of each picture's activations in it. Shape: (N,)
        offset: what the classifier adds to tell the concept (above 0) from the rest.
    """

    weights: np.ndarray
    offset: float

    @staticmethod
    def between(given: Evidence, first: np.ndarray, second: np.ndarray) -> "Cav":
        """Return the CAV from the second pictures to the first, by a linear classifier."""
        pictures = np.concatenate([first, second])
        sides = np.repeat([1, -1], [len(first), len(second)])
        # Balanced: else shuffled labels of unequal sets lean to one side.
        machine = SVC(kernel="precomputed", C=_SOFTNESS, class_weight="balanced")
        machine.fit(given.products[np.ix_(pictures, pictures)], sides)
        weights = np.zeros(len(given.products))
        weights[pictures[machine.support_]] = machine.dual_coef_[0]
        length = max(float(weights @ given.products @ weights), 1e-24) ** 0.5
        return Cav(weights / length, float(machine.intercept_[0]) / length)

    def along(self, given: Evidence) -> np.ndarray:
        """Return how far along the CAV each picture lies. Shape: (N,)"""
        return given.products @ self.weights

    def derivatives(self, given: Evidence) -> np.ndarray:
        """Return how much each class image's score rises along the CAV, to first order.

        In units of the score, for a move as long as pictures lie from their mean.

        Shape: (class images,)
        """
        return given.slopes @ self.weights

    def accuracy(self, given: Evidence, first: np.ndarray, second: np.ndarray) -> float:
        """Return how often it tells such pictures apart; chance is 0.5 however many each are."""
        side = self.along(given) + self.offset
        return float(((side[first] > 0).mean() + (side[second] <= 0).mean()) / 2)
