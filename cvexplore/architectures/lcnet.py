"""PP-LCNet: a network tuned for the CPU."""

from cvexplore.architectures import Card, Paper

PP_LCNET = Card(
    name="PP-LCNet",
    year=2021,
    kind="CNN",
    paper=Paper(
        "PP-LCNet: A Lightweight CPU Convolutional Neural Network",
        "Cui, Gao, Wei, et al.",
        arxiv="2109.15099",
    ),
    idea=(
        "Collect the tricks that cost a CPU almost nothing, such as large kernels and channel "
        "attention near the end only."
    ),
    builds_on=("MobileNet", "MobileNetV3"),
    models=("timm/lcnet_*",),
    formula=r"y = \delta(P_{1\times1} * \mathrm{SE}(\delta(D_{5\times5} * x)))",
    strengths=(
        "Quick on ordinary CPUs, where large depthwise kernels and one wide dense layer at the end "
        "cost little extra time."
    ),
    weaknesses=(
        "It has no shortcuts, so it cannot grow very deep, and its depthwise convolutions leave a "
        "GPU mostly idle."
    ),
)

PP_LCNET_V2 = Card(
    name="PP-LCNetV2",
    year=2022,
    kind="CNN",
    paper=Paper(
        "PP-LCNetV2 Series",
        "PaddleClas",
        url="https://github.com/PaddlePaddle/PaddleClas/blob/release/2.6/docs/en/models/PP-LCNetV2_en.md",
    ),
    idea=(
        "Fold depthwise kernels of several sizes into one, and use shortcuts and channel "
        "attention sparingly."
    ),
    builds_on=("PP-LCNet", "RepVGG"),
    models=("timm/lcnetv2_*",),
    formula=r"D = D_{5\times5} + D_{3\times3} + D_{1\times1}",
    strengths=(
        "Gets the benefit of several kernel sizes for the price of one depthwise convolution once "
        "the branches are folded."
    ),
    weaknesses=(
        "The branches must be folded before use, and until then training is slower and takes more "
        "memory than a plain block."
    ),
)
