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
    formula=r"y = \mathrm{softmax}(q_{\mathrm{global}}k^\top/\sqrt d+b)\,v",
    strengths=(
        "Windows keep the cost low while global queries bring in the whole image, without "
        "shifting windows."
    ),
    weaknesses=(
        "Its window sizes follow from one image size, and all windows of an image share the same "
        "global queries."
    ),
)
