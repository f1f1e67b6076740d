"""Faster R-CNN and Mask R-CNN: propose regions, then look at each of them."""

from cvexplore.architectures import Card, Paper

FASTER_RCNN = Card(
    name="Faster R-CNN",
    year=2015,
    kind="CNN",
    paper=Paper(
        "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks",
        "Ren, He, Girshick, Sun",
        arxiv="1506.01497",
    ),
    idea=(
        "Let a small network on the shared feature map propose where objects are, then classify "
        "and refine each proposal."
    ),
    builds_on=("VGG",),
    models=("torchvision/fasterrcnn_*",),
)

MASK_RCNN = Card(
    name="Mask R-CNN",
    year=2017,
    kind="CNN",
    paper=Paper("Mask R-CNN", "He, Gkioxari, Dollár, Girshick", arxiv="1703.06870"),
    idea=(
        "Add a branch to Faster R-CNN that draws a mask in each box, from features sampled "
        "without rounding."
    ),
    builds_on=("Faster R-CNN", "FCN", "ResNet"),
    models=("torchvision/maskrcnn_*",),
)

KEYPOINT_RCNN = Card(
    name="Keypoint R-CNN",
    year=2017,
    kind="CNN",
    paper=Paper("Mask R-CNN", "He, Gkioxari, Dollár, Girshick", arxiv="1703.06870"),
    idea=(
        "Find a person's joints as masks of a single pixel, one for each joint, in each box of "
        "Mask R-CNN."
    ),
    builds_on=("Mask R-CNN",),
    models=("torchvision/keypointrcnn_*",),
)
