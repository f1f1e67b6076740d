"""Which architecture to use: facts against each other, against a budget, and in a sentence."""

from cvexplore.choosing.budget import Budget, Recommendation, recommend
from cvexplore.choosing.difference import difference
from cvexplore.choosing.pareto import front

__all__ = ["Budget", "Recommendation", "difference", "front", "recommend"]
