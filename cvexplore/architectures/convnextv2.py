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
    formula=(
        r"y_c = x_c+\beta_c+\gamma_c\,x_c\,\frac{\lVert x_c\rVert}{\mathrm{mean}_k\lVert x_k"
        r"\rVert}"
    ),
    strengths=(
        "Gains from pre-training on unlabelled images at every size, from about 4 million "
        "parameters to 660 million."
    ),
    weaknesses=(
        "Pre-training is long and needs sparse convolutions to skip hidden patches, and the "
        "extra normalisation costs some speed."
    ),
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
    formula=r"y = [D_{3\times3}x_1,\ D_{1\times11}x_2,\ D_{11\times1}x_3,\ x_4]",
    strengths=(
        "Sees as far as ConvNeXt but trains and runs faster, since most channels skip the "
        "convolution."
    ),
    weaknesses=(
        "Splitting and joining channels means many small operations, and its long bands see only "
        "straight rows and columns."
    ),
)
