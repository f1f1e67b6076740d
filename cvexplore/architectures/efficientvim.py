"""EfficientViM: a state-space model for images."""

from cvexplore.architectures import Card, Paper

EFFICIENTVIM = Card(
    name="EfficientViM",
    year=2024,
    kind="hybrid",
    paper=Paper(
        "EfficientViM: Efficient Vision Mamba with Hidden State Mixer based State Space Duality",
        "Lee, Choi, Kim",
        arxiv="2411.15241",
    ),
    idea=(
        "Mix patches through the small hidden state of a state-space layer, which we file as "
        "hybrid, the nearest kind."
    ),
    builds_on=("ViT", "MobileNetV2"),
    models=("timm/efficientvim_*",),
    formula=r"h = (A\odot B)^\top X,\quad Y = C\,f(h)",
    strengths=(
        "Mixes all positions at a cost linear in their number, and mixes channels on a few "
        "hidden states only."
    ),
    weaknesses=(
        "Everything passes through a small hidden state, which limits fine relations between "
        "single positions."
    ),
)
