"""An explanation with the words that belong to it: what a report, a file or a terminal tells.

told = account(asked, attribute(asked, choice), "tabby cat")
print(told.sentences)
json.dumps(told.settings)
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cvexplore.attribution import METHODS, Asked, Completeness, Doubt, Explanation, method
from cvexplore.attribution.asked import Passes
from cvexplore.attribution.layers import with_layer
from cvexplore.attribution.structure import Structure
from cvexplore.attribution.validity import doubts_before
from cvexplore.plugins import Choice


@dataclass(frozen=True)
class Account:
    """An explanation, what it is of, and what it is worth.

    Args:
        explanation: what a method found.
        label: the name of the class.
        probability: of the class, as the network says.
        layer: the path of the layer asked about; "" of a method that asks about pixels.
        doubts: what is known against the method's meaning anything on this network.
    """

    explanation: Explanation
    label: str
    probability: float
    layer: str = ""
    doubts: tuple[Doubt, ...] = ()

    @property
    def name(self) -> str:
        """The method's name."""
        return self.explanation.method.name

    @property
    def options(self) -> dict[str, Any]:
        """All options of the method, those that were left as they are too."""
        return options(self.explanation.method)

    @property
    def summary(self) -> str:
        """What the method does, in a sentence."""
        return METHODS.summary(self.name)

    @property
    def source(self) -> str:
        """The paper that the method is from."""
        return source(self.name)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What this map is worth, a sentence a finding."""
        return tuple(_sentences(self))

    @property
    def settings(self) -> dict[str, Any]:
        """The same as values of JSON: enough to have the same map again, and to judge it."""
        whole = self.explanation.completeness
        return {
            "method": self.name,
            "options": self.options,
            "target": self.explanation.target,
            "class": self.label,
            "probability": self.probability,
            "layer": self.layer,
            "passes": self.explanation.passes,
            "seconds": self.explanation.seconds,
            "completeness": whole and {
                "sum": whole.total,
                "image": whole.image,
                "baseline": whole.baseline,
                "error": whole.error if whole.decided else None,
            },
            "silent": self.explanation.is_silent,
            "doubts": [{"level": each.level, "sentence": each.sentence} for each in self.doubts],
        }  # fmt: skip


def account(
    asked: Asked, explanation: Explanation, label: str, structure: Structure | None = None
) -> Account:
    """Return an explanation with what there is to say of it; it takes a pass or two.

    Args:
        asked: the question that it answers.
        explanation: the answer.
        label: the name of the class.
        structure: what the network is made of; without it, nothing is said against the method.
    """
    chosen = method(explanation.method)
    layer = with_layer(asked, chosen).layer if chosen.of_layer else ""
    return Account(
        explanation,
        label,
        probability(asked),
        layer,
        doubts_before(asked.of(layer=layer), structure, explanation.method) if structure else (),
    )


def probability(asked: Asked) -> float:
    """Return how likely the network thinks the class."""
    scores = asked.of(passes=Passes()).scores(asked.image)
    return scores[0].float().softmax(0)[asked.target].item()


def options(choice: Choice) -> dict[str, Any]:
    """Return all options of a choice, those that were left as they are too."""
    return {each.name: each.default for each in METHODS.options(choice.name)} | dict(choice.options)


def source(name: str) -> str:
    """Return the paper that a method is from, as its docstring says; "" if it names none."""
    found = re.search(r"Source: (.+(?:\n +.+)*)", inspect.getdoc(METHODS[name]) or "")
    return " ".join(found[1].split()) if found else ""


def _sentences(told: Account) -> Iterator[str]:
    if told.explanation.is_silent:
        yield "Nothing speaks for or against this class: every attribution is zero."
    if told.explanation.completeness is not None:
        yield _sum(told.explanation.completeness)
    for doubt in told.doubts:
        yield doubt.sentence
        if doubt.mend is not None:
            yield f"What helps: {_words(doubt.mend)}."


def _sum(whole: Completeness) -> str:
    compared = (
        f"Attributions sum to {whole.total:.4g}; the score is {whole.image:.4g} for the image and "
        f"{whole.baseline:.4g} for the baseline"
    )
    if not whole.decided:
        return f"{compared}, too close to one another to compare the sum with their difference."
    return f"{compared}, so the sum is off by {whole.error:.1%} of the difference."


def _words(choice: Choice) -> str:
    given = ", ".join(f"{key} {value}" for key, value in choice.options.items())
    return f"{choice.name} with {given}" if given else choice.name
