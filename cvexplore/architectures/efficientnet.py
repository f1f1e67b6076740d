"""EfficientNet: one rule to scale a network, and what grew out of it."""

from cvexplore.architectures import Card, Paper

EFFICIENTNET = Card(
    name="EfficientNet",
    year=2019,
    kind="CNN",
    paper=Paper(
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        "Tan, Le",
        arxiv="1905.11946",
    ),
    idea=(
        "Scale depth, width and resolution together at one fixed ratio, starting from a small "
        "network found by search."
    ),
    builds_on=("MnasNet", "SENet"),
    models=("torchvision/efficientnet_b?", "timm/efficientnet_*", "timm/tf_efficientnet_*"),
)

CONDCONV = Card(
    name="CondConv",
    year=2019,
    kind="CNN",
    paper=Paper(
        "CondConv: Conditionally Parameterized Convolutions for Efficient Inference",
        "Yang, Bender, Le, Ngiam",
        arxiv="1904.04971",
    ),
    idea=(
        "Mix several expert kernels into one before convolving, in shares computed from the "
        "image itself."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_cc_*",),
)

EFFICIENTNET_EDGETPU = Card(
    name="EfficientNet-EdgeTPU",
    year=2019,
    kind="CNN",
    paper=Paper(
        "EfficientNet-EdgeTPU: Creating Accelerator-Optimized Neural Networks with AutoML",
        "Gupta, Tan",
        url="https://ai.googleblog.com/2019/08/efficientnet-edgetpu-creating.html",
    ),
    idea=(
        "Search again for an accelerator chip: full convolutions early, and neither swish nor "
        "channel attention."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_e[sml]*",),
)

EFFICIENTNET_LITE = Card(
    name="EfficientNet-Lite",
    year=2020,
    kind="CNN",
    paper=Paper(
        "EfficientNet-Lite",
        "Google",
        url="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    ),
    idea=(
        "Remove channel attention and replace swish by a clipped ReLU, so that 8-bit numbers "
        "suffice on phones."
    ),
    builds_on=("EfficientNet",),
    models=("timm/*efficientnet_lite?",),
)

TINYNET = Card(
    name="TinyNet",
    year=2020,
    kind="CNN",
    paper=Paper(
        "Model Rubik's Cube: Twisting Resolution, Depth and Width for TinyNets",
        "Han, Wang, Zhang, Zhang, Xu, Zhang",
        arxiv="2010.14819",
    ),
    idea=(
        "Shrink EfficientNet by a fitted formula that spends a small budget on resolution and "
        "depth rather than on width."
    ),
    builds_on=("EfficientNet",),
    models=("timm/tinynet_*",),
)

EFFICIENTNET_X = Card(
    name="EfficientNet-X",
    year=2021,
    kind="CNN",
    paper=Paper(
        "Searching for Fast Model Families on Datacenter Accelerators",
        "Li, Tan, Pang, Li, Cheng, Le, Jouppi",
        arxiv="2102.05610",
    ),
    idea=(
        "Search again for the chips of data centres, and put the measured time into the search "
        "and the scaling rule."
    ),
    builds_on=("EfficientNet", "EfficientNet-EdgeTPU"),
    models=("timm/efficientnet_[xh]_*",),
)

EFFICIENTNET_V2 = Card(
    name="EfficientNetV2",
    year=2021,
    kind="CNN",
    paper=Paper(
        "EfficientNetV2: Smaller Models and Faster Training", "Tan, Le", arxiv="2104.00298"
    ),
    idea=(
        "Fuse the early depthwise blocks into full convolutions, and train on images and with "
        "noise that grow together."
    ),
    builds_on=("EfficientNet", "EfficientNet-EdgeTPU"),
    models=("torchvision/efficientnet_v2_*", "timm/*efficientnetv2_*", "timm/test_efficientnet*"),
)
