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
    formula=r"y = W\big(\mathrm{softmax}(QK^\top/\sqrt d)\,V\odot\sigma(XW_g)\big)",
    strengths=(
        "Short delay on phones, because attention works only in late stages, where maps are small."
    ),
    weaknesses=(
        "A single head can follow only one pattern in a layer, and its cost grows quadratically "
        "on larger images."
    ),
)
