"""ResNet V2, which normalizes before it convolves, and BiT, the same at scale."""

from cvexplore.architectures import Card, Paper

RESNET_V2 = Card(
    name="ResNet V2",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Identity Mappings in Deep Residual Networks", "He, Zhang, Ren, Sun", arxiv="1603.05027"
    ),
    idea=(
        "Normalize and activate before each convolution, so that the shortcut carries the signal "
        "unchanged."
    ),
    builds_on=("ResNet",),
    models=("timm/resnetv2_*",),
)

BIT = Card(
    name="BiT",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Big Transfer (BiT): General Visual Representation Learning",
        "Kolesnikov, Beyer, Zhai, Puigcerver, Yung, Gelly, Houlsby",
        arxiv="1912.11370",
    ),
    idea=(
        "Train a large ResNet V2 on a huge dataset, without batch normalization, then fine-tune "
        "it by one simple rule."
    ),
    builds_on=("ResNet V2",),
    models=("timm/resnetv2_*_bit",),
)
