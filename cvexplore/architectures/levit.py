"""LeViT: a ViT built for speed."""

from cvexplore.architectures import Card, Paper

LEVIT = Card(
    name="LeViT",
    year=2021,
    kind="hybrid",
    learning="distillation",
    paper=Paper(
        "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference",
        "Graham, El-Nouby, Touvron, Stock, Joulin, Jégou, Douze",
        arxiv="2104.01136",
    ),
    idea=(
        "Convolve first, then attend at shrinking resolution with small cheap keys: a ViT built "
        "for speed."
    ),
    builds_on=("DeiT", "ResNet"),
    models=("timm/levit_*",),
)
