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
    formula=(
        r"\mathcal{L} = \tfrac12\mathrm{CE}(z_{\mathrm{cls}},y)+\tfrac12\mathrm{CE}(z_{"
        r"\mathrm{dist}},y_{\mathrm{teacher}})"
    ),
    strengths=(
        "Trains a ViT on ImageNet alone within days on one machine, without hundreds of millions "
        "of images."
    ),
    weaknesses=(
        "Needs a strong teacher and long training with heavy augmentation, and attention is "
        "quadratic in the number of patches."
    ),
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
    formula=(
        r"x' = x+\lambda\odot\mathrm{SA}(\mathrm{LN}(x)),\quad\lambda_i\ll1\ \text{at the start}"
    ),
    strengths="Lets very deep ViTs train stably, so that more layers go on to bring more accuracy.",
    weaknesses=(
        "Deep stacks run one layer after another, which is slow, and mixing the attention heads "
        "rules out fast fused attention."
    ),
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
    formula=(
        r"x' = x+\mathrm{SA}_1(x)+\mathrm{SA}_2(x),\quad y = x'+\mathrm{FFN}_1(x')+"
        r"\mathrm{FFN}_2(x')"
    ),
    strengths=(
        "A shorter chain of layers lets a GPU compute two branches at once, with the same number "
        "of parameters."
    ),
    weaknesses=(
        "Gains speed mainly at small batches with spare hardware, as operations and quadratic "
        "attention stay the same."
    ),
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
    formula=r"\mathcal{L} = -\sum_c\big[y_c\log\sigma(z_c)+(1-y_c)\log(1-\sigma(z_c))\big]",
    strengths=(
        "A simple recipe that makes plain ViTs strong on labelled data, without a teacher and "
        "from small images first."
    ),
    weaknesses=(
        "Trains for hundreds of epochs, and the plain ViT still pays quadratic attention on "
        "larger images."
    ),
)
