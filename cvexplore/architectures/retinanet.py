"""RetinaNet and FCOS: detectors that look once, at every position."""

from cvexplore.architectures import Card, Paper

RETINANET = Card(
    name="RetinaNet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Focal Loss for Dense Object Detection",
        "Lin, Goyal, Girshick, He, Dollár",
        arxiv="1708.02002",
    ),
    idea=(
        "Lower the loss of easy examples, so that endless background cannot drown the few "
        "objects; no proposals needed."
    ),
    builds_on=("SSD", "Faster R-CNN", "ResNet"),
    models=("torchvision/retinanet_*",),
)

FCOS = Card(
    name="FCOS",
    year=2019,
    kind="CNN",
    paper=Paper(
        "FCOS: Fully Convolutional One-Stage Object Detection",
        "Tian, Shen, Chen, He",
        arxiv="1904.01355",
    ),
    idea=(
        "Do without anchor boxes: every position tells its distances to the four sides of the "
        "object around it."
    ),
    builds_on=("RetinaNet", "FCN"),
    models=("torchvision/fcos_*",),
)
