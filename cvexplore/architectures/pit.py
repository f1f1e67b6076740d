"""PiT: a ViT that pools."""

from cvexplore.architectures import Card, Paper

PIT = Card(
    name="PiT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Rethinking Spatial Dimensions of Vision Transformers",
        "Heo, Yun, Han, Chun, Choe, Oh",
        arxiv="2103.16302",
    ),
    idea=(
        "Let the grid of patches shrink and its channels grow from stage to stage of a ViT, as "
        "in convolutional networks."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/pit_*",),
    formula=r"\mathbb{R}^{H \times W \times C} \to \mathbb{R}^{H/2 \times W/2 \times 2C}",
    strengths=(
        "Spends less computation than a plain ViT of like size on late layers, by pooling its "
        "tokens twice."
    ),
    weaknesses=(
        "Its learned position table fixes the image size, and early tokens already come from large "
        "patches."
    ),
)
