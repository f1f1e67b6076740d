"""Networks of timm and torchvision as the shortest code that builds them with their library.

``torchvision.models.get_model(name)`` alone builds another network than the published one. What
that has, auxiliary heads and fixed normalisation, is said here with arguments and public functions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import timm
import torchvision

from cvexplore.catalog import timm_models, torchvision_models
from cvexplore.export.script import Script, call, quoted, words

_NO_DOWNLOADS = ("weights=None", "weights_backbone=None")
_BACKBONES = "torchvision.models.detection.backbone_utils"


def of_timm(name: str, options: Mapping[str, Any]) -> Script:
    """Return a file that builds a network of timm."""
    given = words(timm_models.arguments(name, options))
    return Script(
        heading=f"{name} of timm.",
        needs=f"torch and timm {timm.__version__}",
        imports=("import timm", "from torch import nn"),
        steps=(f"return {call('timm.create_model', [quoted(name), *given])}",),
    )


def of_torchvision(name: str, options: Mapping[str, Any]) -> Script:
    """Return a file that builds a published network of torchvision."""
    given = torchvision_models.arguments(name, options)
    if name in _DETECTORS:
        defaults = {option.name: option.default for option in torchvision_models.options(name)}
        imports, steps = _DETECTORS[name].code({"num_classes": defaults["classes"], **given})
    else:
        imports, steps = _got_by_name(name, given)
    return Script(
        heading=f"{name} of torchvision, as published.",
        needs=f"torch and torchvision {torchvision.__version__.partition('+')[0]}",
        imports=tuple(sorted((*imports, "from torch import nn"))),
        steps=tuple(steps),
    )


def _got_by_name(name: str, given: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    task = torchvision_models.task(name)
    first = _NO_DOWNLOADS if task in ("detection", "segmentation") else ()
    if "aux_logits" in given:
        given = {**given, "init_weights": False}
    model = call("get_model", [quoted(name), *first, *words(given)])
    imports = ["from torchvision.models import get_model"]
    fixed = _FIXED.get(name, "")
    if not fixed:
        return imports, [f"return {model}"]
    return imports, [f"model = {model}", *fixed.splitlines(), "return model"]


# What the published detectors do not train, where their builder without weights trains it all.
_FIRST_LAYERS = """\
for part in ("conv1", "bn1", "layer1"):
    model.backbone.body[part].requires_grad_(False)"""
_FIXED = {
    "fasterrcnn_resnet50_fpn_v2": _FIRST_LAYERS,
    "maskrcnn_resnet50_fpn_v2": _FIRST_LAYERS,
    "retinanet_resnet50_fpn_v2": _FIRST_LAYERS,
    "ssd300_vgg16": "model.backbone.features[:4].requires_grad_(False)",
}


@dataclass(frozen=True)
class _Detector:
    """A detector on a backbone whose normalisation is fixed, as its published weights have it.

    Args:
        network: its class, in torchvision.models.detection.
        backbone: the call that makes its backbone.
        needs: lines of imports, beside the class and the backbone's function.
        arguments: what it is given beside its backbone, as it is written.
        eps: whether its normalisation adds something to the variance.
    """

    network: str
    backbone: str
    needs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    eps: bool = True

    def code(self, given: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Return the lines of imports and of ``build``."""
        function = self.backbone.partition("(")[0]
        own = [each for each in self.arguments if each.partition("=")[0] not in given]
        imports = [
            f"from torchvision.models.detection import {self.network}",
            f"from {_BACKBONES} import {function}",
            *self.needs,
        ]
        model = call(self.network, ["backbone", *words(given), *own])
        steps = [f"backbone = {self.backbone}", f"model = {model}", "return model"]
        if not self.eps:
            imports.append("from torchvision.models.detection._utils import overwrite_eps")
            steps.insert(2, "overwrite_eps(model, 0.0)  # its weights were trained without")
        return imports, steps


_RESNET = 'resnet_fpn_backbone(backbone_name="resnet50", weights=None)'
_RESNET_TO_P7 = """\
resnet_fpn_backbone(
        backbone_name="resnet50",
        weights=None,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(256, 256),
    )"""
_MOBILENET = """\
mobilenet_backbone(
        backbone_name="mobilenet_v3_large", weights=None, fpn=True, trainable_layers=3
    )"""
_P7 = ("from torchvision.ops.feature_pyramid_network import LastLevelP6P7",)
_ANCHORS = ("from torchvision.models.detection.anchor_utils import AnchorGenerator",)
_MOBILENET_ARGUMENTS = (
    "rpn_anchor_generator=AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)",
    "rpn_score_thresh=0.05",
)
_DETECTORS = {
    "fasterrcnn_resnet50_fpn": _Detector("FasterRCNN", _RESNET, eps=False),
    "maskrcnn_resnet50_fpn": _Detector("MaskRCNN", _RESNET, eps=False),
    "keypointrcnn_resnet50_fpn": _Detector(
        "KeypointRCNN", _RESNET, arguments=("num_keypoints=17",), eps=False
    ),
    "retinanet_resnet50_fpn": _Detector("RetinaNet", _RESNET_TO_P7, _P7, eps=False),
    "fcos_resnet50_fpn": _Detector("FCOS", _RESNET_TO_P7, _P7),
    "fasterrcnn_mobilenet_v3_large_fpn": _Detector(
        "FasterRCNN", _MOBILENET, _ANCHORS, _MOBILENET_ARGUMENTS
    ),
    "fasterrcnn_mobilenet_v3_large_320_fpn": _Detector(
        "FasterRCNN",
        _MOBILENET,
        _ANCHORS,
        (
            *_MOBILENET_ARGUMENTS,
            "min_size=320",
            "max_size=640",
            "rpn_pre_nms_top_n_test=150",
            "rpn_post_nms_top_n_test=150",
        ),
    ),
}
