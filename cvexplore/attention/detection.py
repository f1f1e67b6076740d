"""Which attention of a detector is an object query's, and what each query answers.

A set prediction has a fixed number of learned queries. In each layer of its decoder they listen to
each other (self-attention), then look at the image (cross-attention); at the end each names one
object and its box, or says "no object".

    Source: Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko, "End-to-End Object Detection with
    Transformers", 2020, arXiv 2005.12872.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import Tensor

from cvexplore.attention.records import Located
from cvexplore.errors import LayerError

NO_OBJECT = "no object"


@dataclass(frozen=True)
class DecoderLayer:
    """Two attentions of the same object queries, by their names.

    Args:
        looking: at the image; the cross-attention.
        listening: to each other, just before; the self-attention.
    """

    looking: str
    listening: str


@dataclass(frozen=True)
class Answer:
    """What one object query says.

    Args:
        query: its number, from 0.
        label: the likeliest class of object.
        index: that class's number.
        score: its probability.
        nothing: the probability that there is no object.
        box: centre x, centre y, width and height, as shares of the square the network saw.
    """

    query: int
    label: str
    index: int
    score: float
    nothing: float
    box: tuple[float, float, float, float]

    @property
    def is_object(self) -> bool:
        """Whether a class of object is likelier than none."""
        return self.score > self.nothing

    @property
    def says(self) -> str:
        """The likeliest of all, "no object" among them."""
        return self.label if self.is_object else NO_OBJECT

    @property
    def certainty(self) -> float:
        """The probability of what it says."""
        return max(self.score, self.nothing)


def decoder_layers(attentions: Iterable[Located]) -> tuple[DecoderLayer, ...]:
    """Return the layers in which object queries listen to each other, then look at the image.

    Args:
        attentions: of one network, in the order of its pass.
    """
    return tuple(
        DecoderLayer(looking.name, listening.name)
        for listening, looking in pairwise(attentions)
        if _from_queries_to_image(looking)
        and listening.kind == "tokens"
        and listening.shape[-2:] == (looking.shape[-2],) * 2
    )


def encoder_layers(attentions: Iterable[Located]) -> tuple[str, ...]:
    """Return the names of the layers in which places of the image look at each other."""
    return tuple(
        each.name
        for each in attentions
        if each.kind == "spatial" and each.places is not None and each.places.on_one_grid
    )


def _from_queries_to_image(each: Located) -> bool:
    places = each.places
    return each.kind == "spatial" and places is not None and places.query_grid == (0, 0)


def set_prediction(output: Any) -> tuple[Tensor, Tensor]:
    """Return class scores and boxes of the first image.

    Shape: -> logits (Q, classes + 1), the last for "no object", and boxes (Q, 4)

    Raises:
        LayerError: the network answers in another form.
    """
    if isinstance(output, dict) and {"logits", "boxes"} <= output.keys():
        return output["logits"][0].float(), output["boxes"][0].float()
    raise LayerError(
        "This network does not answer with one class and one box a query; cvexplore/detr does."
    )


def answers(logits: Tensor, boxes: Tensor, labels: Sequence[str]) -> tuple[Answer, ...]:
    """Return what each query says, in the order of the queries.

    Args:
        logits: the last is for "no object". Shape: (Q, classes + 1)
        boxes: Shape: (Q, 4)
        labels: names of the classes; classes beyond them are called by their number.
    """
    probabilities = logits.softmax(-1)
    scores, classes = probabilities[:, :-1].max(-1)
    rows = zip(
        scores.tolist(),
        classes.tolist(),
        probabilities[:, -1].tolist(),
        boxes.tolist(),
        strict=True,
    )
    return tuple(
        Answer(query, _name(labels, index), index, score, nothing, tuple(box))
        for query, (score, index, nothing, box) in enumerate(rows)
    )


def _name(labels: Sequence[str], index: int) -> str:
    return labels[index].strip("_") if index < len(labels) else f"class {index}"


def seen_boxes(
    boxes: Tensor, picture: tuple[int, int], square: tuple[float, float, float, float]
) -> Tensor:
    """Return boxes as shares of the square that a network sees instead of the whole picture.

    Args:
        boxes: centre x, centre y, width and height, as shares of the picture. Shape: (M, 4)
        picture: its width and height in pixels.
        square: where in it the square lies: left, top, right, bottom, in pixels.
    """
    left, top, right, bottom = square
    sides = boxes.new_tensor([right - left, bottom - top]).repeat(2)
    pixels = boxes * boxes.new_tensor(picture).repeat(2)
    return (pixels - boxes.new_tensor([left, top, 0, 0])) / sides
