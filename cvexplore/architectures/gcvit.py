"""GCViT: local windows that know the whole image."""

from cvexplore.architectures import Card, Paper

GCVIT = Card(
    name="GCViT",
    year=2022,
    kind="transformer",
    paper=Paper(
        "Global Context Vision Transformers",
        "Hatamizadeh, Yin, Heinrich, Kautz, Molchanov",
        arxiv="2206.09959",
    ),
    idea=(
        "Alternate window attention with windows that are asked questions computed from the "
        "whole image."
    ),
    builds_on=("Swin",),
    models=("timm/gcvit_*",),
)
