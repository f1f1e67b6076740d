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
)
