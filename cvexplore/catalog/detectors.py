"""torchvision's detectors on the meta device.

A detector chooses boxes by their scores, and on the meta device there are no scores. The four
functions that choose are answered with what the network is configured to keep at most: every place
for a proposal and for a detection is taken. Only the given network's own functions are replaced.
"""

import types
from typing import Any

import torch
from torch import Tensor

_KEPT = ("detections", "boxes of one picture that are kept at last, at most")
_CANDIDATES = ("candidates", "boxes of each level, before those that overlap are dropped, at most")

# What a constructor calls a number of boxes; what we call it, and what it is.
BOXES = {
    "rpn_post_nms_top_n_test": (
        "proposals",
        "boxes that may hold something, at most, which the second stage looks into",
    ),
    "box_detections_per_img": _KEPT,
    "detections_per_img": _KEPT,
    "rpn_pre_nms_top_n_test": _CANDIDATES,
    "topk_candidates": _CANDIDATES,
}

_DENSE = ("RetinaNet", "FCOS", "SSD")


def is_detector(name: str) -> bool:
    """Say whether a torchvision name is a detector's."""
    return any(word in name for word in ("rcnn", "retinanet", "fcos", "ssd"))


def keep_all_boxes(model: Any) -> Any:
    """Let a private meta-device detector keep all the boxes it may; other models pass."""
    if type(model).__name__ in _DENSE:
        _replace(model, "postprocess_detections", _keep_dense)
    elif hasattr(model, "roi_heads"):
        heads = model.roi_heads
        _replace(model.rpn, "filter_proposals", _keep_proposals)
        _replace(heads, "postprocess_detections", _keep_detections)
        _replace(heads, "forward", _without_values(type(heads).forward))
        for pool in (heads.box_roi_pool, heads.mask_roi_pool, heads.keypoint_roi_pool):
            if pool is not None:
                _replace(pool, "forward", _pool_all_levels)
    else:
        return model
    _replace(model.transform, "postprocess", lambda self, result, *sizes: result)
    return model


def _replace(owner: Any, name: str, function: Any) -> None:
    setattr(owner, name, types.MethodType(function, owner))


def _keep_proposals(
    self: Any, proposals: Tensor, objectness: Tensor, image_shapes: list, anchors: list
) -> tuple[list[Tensor], list]:
    most = min(self.post_nms_top_n(), sum(min(n, self.pre_nms_top_n()) for n in anchors))
    return [_boxes(most, proposals) for _ in image_shapes], [None] * len(image_shapes)


def _keep_detections(
    self: Any, class_logits: Tensor, box_regression: Tensor, proposals: list, image_shapes: list
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    kept = [_detections(self.detections_per_img, class_logits) for _ in proposals]
    boxes, scores, labels = ([each[key] for each in kept] for key in ("boxes", "scores", "labels"))
    return boxes, scores, labels


def _keep_dense(
    self: Any, head_outputs: dict, anchors: list, image_shapes: list, *rest: Any
) -> list:
    first = next(iter(head_outputs.values()))
    like = first[0] if isinstance(first, (list, tuple)) else first
    return [_detections(self.detections_per_img, like) for _ in image_shapes]


def _pool_all_levels(self: Any, x: dict, boxes: list[Tensor], image_shapes: list) -> Tensor:
    """Give one pooled map a box; which level of the pyramid it comes from changes no shape."""
    level = x[self.featmap_names[0]]
    count = sum(each.shape[0] for each in boxes)
    return level.new_empty((count, level.shape[1], *self.output_size))


def _without_values(forward: Any) -> Any:
    """Return RoIHeads.forward with the keypoints' search for a maximum left out."""

    def keypoints(maps: Tensor, boxes: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        places = [maps.new_empty(len(each), maps.shape[1], 3) for each in boxes]
        return places, [maps.new_empty(len(each), maps.shape[1]) for each in boxes]

    names = {**forward.__globals__, "keypointrcnn_inference": keypoints}
    return types.FunctionType(
        forward.__code__, names, forward.__name__, forward.__defaults__, forward.__closure__
    )


def _boxes(count: int, like: Tensor) -> Tensor:
    return like.new_empty((count, 4))


def _detections(count: int, like: Tensor) -> dict[str, Tensor]:
    return {
        "boxes": _boxes(count, like),
        "labels": torch.empty(count, dtype=torch.int64, device=like.device),
        "scores": like.new_empty(count),
    }
