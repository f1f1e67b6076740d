"""Boxes and classes of pixels out of outputs made by hand, and out of real networks."""

import pickle

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import ops
from torchvision.models.detection import keypointrcnn_resnet50_fpn, maskrcnn_resnet50_fpn

from cvexplore import catalog
from cvexplore.errors import LayerError
from cvexplore.interpret import dense
from cvexplore.interpret.activations import capture, maps_at
from cvexplore.interpret.predictions import predictions

LABELS = ("__background__", "cup", "spoon")


def found() -> list[dict[str, Tensor]]:
    """Return what a detector would say of a cup and a spoon, the spoon first."""
    masks = torch.zeros(2, 1, 40, 40)
    masks[0, 0, 10:20, 5:25] = 0.9
    masks[0, 0, 10, 5:25] = 0.4  # not sure enough
    masks[1, 0, 0:8, 0:8] = 0.51
    return [
        {
            "boxes": torch.tensor([[5.0, 10.0, 25.0, 20.0], [0.0, 0.0, 8.5, 8.0]]),
            "labels": torch.tensor([2, 1]),
            "scores": torch.tensor([0.25, 0.75]),
            "masks": masks,
            "keypoints": torch.tensor([[[6.0, 11.0, 1.0], [7.0, 12.0, 0.0]]] * 2),
        }
    ]


def test_a_detectors_boxes_are_read_the_surest_first() -> None:
    cup, spoon = dense.boxes(found(), LABELS, (40, 40)).found
    assert (cup.label, cup.score, cup.corners) == ("cup", 0.75, (0.0, 0.0, 8.5, 8.0))
    assert (spoon.label, spoon.score, spoon.corners) == ("spoon", 0.25, (5.0, 10.0, 25.0, 20.0))
    assert cup.keypoints == ((6.0, 11.0),)  # the second is not seen


def test_a_mask_holds_the_pixels_above_one_half_and_no_others() -> None:
    raw = found()[0]["masks"]
    for box, place in zip(dense.boxes(found(), LABELS, (40, 40)).found, (1, 0), strict=True):
        whole = torch.zeros(40, 40, dtype=torch.bool)
        assert box.mask is not None
        rows, columns = box.mask.inside.shape
        top, left = box.mask.top, box.mask.left
        whole[top : top + rows, left : left + columns] = torch.from_numpy(box.mask.inside)
        assert torch.equal(whole, raw[place, 0] > 0.5)
        edges = ops.masks_to_boxes(whole[None])[0].tolist()
        assert edges == [left, top, left + columns - 1, top + rows - 1]


def test_a_mask_without_a_sure_pixel_is_empty() -> None:
    output = found()
    output[0]["masks"] *= 0.1
    masks = [box.mask for box in dense.boxes(output, LABELS, (40, 40)).found]
    assert all(mask is not None and mask.inside.size == 0 for mask in masks)


def test_boxes_above_a_score() -> None:
    boxes = dense.boxes(found(), LABELS, (40, 40))
    assert [box.label for box in boxes.above(0.3)] == ["cup"]
    assert boxes.above(0.75) == boxes.above(0.3)
    assert boxes.above(0.76) == ()


def test_detr_boxes_are_torchvisions_conversion_and_no_object_is_never_an_answer() -> None:
    torch.manual_seed(0)
    centres = torch.rand(1, 7, 4)
    logits = torch.randn(1, 7, 4)
    logits[0, 0] = torch.tensor([0.0, 1.0, 0.0, 9.0])  # most surely no object
    boxes = dense.boxes({"logits": logits, "boxes": centres}, LABELS, (30, 60)).found
    corners = ops.box_convert(centres[0], "cxcywh", "xyxy") * torch.tensor([60, 30, 60, 30])
    shares = logits[0].softmax(-1)
    order = shares[:, :3].max(-1).values.argsort(descending=True).tolist()
    assert len(boxes) == 7
    mine = torch.tensor([box.corners for box in boxes])
    torch.testing.assert_close(mine, corners[order])
    overlap = ops.box_iou(mine, corners[order]).diagonal()
    assert overlap.min() > 0.9999
    for box, query in zip(boxes, order, strict=True):
        assert box.index < 3
        assert box.score == pytest.approx(shares[query, box.index].item())
        assert box.score == pytest.approx(shares[query, :3].max().item())


