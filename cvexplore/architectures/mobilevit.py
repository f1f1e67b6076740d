"""MobileViT: small transformers between mobile convolutions."""

from cvexplore.architectures import Card, Paper

MOBILEVIT = Card(
    name="MobileViT",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
        "Mehta, Rastegari",
        arxiv="2110.02178",
    ),
    idea=(
        "Insert small transformers between mobile convolutions: unfold the map, let its patches "
        "attend, and fold it back."
    ),
    builds_on=("MobileNetV2", "ViT"),
    models=("timm/mobilevit_*",),
)

MOBILEVIT_V2 = Card(
    name="MobileViTv2",
    year=2022,
    kind="hybrid",
    paper=Paper(
        "Separable Self-attention for Mobile Vision Transformers",
        "Mehta, Rastegari",
        arxiv="2206.02680",
    ),
    idea=(
        "Score every patch against one learned token instead of against all others, in linear time."
    ),
    builds_on=("MobileViT",),
    models=("timm/mobilevitv2_*",),
)
