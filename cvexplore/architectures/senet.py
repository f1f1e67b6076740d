"""SENet and its successors: convolutional networks that weigh their own features."""

from cvexplore.architectures import Card, Paper

SENET = Card(
    name="SENet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Squeeze-and-Excitation Networks", "Hu, Shen, Albanie, Sun, Wu", arxiv="1709.01507"
    ),
    idea=(
        "Average each channel over the image, and let a tiny network compute from that how much "
        "each channel should count."
    ),
    builds_on=("ResNet", "ResNeXt"),
    models=(
        "timm/senet154",
        "timm/seresnet*",
        "timm/seresnext*",
        "timm/legacy_se*",
        "timm/test_byobnet",
    ),
)

SKNET = Card(
    name="SKNet",
    year=2019,
    kind="CNN",
    paper=Paper("Selective Kernel Networks", "Li, Wang, Hu, Yang", arxiv="1903.06586"),
    idea=(
        "Run branches with different kernel sizes, and let the features decide channel by "
        "channel which branch counts."
    ),
    builds_on=("SENet", "ResNeXt"),
    models=("timm/skresne*",),
)

GCNET = Card(
    name="GCNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond",
        "Cao, Xu, Lin, Wei, Hu",
        arxiv="1904.11492",
    ),
    idea=(
        "Pool the image with one learned attention map, shared by all positions, and feed the "
        "result back everywhere."
    ),
    builds_on=("SENet",),
    models=("timm/gcresne*",),
)

ECA_NET = Card(
    name="ECA-Net",
    year=2019,
    kind="CNN",
    paper=Paper(
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
        "Wang, Wu, Zhu, Li, Zuo, Hu",
        arxiv="1910.03151",
    ),
    idea=(
        "Weigh the channels by a tiny one-dimensional convolution along them instead of by two "
        "dense layers."
    ),
    builds_on=("SENet",),
    models=("timm/ecaresne*", "timm/eca_resne*"),
)

BAT = Card(
    name="BAT",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Non-Local Neural Networks With Grouped Bilinear Attentional Transforms",
        "Chi, Yuan, Mu, Wang",
        url="https://openaccess.thecvf.com/content_CVPR_2020/html/Chi_Non-Local_Neural_Networks_"
        "With_Grouped_Bilinear_Attentional_Transforms_CVPR_2020_paper.html",
    ),
    idea=(
        "Let distant positions exchange features by small matrices, computed from the image for "
        "each group of channels."
    ),
    builds_on=("ResNeXt",),
    models=("timm/bat_resnext*",),
)

RESNEST = Card(
    name="ResNeSt",
    year=2020,
    kind="CNN",
    paper=Paper(
        "ResNeSt: Split-Attention Networks", "Zhang, Wu, Zhang, et al.", arxiv="2004.08955"
    ),
    idea=(
        "Split every group of a ResNeXt block again, and let channel attention decide how to mix "
        "the splits."
    ),
    builds_on=("ResNeXt", "SKNet", "ResNet-D"),
    models=("timm/resnest*",),
)
