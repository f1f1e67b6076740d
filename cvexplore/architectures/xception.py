"""Xception: Inception taken to its limit, one filter for each channel."""

from cvexplore.architectures import Card, Paper

XCEPTION = Card(
    name="Xception",
    year=2016,
    kind="CNN",
    paper=Paper(
        "Xception: Deep Learning with Depthwise Separable Convolutions",
        "Chollet",
        arxiv="1610.02357",
    ),
    idea=(
        "Filter each channel on its own, then mix the channels with 1×1 convolutions: Inception "
        "taken to its limit."
    ),
    builds_on=("Inception-v3", "ResNet"),
    models=("timm/legacy_xception",),
    formula=r"y = P_{1\times1} * (D_{3\times3} * x)",
    strengths="Uses its weights better than Inception, with one regular kind of block.",
    weaknesses=(
        "Depthwise layers are limited by memory speed, so saved operations do not all save time on "
        "GPUs."
    ),
)

ALIGNED_XCEPTION = Card(
    name="Aligned Xception",
    year=2018,
    kind="CNN",
    paper=Paper(
        "Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation",
        "Chen, Zhu, Papandreou, Schroff, Adam",
        arxiv="1802.02611",
    ),
    idea=(
        "Make Xception deeper and replace its poolings by separable convolutions with a stride, "
        "to serve segmentation."
    ),
    builds_on=("Xception",),
    models=("timm/xception[4-7]*",),
    formula=r"y = P_{1\times1} * (D_{3\times3} * x) \downarrow_2",
    strengths=(
        "A strong encoder for segmentation, whose strided layers can be dilated to keep the map "
        "fine."
    ),
    weaknesses=(
        "It is deep and slow for its accuracy in classification, and high-resolution maps take "
        "much memory."
    ),
)
