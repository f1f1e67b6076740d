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
    formula=(
        r"\text{early: } x + P\,K_{3\times3}^{(g)} P\,x,\quad \text{late: } x + "
        r"\mathrm{Attn}(\mathrm{BN}(x))"
    ),
    strengths="Learns well from limited data and short training, where a plain ViT does badly.",
    weaknesses=(
        "Its position tables fix the image size, and attention in the last two stages is quadratic "
        "in positions."
    ),
)