def test_a_segmentation_is_the_likeliest_class_of_every_pixel() -> None:
    scores = torch.full((1, 3, 4, 6), -1.0)
    scores[0, 1, :, :2] = 5.0
    scores[0, 2, :1, 2:] = 5.0
    scores[0, 0, 1:, 2:] = 5.0
    found = dense.segmentation({"out": scores, "aux": -scores}, LABELS)
    for row in range(4):
        for column in range(6):
            expected = 1 if column < 2 else 2 if row == 0 else 0
            assert found.classes[row, column] == expected
    assert found.shares == (12 / 24, 8 / 24, 4 / 24)
    assert found.names == ("background", "cup", "spoon")
    assert found.present() == (0, 1, 2)


def test_a_class_that_covers_nothing_is_not_present() -> None:
    scores = torch.zeros(1, 5, 2, 2)
    scores[0, 3] = 1
    found = dense.segmentation({"out": scores}, ())
    assert found.present() == (3,)
    assert found.names[3] == "class 3"


def test_decoding_goes_by_the_task() -> None:
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    assert dense.decode(scores, LABELS, "classification", (9, 9)) == predictions(scores, LABELS)
    assert isinstance(dense.decode(found(), LABELS, "detection", (40, 40)), dense.Boxes)
    output = {"out": scores[..., None, None]}
    assert isinstance(dense.decode(output, LABELS, "segmentation", (1, 1)), dense.Segmentation)


@pytest.mark.parametrize("task", ["classification", "detection", "segmentation"])
def test_an_output_of_another_kind_is_an_error_in_words(task: str) -> None:
    with pytest.raises(LayerError, match="This network does not return"):
        dense.decode({"something": torch.zeros(3)}, (), task, (9, 9))


def test_what_was_decoded_can_be_kept_by_a_session() -> None:
    boxes = dense.boxes(found(), LABELS, (40, 40))
    back = pickle.loads(pickle.dumps(boxes))
    assert back == boxes
    for kept, box in zip(back.found, boxes.found, strict=True):
        assert np.array_equal(kept.mask.inside, box.mask.inside)  # type: ignore[union-attr]


# ------------------------------------------------------------------ networks

SMALL = [
    "torchvision/lraspp_mobilenet_v3_large",
    "torchvision/ssdlite320_mobilenet_v3_large",
    "torchvision/fasterrcnn_mobilenet_v3_large_320_fpn",
]


@pytest.mark.parametrize("name", SMALL)
def test_maps_and_an_answer_come_out_of_one_pass(name: str) -> None:
    torch.manual_seed(0)
    model = catalog.build(name).eval()
    side = 160
    if "ssdlite" in name:
        side = 320
    batch = torch.rand(1, 3, side, side)
    task = catalog.find(name).task
    layers = [path for path, part in model.named_modules() if isinstance(part, nn.Conv2d)]
    seen = capture(model, batch, layers)
    answer = dense.decode(seen.output, (), task, (side, side))
    with torch.inference_mode():
        plain = model(batch)
    if task == "segmentation":
        assert isinstance(answer, dense.Segmentation)
        assert np.array_equal(answer.classes, plain["out"][0].argmax(0).numpy())
        assert sum(answer.shares) == pytest.approx(1)
    else:
        assert isinstance(answer, dense.Boxes)
        raw = plain[0]["boxes"][:100]
        assert len(answer.found) == len(raw)
        for box, corners in zip(answer.found, raw.tolist(), strict=True):
            assert box.corners == tuple(corners)
            assert 0 <= box.x0 <= box.x1 <= side
    for layer in layers:
        maps = maps_at(seen, layer, model).maps
        assert maps.shape[0] == 1
        assert maps.shape[2] == maps.shape[3]  # as the square


def test_a_detector_drops_boxes_below_its_own_score() -> None:
    least = {name: dense.least_score(catalog.build(name, device="meta")) for name in SMALL}
    assert list(least.values()) == [0.0, 0.001, 0.05]


def test_masks_and_joints_of_real_networks_lie_in_the_square() -> None:
    torch.manual_seed(0)
    few = {"box_score_thresh": 0.0, "box_detections_per_img": 2, "rpn_post_nms_top_n_test": 20}
    for builder in (maskrcnn_resnet50_fpn, keypointrcnn_resnet50_fpn):
        none = {"weights": None, "weights_backbone": None}
        model = builder(**none, **few, min_size=96, max_size=96).eval()
        with torch.inference_mode():
            output = model(torch.rand(1, 3, 96, 96))
        found = dense.boxes(output, (), (96, 96)).found
        assert len(found) == 2
        for box in found:
            assert (box.mask is not None) == ("masks" in output[0])
            assert len(box.keypoints) == (17 if "keypoints" in output[0] else 0)
            if box.mask is not None:
                bottom, right = np.add(box.mask.inside.shape, (box.mask.top, box.mask.left))
                assert max(bottom, right) <= 96
