"""DaViT: attention among positions and among channels in turn."""

from cvexplore.architectures import Card, Paper

DAVIT = Card(
    name="DaViT",
    year=2022,
    kind="transformer",
    paper=Paper(
        "DaViT: Dual Attention Vision Transformers",
        "Ding, Xiao, Codella, Luo, Wang, Yuan",
        arxiv="2204.03645",
    ),
    idea=(
        "Alternate attention between the positions of a window and attention between channels, "
        "which each see everything."
    ),
    builds_on=("Swin", "XCiT"),
    models=("timm/davit_*",),
    formula=r"Y = (\mathrm{softmax}(Q^\top K/\sqrt d)\,V^\top)^\top",
    strengths=(
        "Attention between channels sees the whole image at a cost linear in pixels, so it suits "
        "large inputs and dense tasks."
    ),
    weaknesses=(
        "Images are padded to full windows, and channel attention mixes channels in the same way "
        "at every position."
    ),
)
