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
)
