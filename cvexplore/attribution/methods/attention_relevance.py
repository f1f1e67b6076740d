"""Attention relevance: the places whose attention the score of the class rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cvexplore.attention import locate, record
from cvexplore.attention.legrad import legrad
from cvexplore.attention.relevance import relevance
from cvexplore.attribution import METHODS, Asked, Cost, Doubt, Found, Method, Structure
from cvexplore.errors import LayerError
from cvexplore.plugins import Choice

_NONE = "This network computes no attention weights, so there is no attention to follow"


@METHODS.register("attention relevance")
@dataclass(frozen=True, kw_only=True)
class AttentionRelevance(Method):
    """Ask which places a transformer attends to for the sake of this class, over all its layers.

    Options:
        rule: relevance carries each layer's attention on to the next, LeGrad adds the layers up

    Source: Chefer, Gur & Wolf, "Generic attention-model explainability for interpreting bi-modal
        and encoder-decoder transformers", 2021, arXiv:2103.15679; Bousselham, Boggust, Chaybouti,
        Strobelt & Kuehne, "LeGrad", 2024, arXiv:2404.03214.
    """

    group = "attention"

    rule: Literal["relevance", "LeGrad"] = "relevance"

    def cost(self, asked: Asked) -> Cost:
        """One pass each way, and one more forward to find where each token lies."""
        return Cost(2, 1)

    def doubts(self, asked: Asked, structure: Structure) -> Iterator[Doubt]:
        """Yield whether there is no attention: no softmax that weighs what the image brought."""
        if not structure.attends:
            yield Doubt("meaningless", f"{_NONE}.", mend=Choice("Grad-CAM"))

    def find(self, asked: Asked) -> Found:
        """Return one number for each place of the finest attention."""
        asked.passes.add(1)
        model = asked.network().private
        places = locate(model, asked.image)
        if not places:
            raise LayerError(f"{_NONE}; choose Grad-CAM, which asks any layer.")
        asked.passes.add(1)
        recording = record(model, asked.image, locations=places, target=asked.target, check=False)
        rule = relevance if self.rule == "relevance" else legrad
        return Found(rule(recording).map[None].to(asked.device))
