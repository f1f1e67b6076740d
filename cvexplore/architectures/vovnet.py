"""VoVNet, and PP-HGNet that builds on it: all layers of a block gathered once, at its end."""

from cvexplore.architectures import Card, Paper

VOVNET = Card(
    name="VoVNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "An Energy and GPU-Computation Efficient Backbone Network for Real-Time Object Detection",
        "Lee, Hwang, Lee, Bae, Park",
        arxiv="1904.09730",
    ),
    idea=(
        "Gather the outputs of all layers only once, at the end of a block: DenseNet's variety "
        "with less memory traffic."
    ),
    builds_on=("DenseNet",),
    models=("timm/vovnet*",),
    formula=r"y = W\,[\,x,\; f_1,\; f_2,\; \dots,\; f_n\,]",
    strengths=(
        "Fast and saving energy on GPUs as a backbone for detection, with features of several "
        "depths in one map."
    ),
    weaknesses=(
        "All outputs of a block stay in memory until they are joined, and without shortcuts it is "
        "hard to make very deep."
    ),
)

VOVNET_V2 = Card(
    name="VoVNetV2",
    year=2019,
    kind="CNN",
    paper=Paper(
        "CenterMask: Real-Time Anchor-Free Instance Segmentation", "Lee, Park", arxiv="1911.06667"
    ),
    idea=(
        "Give VoVNet's blocks a residual shortcut and a channel attention of a single dense layer."
    ),
    builds_on=("VoVNet", "SENet", "ResNet"),
    models=("timm/ese_vovnet*", "timm/eca_vovnet*"),
    formula=r"y = x + F(x) \odot \sigma(W\,\mathrm{avg}(F(x)))",
    strengths="Allows deeper VoVNets and suits real-time instance segmentation.",
    weaknesses=(
        "Its attention has a full matrix over the channels, and global averages make each block "
        "wait."
    ),
)

PP_HGNET = Card(
    name="PP-HGNet",
    year=2022,
    kind="CNN",
    paper=Paper(
        "PP-HGNet Series",
        "PaddleClas",
        url="https://github.com/PaddlePaddle/PaddleClas/blob/release/2.5.1/docs/en/models/PP-HGNet_en.md",
    ),
    idea=(
        "Use plain 3×3 convolutions, which GPUs run best, in VoVNet's blocks, and learn how to "
        "downsample."
    ),
    builds_on=("VoVNetV2",),
    models=("timm/hgnet_*",),
    formula=(
        r"y = \mathrm{SE}(W\,[\,x,\; x_1,\; \dots,\; x_n\,]),\quad x_{i+1} = K_{3\times3} * x_i"
    ),
    strengths=(
        "High speed on server GPUs, which run its plain 3×3 convolutions close to their peak."
    ),
    weaknesses=(
        "Full convolutions and joined maps need many weights and much memory, so CPUs and phones "
        "run it slowly."
    ),
)

PP_HGNET_V2 = Card(
    name="PP-HGNetV2",
    year=2023,
    kind="CNN",
    paper=Paper(
        "PP-HGNetV2",
        "PaddleClas",
        url="https://github.com/PaddlePaddle/PaddleClas/blob/develop/docs/zh_CN/models/ImageNet1k/PP-HGNetV2.md",
    ),
    idea="Slim PP-HGNet's stem and blocks, with depthwise convolutions in the late stages.",
    builds_on=("PP-HGNet",),
    models=("timm/hgnetv2_*",),
    formula=r"y = W_2\,W_1\,[\,x,\; x_1,\; \dots,\; x_n\,],\quad x_{i+1} = D\,P\,x_i",
    strengths="A quick GPU backbone for real-time detectors, in sizes from small to large.",
    weaknesses=(
        "Joined maps take memory, late depthwise layers use a GPU badly, and it was published "
        "without a paper of its own."
    ),
)
