"""PVT v2: a pyramid of attention stages."""

from cvexplore.architectures import Card, Paper

PVT_V2 = Card(
    name="PVT v2",
    year=2021,
    kind="transformer",
    paper=Paper(
        "PVT v2: Improved Baselines with Pyramid Vision Transformer",
        "Wang, Xie, Li, et al.",
        arxiv="2106.13797",
    ),
    idea=(
        "Build a pyramid from overlapping patches, where every position attends to a shrunken "
        "copy of the map."
    ),
    builds_on=("ViT", "DeiT"),
    models=("timm/pvt_v2_*",),
    formula=r"\mathrm{Attn}(x W_Q,\; \mathrm{SR}(x) W_K,\; \mathrm{SR}(x) W_V)",
    strengths=(
        "Gives detection and segmentation a pyramid of feature maps, and takes images of any size."
    ),
    weaknesses=(
        "Shrinking keys and values loses detail, and with a fixed shrinking factor the cost is "
        "still quadratic in pixels."
    ),
)
