"""ShuffleNet: cheap convolutions that still let channels mix."""

from cvexplore.architectures import Card, Paper

SHUFFLENET_V2 = Card(
    name="ShuffleNet V2",
    year=2018,
    kind="CNN",
    paper=Paper(
        "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
        "Ma, Zhang, Zheng, Sun",
        arxiv="1807.11164",
    ),
    idea=(
        "Design for measured speed: split the channels, process one half, and shuffle the two "
        "halves together again."
    ),
    builds_on=("MobileNet", "ResNeXt"),
    models=("torchvision/shufflenet_v2_*", "torchvision/quantized_shufflenet_v2_*"),
    formula=r"y = \mathrm{shuffle}([\,x_1,\; F(x_2)\,])",
    strengths=(
        "Fast on phone CPUs, since it follows rules for little memory traffic and not just for few "
        "operations."
    ),
    weaknesses=(
        "Half of the channels skip each block, and splitting and shuffling move data, which some "
        "accelerators do slowly."
    ),
)
