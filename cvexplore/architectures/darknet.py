"""Darknet, CSPNet and CSPNeXt: the backbones of real-time detectors."""

from cvexplore.architectures import Card, Paper

DARKNET = Card(
    name="Darknet",
    year=2018,
    kind="CNN",
    paper=Paper("YOLOv3: An Incremental Improvement", "Redmon, Farhadi", arxiv="1804.02767"),
    idea=(
        "Alternate 1×1 and 3×3 convolutions with residual shortcuts and no pooling: a plain and "
        "fast backbone for YOLO."
    ),
    builds_on=("ResNet",),
    models=("timm/darknet*", "timm/sedarknet*"),
)

CSPNET = Card(
    name="CSPNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "CSPNet: A New Backbone that can Enhance Learning Capability of CNN",
        "Wang, Liao, Yeh, Wu, Chen, Hsieh",
        arxiv="1911.11929",
    ),
    idea=(
        "Send only a part of the channels through a stage's blocks and join the rest at its end, "
        "which saves repeated work."
    ),
    builds_on=("Darknet", "ResNeXt", "DenseNet"),
    models=("timm/cspdarknet*", "timm/cspresne*", "timm/cs3*"),
)

CSPNEXT = Card(
    name="CSPNeXt",
    year=2022,
    kind="CNN",
    paper=Paper(
        "RTMDet: An Empirical Study of Designing Real-Time Object Detectors",
        "Lyu, Zhang, Huang, et al.",
        arxiv="2212.07784",
    ),
    idea=(
        "Put 5×5 depthwise convolutions into CSPNet's blocks: a detector sees farther in almost "
        "the same time."
    ),
    builds_on=("CSPNet",),
    models=("timm/cspnext_*",),
)
