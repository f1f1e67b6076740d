"""What grew out of ConvNeXt: ConvNeXt V2 and InceptionNeXt."""

from cvexplore.architectures import Card, Paper

CONVNEXT_V2 = Card(
    name="ConvNeXt V2",
    year=2023,
    kind="CNN",
    learning="self-supervised",
    paper=Paper(
        "ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders",
        "Woo, Debnath, Hu, Chen, Liu, Kweon, Xie",
        arxiv="2301.00808",
    ),
    idea=(
        "Pre-train ConvNeXt by filling in hidden patches, and normalize responses so that "
        "channels stay different."
    ),
    builds_on=("ConvNeXt",),
    models=("timm/convnextv2_*",),
)

INCEPTION_NEXT = Card(
    name="InceptionNeXt",
    year=2023,
    kind="CNN",
    paper=Paper(
        "InceptionNeXt: When Inception Meets ConvNeXt", "Yu, Zhou, Yan, Wang", arxiv="2303.16900"
    ),
    idea=(
        "Replace the large depthwise kernel by four parallel branches: a small square, two long "
        "bands, and nothing at all."
    ),
    builds_on=("ConvNeXt", "Inception-v3"),
    models=("timm/inception_next_*",),
)
