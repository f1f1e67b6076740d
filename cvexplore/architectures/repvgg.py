"""RepVGG and MobileOne: many branches in training, a single one in use."""

from cvexplore.architectures import Card, Paper

REPVGG = Card(
    name="RepVGG",
    year=2021,
    kind="CNN",
    paper=Paper(
        "RepVGG: Making VGG-style ConvNets Great Again",
        "Ding, Zhang, Ma, Han, Ding, Sun",
        arxiv="2101.03697",
    ),
    idea=(
        "Train with three branches in every layer, then fold them exactly into one 3×3 "
        "convolution: a VGG in use."
    ),
    builds_on=("VGG", "ResNet"),
    models=("timm/repvgg_*",),
    formula=r"W = W_{3\times3} + \mathrm{pad}(W_{1\times1}) + \mathrm{pad}(I)",
    strengths=(
        "In use it is a plain stack of 3×3 convolutions and ReLU, which GPUs run very fast with "
        "little memory."
    ),
    weaknesses=(
        "It has many parameters, training needs the extra branches, and the folded weights lose "
        "accuracy in 8-bit arithmetic."
    ),
)

MOBILEONE = Card(
    name="MobileOne",
    year=2022,
    kind="CNN",
    paper=Paper(
        "MobileOne: An Improved One millisecond Mobile Backbone",
        "Vasu, Gabriel, Zhu, Tuzel, Ranjan",
        arxiv="2206.04040",
    ),
    idea=(
        "Fold several training branches into each layer of a MobileNet, and choose the sizes by "
        "the time on a real phone."
    ),
    builds_on=("MobileNet", "RepVGG"),
    models=("timm/mobileone_*",),
    formula=r"D = \sum_{i=1}^{k} D_i + D_{1\times1} + I",
    strengths=(
        "Very low delay on phones, because at run time its layers have no branches and no "
        "shortcuts."
    ),
    weaknesses=(
        "Training holds several branches in every layer, and the folded weights are hard to "
        "quantise."
    ),
)
