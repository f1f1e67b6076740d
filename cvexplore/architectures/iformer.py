"""iFormer: ConvNeXt and attention for the phone."""

from cvexplore.architectures import Card, Paper

IFORMER = Card(
    name="iFormer",
    year=2025,
    kind="hybrid",
    paper=Paper(
        "iFormer: Integrating ConvNet and Transformer for Mobile Application",
        "Zheng",
        arxiv="2501.15369",
    ),
    idea=(
        "Slim ConvNeXt down for phones, and add late stages of single-head attention that a "
        "convolution modulates."
    ),
    builds_on=("ConvNeXt", "SHViT"),
    models=("timm/iformer_*",),
)
