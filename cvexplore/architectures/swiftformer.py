"""SwiftFormer: attention by addition."""

from cvexplore.architectures import Card, Paper

SWIFTFORMER = Card(
    name="SwiftFormer",
    year=2023,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "SwiftFormer: Efficient Additive Attention for Transformer-based Real-time Mobile "
        "Vision Applications",
        "Shaker, Maaz, Rasheed, Khan, Yang, Khan",
        arxiv="2303.15446",
    ),
    idea=(
        "Sum all queries into one global query and multiply it with the keys, in place of "
        "comparing all pairs."
    ),
    builds_on=("EfficientFormer",),
    models=("timm/swiftformer_*",),
    formula=r"q = \sum_i \alpha_i Q_i,\quad y = Q + W\,(q \odot K)",
    strengths="Global mixing on phones in every stage, since its cost is linear in the positions.",
    weaknesses=(
        "One global query stands for the whole image, so relations between single pairs of "
        "positions are lost."
    ),
)
