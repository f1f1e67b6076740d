"""CrossViT: two patch sizes that inform each other."""

from cvexplore.architectures import Card, Paper

CROSSVIT = Card(
    name="CrossViT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "CrossViT: Cross-Attention Multi-Scale Vision Transformer for Image Classification",
        "Chen, Fan, Panda",
        arxiv="2103.14899",
    ),
    idea=(
        "Read small and large patches in two branches, whose class tokens look into each other's "
        "patches."
    ),
    builds_on=("DeiT",),
    models=("timm/crossvit_*",),
    formula=(
        r"y_{\mathrm{cls}} = x_{\mathrm{cls}}+\mathrm{softmax}(q_{\mathrm{cls}}K'^\top/\sqrt d)\,"
        r"V'"
    ),
    strengths=(
        "Combines fine detail with a broad view, while the exchange through class tokens costs "
        "only linear time."
    ),
    weaknesses=(
        "Two branches need two fixed image and patch sizes, and each branch still pays quadratic "
        "attention."
    ),
)
