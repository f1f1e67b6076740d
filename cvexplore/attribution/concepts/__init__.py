"""Concepts: does what a person calls "striped" make a class more likely in this network?

A concept is a small set of pictures, held against counter-examples that lack it. In a layer's
activations a linear classifier tells the two apart; the normal of its boundary is the concept
activation vector (CAV). The TCAV score of a class is the share of its images whose score rises
when the layer's activations move along the CAV.

    with_it = activations(model, concept_images, "layer3")
    without = activations(model, counter_examples, "layer3")
    of_class = sensitivities(model, class_images, "layer3", target=340)
    tested = concept_test(evidence(with_it, without, of_class.gradients))
    tested.score, tested.rise, tested.p_value, tested.accuracy

Source: Kim, Wattenberg, Gilmer, Cai, Wexler, Viegas, Sayres, "Interpretability Beyond Feature
    Attribution: Quantitative Testing with Concept Activation Vectors", 2018, arXiv:1711.11279
"""

from cvexplore.attribution.concepts.cav import FEWEST, Cav, Evidence, evidence
from cvexplore.attribution.concepts.layers import (
    Places,
    Sensitivities,
    activations,
    sensitivities,
)
from cvexplore.attribution.concepts.testing import ConceptTest, Draws, concept_test

__all__ = [
    "FEWEST",
    "Cav",
    "ConceptTest",
    "Draws",
    "Evidence",
    "Places",
    "Sensitivities",
    "activations",
    "concept_test",
    "evidence",
    "sensitivities",
]
