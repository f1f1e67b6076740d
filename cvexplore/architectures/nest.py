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
    formula=r"x_b \leftarrow T(x_b),\quad x' = \mathrm{MaxPool}(\mathrm{LN}(K_{3\times3} * x))",
    strengths=(
        "Learns well from smaller data sets, and its tree of blocks shows which regions led to a "
        "decision."
    ),
    weaknesses=(
        "The blocks must tile the image in a fixed hierarchy, so the image size cannot be chosen "
        "freely."
    ),
)
