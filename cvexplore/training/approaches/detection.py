"""Set prediction: a detector answers all at once, and is told which answer was for which object."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from cvexplore import catalog
from cvexplore.errors import CvexploreError
from cvexplore.plugins import Choice
from cvexplore.training.approaches import APPROACHES, Approach, Batch, cannot_take, network_options
from cvexplore.training.augmentations import kind
from cvexplore.training.average_precision import average_precision
from cvexplore.training.cards import Card
from cvexplore.training.config import RunConfig
from cvexplore.training.datasets import Dataset, Objects
from cvexplore.training.matching import BOX, CLASS, OVERLAP, cheapest, costs

NO_OBJECT = 0.1  # what an answer "no object" weighs, for most queries should give it


@APPROACHES.register("detection")
class Detection(Approach):
    """Learn to find objects: each is paired with one query, the others should say "no object".

    The loss is the cross-entropy of the classes, and for each pair five times the difference of the
    boxes (L1) and twice one minus their generalised IoU. Each layer of the decoder is taught so.

    Source: Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko, "End-to-End Object Detection with
    Transformers", 2020, arXiv 2005.12872.
    """

    card = Card(
        title="Detection",
        family="Supervised",
        year=2020,
        idea="A fixed set of queries each say a class and a box; the cheapest pairing tells which "
        "answer was for which object, and all others should say: no object.",
        formula=r"L = \sum_i -\log p_{\hat\sigma(i)}(c_i) \quad "
        r"+ 5\,\lVert b_i - \hat b_{\hat\sigma(i)} \rVert_1 + 2\,(1 - \mathrm{GIoU})",
        source="Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko, End-to-End Object Detection "
        "with Transformers, 2020, arXiv 2005.12872",
        data="pictures with a box and a class for every object",
        annotation="box",
        helps="where it matters what is where: several objects a picture, counting",
        fails="a DETR learns slowly: boxes come first, classes late. 4,800 scenes of one to four "
        "shapes give an average precision of 82 to 94 % after 130 seconds of one core, by the "
        "seed; 1,600 scenes in 95 seconds 69 %",
        applications="driving, shelves in shops, wildlife cameras",
    )
    task = "detection"
    shows = ("boxes",)
    standard: ClassVar[Mapping[str, Any]] = {
        "architecture": "cvexplore/detr",
        "options": {
            **{"backbone_depth": 18, "backbone_width": 16, "stages": 2, "norm": "batch"},
            **{"width": 64, "heads": 4, "encoder_layers": 1, "decoder_layers": 2, "queries": 8},
            **{"mlp_ratio": 2.0, "dropout": 0.0},
        },
        "dataset": Choice("scenes", {"count": 6000}),
        "learning_rate": 7e-4,
        "batch_size": 16,
        "epochs": 14,
        "every": 2,
    }

    @staticmethod
    def not_applicable(config: RunConfig, dataset: Dataset) -> str | None:
        """Return why this network cannot learn to find these objects, or None if it can."""
        return _cannot_detect(config, dataset)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss and its three parts, the mean over the decoder's layers."""
        return self._measured(self(batch.images), batch)

    def score(self, batch: Batch) -> dict[str, Tensor]:
        """Return the same for pictures the network does not learn from, of the last layer alone."""
        answer = self(batch.images)
        kept = {name: answer[name] for name in ("logits", "boxes")}
        return {**self._measured(answer, batch), **kept}

    def _measured(self, answer: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        layers = [*answer.get("auxiliary", ()), answer]
        logits = torch.stack([each["logits"] for each in layers])  # (L, B, Q, classes + 1)
        boxes = torch.stack([each["boxes"] for each in layers])  # (L, B, Q, 4)
        assert batch.objects is not None  # not_applicable has seen to it
        return _losses(logits, boxes, batch.objects)

    def score_of_all(self, order: Tensor, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the mean over the classes of the average precision at an IoU of 0.5."""
        assert self.dataset.objects is not None
        objects = self.dataset.objects.of(order, answers["logits"].device)
        precision = average_precision(answers["logits"], answers["boxes"], objects)
        return {"average_precision": precision.nanmean()}


def _losses(logits: Tensor, boxes: Tensor, objects: Objects) -> dict[str, Tensor]:
    """Return the loss and what it consists of; the last layer is measured, all are taught.

    Shape: logits (L, B, Q, classes + 1), boxes (L, B, Q, 4), of L layers of the decoder
    """
    from torchvision.ops import box_convert, box_iou, generalized_box_iou_loss

    layers = len(logits)
    cost = torch.stack(costs(logits.detach(), boxes.detach(), objects.labels, objects.boxes)).sum(0)
    there = (objects.labels >= 0).repeat(layers, 1)  # (L B, M)
    places, queries, matched = cheapest(cost.flatten(0, 1), there)
    layer, image = places // len(objects.labels), places % len(objects.labels)

    nothing = logits.shape[-1] - 1
    wanted = torch.full_like(logits[..., 0], nothing, dtype=torch.long)  # (L, B, Q)
    labels, true = objects.labels[image, matched], objects.boxes[image, matched]
    wanted[layer, image, queries] = labels
    weights = torch.ones_like(logits[0, 0, 0])
    weights[nothing] = NO_OBJECT
    found = boxes[layer, image, queries]
    corners, true_corners = (box_convert(each, "cxcywh", "xyxy") for each in (found, true))
    parts = {
        "class_loss": CLASS * F.cross_entropy(logits.flatten(0, 2), wanted.flatten(), weights),
        "box_loss": BOX * F.l1_loss(found, true, reduction="sum") / len(true),
        "overlap_loss": OVERLAP * generalized_box_iou_loss(corners, true_corners, "mean"),
    }
    last = layer == layers - 1
    named = logits[layer, image, queries].argmax(-1) == labels
    iou = box_iou(found[last].detach(), true[last], fmt="cxcywh").diagonal()
    measured = {"iou": iou.mean(), "accuracy": named[last].float().mean()}
    return {"loss": torch.stack(list(parts.values())).sum(), **parts, **measured}


def _cannot_detect(config: RunConfig, dataset: Dataset) -> str | None:
    name, data = config.architecture, config.dataset.name
    if dataset.objects is None:
        return f"The pictures of {data} come without boxes: choose the data set scenes."
    if catalog.find(name).task != "detection":
        return f"{name} does not answer with boxes: choose a DETR, such as cvexplore/detr."
    for each in config.augmentations:
        if kind(each.name) not in ("photometric", "occlusion"):
            return (
                f"The augmentation {each.name} moves or mixes objects, but not their boxes: "
                "choose photometric ones, which change colours, or occlusion."
            )
    options = network_options(config, dataset)
    if reason := cannot_take(options, dataset):
        return reason
    (picture,) = catalog.example(name, **options)
    try:
        network = catalog.build(name, device="meta", **options).train()
        answer = network(picture.repeat(2, 1, 1, 1))
        outputs = answer["logits"].shape[-1]
    except CvexploreError as error:  # its options do not make a network
        return str(error)
    except Exception:  # other detectors ask for the boxes, or answer in another way
        return f"{name} does not answer with a set of boxes: choose a DETR, such as cvexplore/detr."
    if outputs != len(dataset.classes) + 1:
        return (
            f"{name} tells {outputs - 1} classes apart, but {data} has {len(dataset.classes)}: "
            "leave the option classes out, and it fits."
        )
    return None
