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
    formula=r"y = x+\phi(W_{3\times3}*\phi(W_{1\times1}*x))",
    strengths=(
        "A fast and simple backbone for object detectors, made of plain convolutions that GPUs "
        "run well."
    ),
    weaknesses=(
        "Uses many parameters and operations for its accuracy beside later backbones, as its 3×3 "
        "convolutions are dense."
    ),
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
    formula=r"y = W*[x_1,\ F(x_2)],\quad x = [x_1,x_2]",
    strengths=(
        "Saves operations and memory traffic in most CNNs built in stages, which made it common "
        "in YOLO detectors."
    ),
    weaknesses=(
        "Splits and joins make the network harder to follow and to prune, and the gain depends "
        "on the blocks inside."
    ),
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
    formula=r"y = x+W_{1\times1}*D_{5\times5}*W_{3\times3}*x",
    strengths=(
        "Sees farther than CSPNet's blocks at small extra cost, which suits real-time detection."
    ),
    weaknesses=(
        "Large depthwise kernels run slowly wherever hardware or software lacks tuned code for "
        "them."
    ),
)
