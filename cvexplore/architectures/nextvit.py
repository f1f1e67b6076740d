"""Next-ViT: convolution and attention chosen for deployment."""

from cvexplore.architectures import Card, Paper

NEXTVIT = Card(
    name="Next-ViT",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "Next-ViT: Next Generation Vision Transformer for Efficient Deployment in Realistic "
        "Industrial Scenarios",
        "Li, Xia, Li, et al.",
        arxiv="2207.05501",
    ),
    idea=(
        "End every stage of convolution blocks with one attention block, all made of operations "
        "that deploy fast."
    ),
    builds_on=("ResNeXt", "PoolFormer", "PVT v2"),
    models=("timm/nextvit_*",),
    formula=r"(\mathrm{NCB} \times N + \mathrm{NTB} \times 1) \times L",
    strengths=(
        "Made for deployment: it uses operations that common inference engines for GPUs and phones "
        "run fast."
    ),
    weaknesses=(
        "The attention block still grows with the square of the positions it keeps, and the block "
        "design has many parts to tune."
    ),
)
