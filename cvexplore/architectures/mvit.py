"""MViT and Hiera: transformers of several scales, for videos and images."""

from cvexplore.architectures import Card, Paper

MVIT = Card(
    name="MViT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Multiscale Vision Transformers",
        "Fan, Xiong, Mangalam, Li, Yan, Malik, Feichtenhofer",
        arxiv="2104.11227",
    ),
    idea=(
        "Pool queries, keys and values, so that resolution shrinks and channels grow inside a "
        "video transformer."
    ),
    builds_on=("ViT",),
    models=("torchvision/mvit_v1_*",),
    formula=r"\mathrm{softmax}(P(Q)\,P(K)^\top/\sqrt{d})\,P(V)",
    strengths=(
        "Makes transformers affordable for video, since pooling shrinks the sequence before "
        "attention compares it."
    ),
    weaknesses=(
        "Pooled keys lose fine detail, early stages have long sequences, and the position table "
        "fixes the clip's size."
    ),
)

MVIT_V2 = Card(
    name="MViTv2",
    year=2021,
    kind="transformer",
    paper=Paper(
        "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection",
        "Li, Wu, Fan, Mangalam, Xiong, Malik, Feichtenhofer",
        arxiv="2112.01526",
    ),
    idea=(
        "Tell attention the distance along each axis, and add the pooled queries back to its "
        "output."
    ),
    builds_on=("MViT",),
    models=("torchvision/mvit_v2_*", "timm/mvitv2_*"),
    formula=r"\mathrm{softmax}((QK^\top + E^{rel})/\sqrt{d})\,V + Q",
    strengths=(
        "One pyramid backbone for classification, detection and video, with positions told as "
        "distances."
    ),
    weaknesses=(
        "The distance terms and pooling steps slow attention down and keep it from using the "
        "fastest ready-made kernels."
    ),
)

HIERA = Card(
    name="Hiera",
    year=2023,
    kind="transformer",
    learning="self-supervised",
    paper=Paper(
        "Hiera: A Hierarchical Vision Transformer without the Bells-and-Whistles",
        "Ryali, Hu, Bolya, et al.",
        arxiv="2306.00989",
    ),
    idea=(
        "Pre-train MViTv2 by filling in hidden patches, and find that nearly all its special "
        "parts can go."
    ),
    builds_on=("MViTv2",),
    models=("timm/hiera_*",),
    formula=r"\mathcal{L} = \frac{1}{|M|} \sum_{i \in M} \lVert \hat{x}_i - x_i \rVert^2",
    strengths=(
        "Fast hierarchical transformer for images and video without special parts, as pre-training "
        "teaches it where things are."
    ),
    weaknesses=(
        "It needs long pre-training on masked images: trained from labels alone it loses to "
        "designs with built-in locality."
    ),
)
