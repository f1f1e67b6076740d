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
    formula=r"y = \mathrm{up}_s(P_{1\times1} * \phi(x))",
    strengths=(
        "Turns any classifier into a network that labels pixels in one pass, for images of any "
        "size."
    ),
    weaknesses=(
        "The last map is much smaller than the image, so borders come out blurred and thin objects "
        "get lost."
    ),
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
    formula=r"y[i] = \sum_k x[i + r k]\, w[k]",
    strengths=(
        "Sees near and far context at once while keeping a fine map, which suits scenes with "
        "objects of many sizes."
    ),
    weaknesses=(
        "Keeping the map fine costs much memory and time, and borders stay soft, as there is no "
        "decoder to sharpen them."
    ),
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
    formula=r"y = W_h\,\mathrm{up}(\sigma(W_s \bar{h}) \odot W h) + W_l\, l",
    strengths="Segments in real time on phones, with a head of a few 1×1 convolutions.",
    weaknesses=(
        "One global weight for each channel gives little spatial context, so fine structures and "
        "crowded scenes suffer."
    ),
)
