"""Is a concept's score more than chance?

The paper learns many CAVs of the concept and many of random pictures against random pictures, and
compares their scores by a t-test. But all CAVs of a concept share its few pictures, so their scores
are alike whatever the pictures show, and the t-test takes them for independent: of random sets it
calls far more than 5 % significant. So the verdict here is an exact one: how much does the score
rise along the CAV, and how much along those that come out when the labels are shuffled? CAVs all
have length 1: a concept that merely lies far from its counter-examples gains nothing by it. The
paper's p value stands beside it.

Source: Kim et al., 2018, arXiv:1711.11279, section 3.5 (the t-test); Phipson, Smyth, "Permutation
    P-values should never be zero", 2010, arXiv:1603.05766 (the exact one)
"""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import ttest_ind

from cvexplore.attribution.concepts.cav import Cav, Evidence

REPETITIONS = 20
SHUFFLES = 199  # the least p value is one in 200
_TELLS_APART = 0.65  # held-out accuracy; chance is 0.5
_SIGNIFICANT = 0.05

Verdict = Literal["not told apart", "no more than chance", "raises", "lowers"]


@dataclass(frozen=True)
class Draws:
    """What repeated CAVs say, each learned from other halves of the pictures.

    Args:
        scores: the share of class images whose score rises along each CAV. Shape: (R,)
        accuracies: how often it tells pictures apart that it was not learned from; empty where no
            such pictures are left. Shape: (R,)
    """

    scores: np.ndarray
    accuracies: np.ndarray


@dataclass(frozen=True)
class ConceptTest:
    """What a class makes of a concept at a layer.

    Args:
        concept: CAVs of the concept against counter-examples.
        random: CAVs of counter-examples against other counter-examples.
        cav: learned from all pictures.
        derivatives: how much each class image's score rises along that. Shape: (class images,)
        along: how far each picture lies along it, the concept's first. Shape: (N,)
        shuffled: the mean derivative along CAVs of shuffled labels. Shape: (S,)
    """

    concept: Draws
    random: Draws
    cav: Cav
    derivatives: np.ndarray
    along: np.ndarray
    shuffled: np.ndarray

    @property
    def score(self) -> float:
        """The TCAV score: the mean over the repetitions, 0 to 1."""
        return float(self.concept.scores.mean())

    @property
    def accuracy(self) -> float:
        """How often CAVs tell the concept in pictures they were not learned from; chance is 0.5."""
        return float(self.concept.accuracies.mean())

    @property
    def rise(self) -> float:
        """How much the class's score rises along the CAV, mean over its images, to first order."""
        return float(self.derivatives.mean())

    @property
    def p_value(self) -> float:
        """How likely shuffled labels move the score as much, either way."""
        as_much = np.abs(self.shuffled) >= abs(self.rise) * (1 - 1e-9)
        return float((1 + as_much.sum()) / (1 + len(self.shuffled)))

    @property
    def paper_p_value(self) -> float:
        """The paper's: a two-sided t-test of the concept's scores against random ones.

        It is too small, since it takes CAVs that share pictures for independent.
        """
        ours, others = self.concept.scores, self.random.scores
        if np.ptp(ours) == np.ptp(others) == 0:
            return float(ours[0] == others[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # scores that are nearly all alike
            return float(ttest_ind(ours, others).pvalue)  # type: ignore[attr-defined]

    @property
    def verdict(self) -> Verdict:
        """What a person may conclude."""
        if self.accuracy < _TELLS_APART:
            return "not told apart"
        if self.p_value > _SIGNIFICANT:
            return "no more than chance"
        return "raises" if self.rise > 0 else "lowers"


def concept_test(
    given: Evidence, repetitions: int = REPETITIONS, shuffles: int = SHUFFLES, seed: int = 0
) -> ConceptTest:
    """Return what a class makes of a concept.

    Args:
        given: what CAVs are made of.
        repetitions: CAVs of the concept, and as many of random pictures.
        shuffles: of the labels; the least p value is 1 / (shuffles + 1).
        seed: of the halves and shuffles.
    """
    chance = np.random.default_rng(seed)
    size = min(len(given.shows), len(given.lacks)) // 2
    cav = Cav.between(given, given.shows, given.lacks)
    concept, random = [], []
    for _ in range(repetitions):
        shows, lacks = chance.permutation(given.shows), chance.permutation(given.lacks)
        concept.append(_draw(given, shows, lacks, size))
        first, second = np.array_split(chance.permutation(given.lacks), 2)
        random.append(_draw(given, first, second, size))
    return ConceptTest(
        concept=_joined(concept),
        random=_joined(random),
        cav=cav,
        derivatives=cav.derivatives(given),
        along=cav.along(given),
        shuffled=np.array([_shuffled(given, chance) for _ in range(shuffles)]),
    )


def _draw(
    given: Evidence, first: np.ndarray, second: np.ndarray, size: int
) -> tuple[float, float | None]:
    """Return the score of a CAV of the first pictures of each set, and its accuracy on others."""
    size = min(size, len(first), len(second))
    cav = Cav.between(given, first[:size], second[:size])
    others = first[size:], second[size:]
    accuracy = cav.accuracy(given, *others) if all(map(len, others)) else None
    return float((cav.derivatives(given) > 0).mean()), accuracy


def _joined(draws: list[tuple[float, float | None]]) -> Draws:
    scores = np.array([score for score, _ in draws])
    return Draws(scores, np.array([each for _, each in draws if each is not None]))


def _shuffled(given: Evidence, chance: np.random.Generator) -> float:
    pictures = chance.permutation(len(given.products))
    cav = Cav.between(given, pictures[: given.concept], pictures[given.concept :])
    return float(cav.derivatives(given).mean())
