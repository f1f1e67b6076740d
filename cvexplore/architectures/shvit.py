"""SHViT: a single attention head."""

from cvexplore.architectures import Card, Paper

SHVIT = Card(
    name="SHViT",
    year=2024,
    kind="hybrid",
    paper=Paper(
        "SHViT: Single-Head Vision Transformer with Memory Efficient Macro Design",
        "Yun, Ro",
        arxiv="2401.16456",
    ),
    idea=(
        "Attend with a single head on a part of the channels, on few large patches: many heads "
        "only repeat each other."
    ),
    builds_on=("EfficientViT (MSRA)", "FasterNet"),
    models=("timm/shvit_*",),
    formula=r"y = W\,[\,\mathrm{Attn}(x_1),\; x_2\,]",
    strengths="High speed on GPUs, CPUs and phones alike, as little data is moved for attention.",
    weaknesses=(
        "Its first map is 16 times smaller than the image a side, so small objects and fine "
        "borders are hard to see."
    ),
)
