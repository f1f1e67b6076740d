"""What a way to learn is, in words and in what it costs people to prepare its pictures."""

from dataclasses import dataclass
from typing import Literal, get_args

Family = Literal[
    "Supervised",
    "Transfer",
    "Self-supervised",
    "Semi-supervised",
    "Few-shot",
    "Domain adaptation",
    "Multi-task",
    "Distillation",
]
FAMILIES: tuple[Family, ...] = get_args(Family)
Annotation = Literal["none", "class", "box", "mask"]

# Seconds a person takes for one picture. Class: a click in a short list, our estimate. Box: Su,
# Deng, Fei-Fei, "Crowdsourcing annotations for visual object detection", 2012: 25.5 to draw one,
# with its checks 42.4. Mask: Lin et al., "Microsoft COCO", 2014, arXiv 1405.0312: 22 hours for a
# thousand.
SECONDS: dict[Annotation, float] = {"none": 0.0, "class": 2.0, "box": 42.4, "mask": 79.2}


@dataclass(frozen=True)
class Card:
    """A way to learn, for somebody who chooses one.

    Args:
        title: what people call it.
        family: what it is a kind of.
        year: of the source.
        idea: what it does, in a sentence or two.
        formula: of the loss, LaTeX.
        source: authors, title, year, arXiv.
        data: which pictures it needs.
        annotation: what people have to add to a picture that is learned from with an answer.
        helps: when it is worth a try.
        fails: when it is not.
        applications: where it is used.
    """

    title: str
    family: Family
    year: int
    idea: str
    formula: str
    source: str
    data: str
    annotation: Annotation
    helps: str
    fails: str
    applications: str
