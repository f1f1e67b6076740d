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
    formula=r"\mathrm{FL}(p_t) = -\alpha_t\,(1 - p_t)^{\gamma} \log p_t",
    strengths="Detects in one pass and learns well although nearly all positions are background.",
    weaknesses=(
        "It still tiles the image with hand-set anchors, scores very many boxes, and gives the "
        "loss two more settings."
    ),
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
    formula=r"l = x - x_0,\quad t = y - y_0,\quad r = x_1 - x,\quad b = y_1 - y",
    strengths=(
        "Detection without anchor sizes and shapes to set, with a head as simple as one for "
        "segmentation."
    ),
    weaknesses=(
        "Positions inside two overlapping boxes are ambiguous, and it still needs duplicate "
        "removal at the end."
    ),
)
