"""VOLO: attention weights straight from one position."""

from cvexplore.architectures import Card, Paper

VOLO = Card(
    name="VOLO",
    year=2021,
    kind="transformer",
    paper=Paper(
        "VOLO: Vision Outlooker for Visual Recognition",
        "Yuan, Hou, Jiang, Feng, Yan",
        arxiv="2106.13112",
    ),
    idea=(
        "Let each position compute directly the weights with which to gather its neighbourhood, "
        "comparing no pairs."
    ),
    builds_on=("ViT", "CaiT"),
    models=("timm/volo_*",),
    formula=(
        r"A_i = \mathrm{softmax}(W_A x_i) \in \mathbb{R}^{k^2 \times k^2},\quad y = "
        r"\mathrm{fold}(A_i V_i)"
    ),
    strengths="Encodes fine detail on a fine grid of tokens before global attention takes over.",
    weaknesses=(
        "Unfolding windows takes memory and is slow on some devices, and its position table fixes "
        "the image size."
    ),
)
