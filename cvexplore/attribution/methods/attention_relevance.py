"""Attention relevance: the places whose attention the score of the class rests on."""

from dataclasses import dataclass
from typing import Literal

from cvexplore.attention import locate, record
from cvexplore.attention.legrad import legrad
from cvexplore.attention.relevance import relevance
from cvexplore.attribution import METHODS, Asked, Cost, Found, Method
from cvexplore.errors import LayerError


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

    def find(self, asked: Asked) -> Found:
        """Return one number for each place of the finest attention."""
        asked.passes.add(1)
        places = locate(asked.model, asked.image)
        if not places:
            raise LayerError(
                "This network computes no attention weights, so there is no attention to follow; "
                "choose Grad-CAM, which asks any layer."
            )
        asked.passes.add(1)
        recording = record(
            asked.model, asked.image, locations=places, target=asked.target, check=False
        )
        rule = relevance if self.rule == "relevance" else legrad
        return Found(rule(recording).map[None].to(asked.device))
