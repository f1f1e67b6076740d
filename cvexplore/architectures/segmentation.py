"""FCN, DeepLabV3 and LR-ASPP: a label for every pixel."""

from cvexplore.architectures import Card, Paper

FCN = Card(
    name="FCN",
    year=2014,
    kind="CNN",
    paper=Paper(
        "Fully Convolutional Networks for Semantic Segmentation",
        "Long, Shelhamer, Darrell",
        arxiv="1411.4038",
    ),
    idea=(
        "Turn a classifier's dense layers into convolutions, and it labels every pixel of an "
        "image of any size."
    ),
    builds_on=("AlexNet", "VGG", "GoogLeNet"),
    models=("torchvision/fcn_*",),
)

DEEPLAB_V3 = Card(
    name="DeepLabV3",
    year=2017,
    kind="CNN",
    paper=Paper(
        "Rethinking Atrous Convolution for Semantic Image Segmentation",
        "Chen, Papandreou, Schroff, Adam",
        arxiv="1706.05587",
    ),
    idea=(
        "Look at several ranges at once by parallel convolutions with gaps, which see far "
        "without losing resolution."
    ),
    builds_on=("FCN", "ResNet"),
    models=("torchvision/deeplabv3_*",),
)

LR_ASPP = Card(
    name="LR-ASPP",
    year=2019,
    kind="CNN",
    paper=Paper("Searching for MobileNetV3", "Howard, Sandler, Chu, et al.", arxiv="1905.02244"),
    idea=(
        "Let coarsely pooled features weigh the channels, and add finer features once: a light "
        "head for phones."
    ),
    builds_on=("DeepLabV3", "MobileNetV3"),
    models=("torchvision/lraspp_*",),
)
