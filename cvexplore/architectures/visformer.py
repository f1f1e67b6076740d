"""Visformer: halfway between a ViT and a ResNet."""

from cvexplore.architectures import Card, Paper

VISFORMER = Card(
    name="Visformer",
    year=2021,
    kind="hybrid",
    paper=Paper(
        "Visformer: The Vision-friendly Transformer",
        "Chen, Xie, Niu, Liu, Wei, Tian",
        arxiv="2104.12533",
    ),
    idea=(
        "Turn a ViT into a ResNet step by step and keep what helps: convolution early, attention "
        "late."
    ),
    builds_on=("DeiT", "ResNet"),
    models=("timm/visformer_*",),
)
