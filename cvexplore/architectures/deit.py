"""DeiT and CaiT: ViTs that need no more than ImageNet."""

from cvexplore.architectures import Card, Paper

DEIT = Card(
    name="DeiT",
    year=2020,
    kind="transformer",
    learning="distillation",
    paper=Paper(
        "Training data-efficient image transformers & distillation through attention",
        "Touvron, Cord, Douze, Massa, Sablayrolles, Jégou",
        arxiv="2012.12877",
    ),
    idea=(
        "Train a ViT on ImageNet alone, with strong augmentation and an extra token that learns "
        "from a teacher network."
    ),
    builds_on=("ViT",),
    models=("timm/deit_*",),
)

CAIT = Card(
    name="CaiT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Going deeper with Image Transformers",
        "Touvron, Cord, Sablayrolles, Synnaeve, Jégou",
        arxiv="2103.17239",
    ),
    idea=(
        "Scale every residual branch by a small learned factor to go deeper, and let only the "
        "last layers read out the class."
    ),
    builds_on=("DeiT",),
    models=("timm/cait_*",),
)

PARALLEL_VIT = Card(
    name="Parallel ViT",
    year=2022,
    kind="transformer",
    paper=Paper(
        "Three things everyone should know about Vision Transformers",
        "Touvron, Cord, El-Nouby, Verbeek, Jégou",
        arxiv="2203.09795",
    ),
    idea=(
        "Run two blocks side by side instead of one after the other: as many weights, as "
        "accurate, and half as deep."
    ),
    builds_on=("DeiT", "CaiT"),
    models=("timm/vit_*_18x2_*",),
)

DEIT_3 = Card(
    name="DeiT III",
    year=2022,
    kind="transformer",
    paper=Paper("DeiT III: Revenge of the ViT", "Touvron, Cord, Jégou", arxiv="2204.07118"),
    idea=(
        "Train plain ViTs by a simpler recipe: three augmentations, small images first, and a "
        "loss for each class apart."
    ),
    builds_on=("DeiT", "CaiT"),
    models=("timm/deit3_*",),
)
