"""Robustness: how little it takes to change what a network says.

    attacked = attack(asked, Choice("pgd", {"steps": 10}), epsilon=4)    # of 255 steps
    *_, search = smallest_epsilon(asked, Choice("fgsm"))                 # search.found
    for counts in accuracies(scores, pixels, labels): ...                # under corruptions
    *_, squares = smallest_patch(asked)                                  # squares.flip

Everything here acts on pixels 0..1; shifting and scaling them belongs to the network. What takes
long is a generator: each value it yields is all that is known so far, the last one is the answer.
"""

from cvexplore.robustness.accuracy import Accuracies, Count, accuracies
from cvexplore.robustness.attacked import Attacked
from cvexplore.robustness.attacks import ATTACKS, Attack, attack, classes
from cvexplore.robustness.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from cvexplore.robustness.patches import Patch, Squares, occlusion_map, sides, smallest_patch
from cvexplore.robustness.smallest import Search, smallest_epsilon

__all__ = [
    "ATTACKS",
    "CORRUPTIONS",
    "STRENGTHS",
    "Accuracies",
    "Attack",
    "Attacked",
    "Count",
    "Patch",
    "Search",
    "Squares",
    "accuracies",
    "attack",
    "classes",
    "corrupt",
    "occlusion_map",
    "sides",
    "smallest_epsilon",
    "smallest_patch",
]
