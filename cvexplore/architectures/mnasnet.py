"""MnasNet and its relatives: phone networks found by search."""

from cvexplore.architectures import Card, Paper

MNASNET = Card(
    name="MnasNet",
    year=2018,
    kind="CNN",
    paper=Paper(
        "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
        "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le",
        arxiv="1807.11626",
    ),
    idea=(
        "Put the delay measured on a real phone into the goal of the search, and let every stage "
        "have its own kind of block."
    ),
    builds_on=("MobileNetV2", "NASNet", "SENet"),
    models=("torchvision/mnasnet*", "timm/mnasnet_*", "timm/semnasnet_*"),
)

FBNET = Card(
    name="FBNet",
    year=2018,
    kind="CNN",
    paper=Paper(
        "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural "
        "Architecture Search",
        "Wu, Dai, Zhang, et al.",
        arxiv="1812.03443",
    ),
    idea=(
        "Search by gradient descent: train all candidate blocks at once, with weights that learn "
        "which one to keep."
    ),
    builds_on=("MobileNetV2", "MnasNet"),
    models=("timm/fbnetc_*",),
)

SINGLE_PATH_NAS = Card(
    name="Single-Path NAS",
    year=2019,
    kind="CNN",
    paper=Paper(
        "Single-Path NAS: Designing Hardware-Efficient ConvNets in less than 4 Hours",
        "Stamoulis, Ding, Wang, Lymberopoulos, Priyantha, Liu, Marculescu",
        arxiv="1904.02877",
    ),
    idea=(
        "Hold all candidate kernels inside one large shared kernel, which cuts the search to "
        "less than four hours."
    ),
    builds_on=("MnasNet", "FBNet"),
    models=("timm/spnasnet_*",),
)

MIXNET = Card(
    name="MixNet",
    year=2019,
    kind="CNN",
    paper=Paper("MixConv: Mixed Depthwise Convolutional Kernels", "Tan, Le", arxiv="1907.09595"),
    idea=(
        "Mix several kernel sizes in one depthwise convolution, each on its own group of channels."
    ),
    builds_on=("MnasNet", "MobileNetV3"),
    models=("timm/mixnet_*", "timm/tf_mixnet_*"),
)

FBNET_V3 = Card(
    name="FBNetV3",
    year=2020,
    kind="CNN",
    paper=Paper(
        "FBNetV3: Joint Architecture-Recipe Search using Predictor Pretraining",
        "Dai, Wan, Zhang, et al.",
        arxiv="2006.02049",
    ),
    idea=(
        "Search for the network and its training recipe together, with a predictor that ranks "
        "pairs of the two."
    ),
    builds_on=("FBNet", "MobileNetV3"),
    models=("timm/fbnetv3_*",),
)

HARDCORE_NAS = Card(
    name="HardCoRe-NAS",
    year=2021,
    kind="CNN",
    paper=Paper(
        "HardCoRe-NAS: Hard Constrained diffeRentiable Neural Architecture Search",
        "Nayman, Aflalo, Noy, Zelnik-Manor",
        arxiv="2102.11646",
    ),
    idea=(
        "Make the allowed delay a hard constraint of the search by gradient, so that the found "
        "network always keeps it."
    ),
    builds_on=("MobileNetV3", "FBNet"),
    models=("timm/hardcorenas_*",),
)
