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
)
