"""TNT: a transformer within a transformer."""

from cvexplore.architectures import Card, Paper

TNT = Card(
    name="TNT",
    year=2021,
    kind="transformer",
    paper=Paper("Transformer in Transformer", "Han, Xiao, Wu, Guo, Xu, Wang", arxiv="2103.00112"),
    idea=(
        "Let a small transformer attend among the parts of each patch, inside the large one that "
        "attends among patches."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/tnt_*",),
    formula=r"Z_i \leftarrow Z_i + W\,\mathrm{vec}(Y_i)",
    strengths="Keeps fine structure inside each patch, which a plain ViT flattens away.",
    weaknesses=(
        "The inner transformer adds many small operations, so it is slower than a plain ViT of "
        "similar size."
    ),
)
