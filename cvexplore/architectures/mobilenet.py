"""MobileNet, from the first version to the fifth: convolutional networks that fit a phone."""

from cvexplore.architectures import Card, Paper

MOBILENET = Card(
    name="MobileNet",
    year=2017,
    kind="CNN",
    paper=Paper(
        "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        "Howard, Zhu, Chen, et al.",
        arxiv="1704.04861",
    ),
    idea=(
        "Build the whole network from depthwise separable convolutions, with one knob for width "
        "and one for resolution."
    ),
    builds_on=("Xception",),
    models=("timm/mobilenetv1_*",),
    formula=r"\frac{\text{separable}}{\text{full}} = \frac{1}{C_{out}} + \frac{1}{k^2}",
    strengths=(
        "Needs eight to nine times fewer multiplications than full 3×3 convolutions, so it fits "
        "phones and small boards."
    ),
    weaknesses=(
        "Depthwise layers load much data for little arithmetic, so a GPU runs them far below its "
        "peak speed."
    ),
)

MOBILENET_V2 = Card(
    name="MobileNetV2",
    year=2018,
    kind="CNN",
    paper=Paper(
        "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        "Sandler, Howard, Zhu, Zhmoginov, Chen",
        arxiv="1801.04381",
    ),
    idea=(
        "Widen, filter each channel, and narrow again without a nonlinearity, with the shortcut "
        "between the narrow ends."
    ),
    builds_on=("MobileNet", "ResNet"),
    models=("torchvision/mobilenet_v2", "torchvision/quantized_mobilenet_v2", "timm/mobilenetv2_*"),
    formula=r"y = x + P_2 * \delta(D_{3\times3} * \delta(P_1 * x))",
    strengths=(
        "A small and robust backbone for phones, which stores only narrow maps between its blocks."
    ),
    weaknesses=(
        "The widened maps inside a block take much memory traffic, and depthwise layers lose "
        "accuracy under coarse quantisation."
    ),
)

MOBILENET_V3 = Card(
    name="MobileNetV3",
    year=2019,
    kind="CNN",
    paper=Paper("Searching for MobileNetV3", "Howard, Sandler, Chu, et al.", arxiv="1905.02244"),
    idea=(
        "Let a search fit the layers to a phone's speed, then add channel attention and the "
        "cheap hard-swish activation."
    ),
    builds_on=("MobileNetV2", "MnasNet", "SENet"),
    models=(
        "torchvision/mobilenet_v3_*",
        "torchvision/quantized_mobilenet_v3_*",
        "timm/mobilenetv3_*",
        "timm/tf_mobilenetv3_*",
    ),
    formula=r"\text{h-swish}(x) = x \cdot \mathrm{ReLU6}(x + 3)\,/\,6",
    strengths=(
        "Fast on phone CPUs, for which its layers, widths and activation were chosen by "
        "measurement."
    ),
    weaknesses=(
        "Channel attention and hard-swish are awkward for some accelerators and for 8-bit "
        "arithmetic, and the layout is irregular."
    ),
)

MOBILENET_EDGETPU = Card(
    name="MobileNet-EdgeTPU",
    year=2022,
    kind="CNN",
    paper=Paper(
        "Searching for Efficient Neural Architectures for On-Device ML on Edge TPUs",
        "Akin, Gupta, Long, et al.",
        arxiv="2204.14007",
    ),
    idea=(
        "Search again for an accelerator chip, where a full or grouped convolution can run "
        "faster than a depthwise one."
    ),
    builds_on=("MobileNetV3", "EfficientNet-EdgeTPU"),
    models=("timm/mobilenet_edgetpu_*",),
    formula=r"y = x + P_{1\times1} * \delta(K^{(g)}_{3\times3} * x)",
    strengths=(
        "Fast on tensor accelerators in phones, which do full and grouped convolutions better than "
        "depthwise ones."
    ),
    weaknesses=(
        "It has more multiplications than a depthwise design, so it is a poor choice for a plain "
        "CPU."
    ),
)

MOBILENET_V4 = Card(
    name="MobileNetV4",
    year=2024,
    kind="CNN",
    paper=Paper(
        "MobileNetV4 -- Universal Models for the Mobile Ecosystem",
        "Qin, Leichner, Delakis, et al.",
        arxiv="2404.10518",
    ),
    idea=(
        "Search with one universal block, whose two depthwise convolutions are optional, for "
        "networks fast on all phones."
    ),
    builds_on=("MobileNetV3", "ConvNeXt"),
    models=("timm/mobilenetv4_conv_*",),
    formula=r"y = x + P_2\,[D_2]\,P_1\,[D_1]\,x,\quad [\cdot]\ \text{optional}",
    strengths=(
        "Runs close to the best speed on CPUs, GPUs and accelerators of phones alike, from one "
        "block design."
    ),
    weaknesses=(
        "The layers come from a search and follow no simple rule, so a network of another size is "
        "hard to derive by hand."
    ),
)

MOBILENET_V4_HYBRID = Card(
    name="MobileNetV4-Hybrid",
    year=2024,
    kind="hybrid",
    paper=Paper(
        "MobileNetV4 -- Universal Models for the Mobile Ecosystem",
        "Qin, Leichner, Delakis, et al.",
        arxiv="2404.10518",
    ),
    idea=(
        "Add attention to MobileNetV4's last stages, with all heads sharing one set of keys and "
        "values to save memory."
    ),
    builds_on=("MobileNetV4", "ViT"),
    models=("timm/mobilenetv4_hybrid_*",),
    formula=r"\mathrm{softmax}(Q_h K^\top/\sqrt{d})\,V,\quad h = 1 \dots H",
    strengths=(
        "Adds a global view at small cost, as all heads read the same keys and values from memory."
    ),
    weaknesses=(
        "Attention is not well supported on every phone chip, and its cost still grows "
        "quadratically with positions."
    ),
)

MOBILENET_V5 = Card(
    name="MobileNetV5",
    year=2025,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "Introducing Gemma 3n: The developer guide",
        "Google",
        url="https://developers.googleblog.com/en/introducing-gemma-3n-developer-guide/",
    ),
    idea=(
        "Scale MobileNetV4's blocks up to be a language model's eye, and fuse several "
        "resolutions into its output."
    ),
    builds_on=("MobileNetV4-Hybrid",),
    # There is no paper; the guide announces the network as Gemma 3n's vision encoder.
    models=("timm/mobilenetv5_*",),
    formula=r"y = \mathrm{RMS}(\mathrm{FFN}([\,x_1,\; \mathrm{up}(x_2)\,]))",
    strengths=(
        "Encodes large images for a language model that runs on a phone, mostly with convolutions."
    ),
    weaknesses=(
        "With about 300 million parameters it is far too heavy for plain classification on a small "
        "device."
    ),
)
