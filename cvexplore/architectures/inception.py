"""GoogLeNet and the Inception networks: several filter sizes side by side in one block."""

from cvexplore.architectures import Card, Paper

GOOGLENET = Card(
    name="GoogLeNet",
    year=2014,
    kind="CNN",
    paper=Paper("Going Deeper with Convolutions", "Szegedy, Liu, Jia, et al.", arxiv="1409.4842"),
    idea=(
        "Run 1×1, 3×3 and 5×5 convolutions side by side in each block, with 1×1 convolutions in "
        "front to keep them cheap."
    ),
    builds_on=("AlexNet",),
    models=("torchvision/googlenet", "torchvision/quantized_googlenet"),
)

INCEPTION_V3 = Card(
    name="Inception-v3",
    year=2015,
    kind="CNN",
    paper=Paper(
        "Rethinking the Inception Architecture for Computer Vision",
        "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        arxiv="1512.00567",
    ),
    idea=(
        "Replace each large filter by a stack of small or one-dimensional ones, and smooth the "
        "labels in training."
    ),
    builds_on=("GoogLeNet", "VGG"),
    models=("torchvision/inception_v3", "torchvision/quantized_inception_v3", "timm/inception_v3"),
)

INCEPTION_V4 = Card(
    name="Inception-v4",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        arxiv="1602.07261",
    ),
    idea=(
        "Give Inception a deeper stem and more blocks, made to one simple plan for each resolution."
    ),
    builds_on=("Inception-v3",),
    models=("timm/inception_v4",),
)

INCEPTION_RESNET = Card(
    name="Inception-ResNet",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        arxiv="1602.07261",
    ),
    idea=(
        "Add a residual shortcut around every Inception block, which makes the network train "
        "much faster."
    ),
    builds_on=("Inception-v3", "ResNet"),
    models=("timm/inception_resnet_v2",),
)
