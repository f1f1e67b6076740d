"""NesT: blocks that attend apart and are merged."""

from cvexplore.architectures import Card, Paper

NEST = Card(
    name="NesT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "Nested Hierarchical Transformer: Towards Accurate, Data-Efficient and Interpretable "
        "Visual Understanding",
        "Zhang, Zhang, Zhao, Chen, Arık, Pfister",
        arxiv="2105.12723",
    ),
    idea=(
        "Attend only within separate blocks of the image, and merge four blocks into one from "
        "stage to stage."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/nest_*",),
)
