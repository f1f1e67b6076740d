"""XCiT: attention between channels instead of positions."""

from cvexplore.architectures import Card, Paper

XCIT = Card(
    name="XCiT",
    year=2021,
    kind="transformer",
    paper=Paper(
        "XCiT: Cross-Covariance Image Transformers",
        "El-Nouby, Touvron, Caron, et al.",
        arxiv="2106.09681",
    ),
    idea=(
        "Attend between channels instead of positions, so that the cost grows only in proportion "
        "to the number of patches."
    ),
    builds_on=("DeiT", "CaiT"),
    models=("timm/xcit_*",),
    formula=r"V\,\mathrm{softmax}(\hat{K}^\top \hat{Q}/\tau)",
    strengths=(
        "Handles large images and small patches, because its cost is linear in the number of "
        "patches."
    ),
    weaknesses=(
        "Patches meet directly only in 3×3 convolutions, so relations between far pairs are seen "
        "just as channel statistics."
    ),
)
